"""link_coalesce: bytes are gathered for a while and come as one, frames glued together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkCoalesce(LinkFault):
    """What arrives within `window_ms`·severity of the first byte leaves together at its end."""

    kind: ClassVar[str] = "link_coalesce"
    parameters: ClassVar[Mapping[str, Param]] = {
        "window_ms": Param(50.0, 0.0, 600_000.0),
        "direction": Param("down", choices=("up", "down", "both")),
    }
    joins: ClassVar[bool] = True

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._leaves_s: dict[tuple[int, Direction], float] = {}

    def start(self) -> None:
        """Begin with nothing gathered."""
        self._leaves_s.clear()

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Return the end of the window that is open, or that this piece opens."""
        if self.params["direction"] not in (direction, "both"):
            return arrived_s
        key = (connection, direction)
        if arrived_s > self._leaves_s.get(key, -math.inf):
            self._leaves_s[key] = arrived_s + self.severity * float(self.params["window_ms"]) * 1e-3
        return self._leaves_s[key]
