"""The broker drops messages without a word, as access rules do (catalogue Q23)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttAclSilentDropFault:
    """Drops messages by topic, silently.

    Messages to topics that `filter` takes do not reach clients; connection and pings are well.

    Severity is the share of messages hit. Parameters: `filter`, which topics are dropped.
    """

    kind: ClassVar[str] = "mqtt_acl_silent_drop"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, filter="#")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
