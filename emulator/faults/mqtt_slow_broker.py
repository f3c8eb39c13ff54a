"""The broker passes messages on late (catalogue Q25)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttSlowBrokerFault:
    """Messages come late.

    A message to a client waits `delay_s`; with a severity below 1 later ones overtake it.

    Severity is the share of messages hit. Parameters: `delay_s`, delay [s], plant time.
    """

    kind: ClassVar[str] = "mqtt_slow_broker"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, delay_s=1.0)
        within("delay_s", given["delay_s"], 0, 600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
