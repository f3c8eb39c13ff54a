"""A STATE message from the past (catalogue Q24)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugStateStaleFault:
    """Says a host offline, with an old time stamp.

    The retained STATE of a host says offline (or `online`), with a time stamp `age_s` old.

    Any severity above 0 is the whole fault. Parameters: `host`, host id; the device's primary host or
    plantbench if empty; `age_s`, age of the time stamp [s]; `online`, what it says.
    """

    kind: ClassVar[str] = "sparkplug_state_stale"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, host="", age_s=3600.0, online=False)
        within("age_s", given["age_s"], 0, 1000000000.0)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
