"""Messages with QoS 1 or 2 come twice (catalogue Q16)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttDuplicateFault:
    """Sends acknowledged messages again.

    The broker raises messages to the QoS of the subscription, as some do, and sends them again after `delay_s`,
    with DUP set, although they were acknowledged.

    Severity is the share of messages hit. Parameters: `delay_s`, time until the second comes [s], plant time.
    """

    kind: ClassVar[str] = "mqtt_duplicate"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, delay_s=0.2)
        within("delay_s", given["delay_s"], 0, 600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
