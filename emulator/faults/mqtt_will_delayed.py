"""The broker says wills late (catalogue Q18)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttWillDelayedFault:
    """Wills come late.

    A will is published `delay_s` after its client was lost: with a quick comeback, a death certificate arrives
    after the next birth. Alone it changes nothing; put it beside `device_restart` or `sparkplug_ndeath_storm`.

    Severity is the share of wills hit. Parameters: `delay_s`, delay [s], plant time.
    """

    kind: ClassVar[str] = "mqtt_will_delayed"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, delay_s=5.0)
        within("delay_s", given["delay_s"], 0, 3600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
