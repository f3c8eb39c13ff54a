"""The node speaks before its birth (catalogue Q6)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugDataBeforeBirthFault:
    """Sends data before its birth.

    The node loses its connection, comes back, and sends data for `delay_s` before its birth certificates; a
    rebirth request makes it send them at once.

    Severity is the share of messages hit. Parameters: `delay_s`, how long births wait [s], plant time.
    """

    kind: ClassVar[str] = "sparkplug_data_before_birth"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, delay_s=2.0)
        within("delay_s", given["delay_s"], 0, 600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
