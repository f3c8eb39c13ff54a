"""The broker lets nobody in (catalogue Q21)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttConnackRefusedFault:
    """Refuses connections.

    CONNECT is answered with return code `code` (5.0: the matching reason code). Standing connections stay; put
    it beside `mqtt_broker_restart` to break them.

    Severity is the share of connects refused. Parameters: `code`, return code: 1 version, 2 client id, 3
    unavailable, 4 user or password, 5 not authorized.
    """

    kind: ClassVar[str] = "mqtt_connack_refused"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, code=5)
        within("code", given["code"], 1, 5)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
