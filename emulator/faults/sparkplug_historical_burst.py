"""Old values come among the new, flagged as history (catalogue Q10)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugHistoricalBurstFault:
    """Mixes flagged old values among the new.

    A message begins with `count` older values of each scalar, `step_s` apart, flagged is_historical; they are
    at the low end of the range, so that a host that takes them for live shows it.

    Severity is the share of messages hit. Parameters: `count`, old values of each metric, at most 1000;
    `step_s`, time between them [s].
    """

    kind: ClassVar[str] = "sparkplug_historical_burst"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, count=5, step_s=1.0)
        within("count", given["count"], 1, 1000)
        within("step_s", given["step_s"], 0.001, 3600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
