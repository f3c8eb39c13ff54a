"""Somebody else uses the clients' names (catalogue Q19)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttTakeoverFault:
    """Clients are thrown out as if their name were used twice.

    Every `period_s` the broker closes its clients' connections as if another client had logged in under the
    same name; in 5.0 with reason 8E. Wills are said.

    Severity is the share of clients hit each time. Parameters: `period_s`, time between two take-overs [s],
    plant time.
    """

    kind: ClassVar[str] = "mqtt_takeover"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, period_s=5.0)
        within("period_s", given["period_s"], 0.01, 3600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
