"""Clogged filter: its resistance rises to eight times the clean one."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanFilterClog:
    """Severity is the dust load of a filter due for change: resistance ×(1 + 7 s)."""

    kind: ClassVar[str] = "fan_filter_clog"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the dust load."""
        target.condition.filter_load = severity
