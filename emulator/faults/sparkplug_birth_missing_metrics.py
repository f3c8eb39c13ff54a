"""A metric is missing from the births (catalogue Q6)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugBirthMissingMetricsFault:
    """Leaves a metric out of its births.

    The node is born again without one metric, and goes on sending it; when the fault ends, a whole birth
    follows.

    Severity is the share of births hit. Parameters: `metric`, name of the metric; of each birth the last if
    empty.
    """

    kind: ClassVar[str] = "sparkplug_birth_missing_metrics"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, metric="")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
