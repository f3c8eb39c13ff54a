"""The node is born again with its aliases given to other metrics (catalogue Q7)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugAliasReusedFault:
    """Gives aliases to other metrics in a new birth.

    A rebirth gives each metric the alias of its neighbour, and data follow it; when the fault ends, another
    rebirth gives them back.

    Any severity above 0 is the whole fault.
    """

    kind: ClassVar[str] = "sparkplug_alias_reused"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
