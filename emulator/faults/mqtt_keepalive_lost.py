"""The broker answers no pings (catalogue Q20)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttKeepaliveLostFault:
    """Answers no pings, sends nothing.

    PINGREQ gets no PINGRESP; with `silent` nothing else comes either.

    Severity is the share of pings unanswered. Parameters: `silent`, whether messages stop too.
    """

    kind: ClassVar[str] = "mqtt_keepalive_lost"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, silent=True)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
