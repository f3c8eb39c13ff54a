"""Data carry an alias that no birth named (catalogue Q7)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugUnknownAliasFault:
    """Adds a metric with an alias no birth named.

    A message has one metric more, alias 999999 with value 1.0.

    Severity is the share of messages hit.
    """

    kind: ClassVar[str] = "sparkplug_unknown_alias"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
