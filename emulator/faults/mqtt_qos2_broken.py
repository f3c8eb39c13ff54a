"""The exchange of QoS 2 breaks in its middle (catalogue Q16)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttQos2BrokenFault:
    """Repeats a QoS 2 message after PUBREC.

    The broker raises messages to the QoS of the subscription and answers PUBREC with the message once more, DUP
    set, before it goes on with PUBREL.

    Severity is the share of messages hit.
    """

    kind: ClassVar[str] = "mqtt_qos2_broken"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
