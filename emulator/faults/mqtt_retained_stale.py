"""The broker has messages from long ago (catalogue Q15)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttRetainedStaleFault:
    """Old values wait at the broker, retained.

    The broker retains data `age_s` old and gives them, flagged retained, to everybody who subscribes. With
    `reconnect` its clients lose their connections at the onset, so that they see it.

    Any severity above 0 is the whole fault. Parameters: `age_s`, age of the values [s]; `reconnect`, whether
    clients lose their connection at the onset (emulated broker).
    """

    kind: ClassVar[str] = "mqtt_retained_stale"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, age_s=7200.0, reconnect=True)
        within("age_s", given["age_s"], 0, 1000000000.0)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
