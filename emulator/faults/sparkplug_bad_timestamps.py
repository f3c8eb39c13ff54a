"""The node's time stamps are off (catalogue Q11)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugBadTimestampsFault:
    """Shifts time stamps into past or future.

    Time stamps of a message and of its metrics are shifted by `offset_s`, into the past or (above 0) into the
    future; never below 1970.

    Severity is the share of messages hit. Parameters: `offset_s`, shift [s].
    """

    kind: ClassVar[str] = "sparkplug_bad_timestamps"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, offset_s=-3600.0)
        within("offset_s", given["offset_s"], -1000000000.0, 1000000000.0)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
