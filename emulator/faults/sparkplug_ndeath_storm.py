"""The node's connection flaps (catalogue Q1)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugNdeathStormFault:
    """Dies and is born again, over and over.

    Every `period_s` the connection breaks: the broker says the will, the node comes back with the next bdSeq
    and all its births.

    Severity is the share of rounds taken. Parameters: `period_s`, time between two deaths [s], plant time.
    """

    kind: ClassVar[str] = "sparkplug_ndeath_storm"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, period_s=0.5)
        within("period_s", given["period_s"], 0.01, 3600)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
