"""The broker refuses a subscription (catalogue Q22)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttSubackRefusedFault:
    """Refuses subscriptions.

    SUBSCRIBE for filters that `filter` takes is answered with 80. Standing subscriptions stay.

    Severity is the share of filters refused. Parameters: `filter`, which filters are refused.
    """

    kind: ClassVar[str] = "mqtt_suback_refused"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, filter="#")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
