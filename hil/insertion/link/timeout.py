"""link_timeout: nothing comes through any more, and after a while the connection is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkTimeout(LinkFault):
    """Bytes vanish, and `timeout_ms` after the onset (or its own start) the connection is closed by FIN."""

    kind: ClassVar[str] = "link_timeout"
    parameters: ClassVar[Mapping[str, Param]] = {"timeout_ms": Param(1000.0, 0.0, 86_400_000.0)}

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._maimed: set[int] = set()

    def start(self) -> None:
        """Begin with no connection harmed."""
        self._maimed.clear()

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Never, on a connection that is hit."""
        if not size or not self.picks(connection):
            return arrived_s
        self._maimed.add(connection)
        return None

    def closes_after(self, connection: int) -> float | None:
        """Return the time-out, on a connection that is hit."""
        return float(self.params["timeout_ms"]) * 1e-3 if self.picks(connection) else None

    def maims(self, connection: int) -> bool:
        """Tell whether the connection lost at least one byte."""
        return connection in self._maimed
