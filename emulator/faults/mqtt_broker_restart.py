"""The broker goes down and comes back (catalogue Q17)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import one_of, within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttBrokerRestartFault:
    """The broker restarts.

    Every connection breaks without a will, nobody gets in for `down_s`; then the node comes back with a new
    bdSeq and births, and sends what it kept, flagged historical. `sessions` and `retained` say whether the
    broker remembers them.

    Any severity above 0 is the whole fault. Parameters: `down_s`, how long it is away [s], plant time;
    `sessions`, lost or kept; `retained`, lost or kept.
    """

    kind: ClassVar[str] = "mqtt_broker_restart"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, down_s=2.0, sessions="lost", retained="kept")
        within("down_s", given["down_s"], 0, 3600)
        one_of("sessions", given["sessions"], "lost", "kept")
        one_of("retained", given["retained"], "lost", "kept")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
