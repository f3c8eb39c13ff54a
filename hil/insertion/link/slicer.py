"""link_slicer: bytes come in small slices with a pause between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkSlicer(LinkFault):
    """Slices of `size` bytes, each `delay_ms`·severity after the one before."""

    kind: ClassVar[str] = "link_slicer"
    parameters: ClassVar[Mapping[str, Param]] = {
        "size": Param(3.0, 1.0, 65536.0),
        "delay_ms": Param(2.0, 0.0, 600_000.0),
        "direction": Param("down", choices=("up", "down", "both")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._free_s: dict[tuple[int, Direction], float] = {}

    def start(self) -> None:
        """Begin with idle connections."""
        self._free_s.clear()

    def slice_bytes(self, direction: Direction) -> int | None:
        """Return the size of a slice."""
        return int(self.params["size"]) if self.params["direction"] in (direction, "both") else None

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """One pause after the slice before; the first at once."""
        if self.params["direction"] not in (direction, "both") or not size:
            return arrived_s
        key = (connection, direction)
        due_s = max(arrived_s, self._free_s.get(key, arrived_s))
        self._free_s[key] = due_s + self.severity * float(self.params["delay_ms"]) * 1e-3
        return due_s
