"""link_drip: bytes come one by one, as from a peer that means to hold a connection for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkDrip(LinkFault):
    """One byte every `interval_ms`·severity, each connection and direction for itself."""

    kind: ClassVar[str] = "link_drip"
    parameters: ClassVar[Mapping[str, Param]] = {
        "interval_ms": Param(1.0, 0.0, 600_000.0),
        "direction": Param("down", choices=("up", "down", "both")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._free_s: dict[tuple[int, Direction], float] = {}

    def start(self) -> None:
        """Begin with idle connections."""
        self._free_s.clear()

    def slice_bytes(self, direction: Direction) -> int | None:
        """Return one byte."""
        return 1 if self.params["direction"] in (direction, "both") else None

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Return an interval after the byte before, and after its arrival."""
        if self.params["direction"] not in (direction, "both") or not size:
            return arrived_s
        key = (connection, direction)
        due_s = (
            max(arrived_s, self._free_s.get(key, arrived_s)) + self.severity * float(self.params["interval_ms"]) * 1e-3
        )
        self._free_s[key] = due_s
        return due_s
