"""Two messages of the node change places on their way (catalogue Q4)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugOutOfOrderFault:
    """Swaps two messages.

    A data message is held back and follows the one after it, or goes alone after `delay_s`.

    Severity is the share of messages hit. Parameters: `delay_s`, longest wait of a held message [s], plant
    time.
    """

    kind: ClassVar[str] = "sparkplug_out_of_order"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, delay_s=0.5)
        within("delay_s", given["delay_s"], 0, 60)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
