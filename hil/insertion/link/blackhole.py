"""link_blackhole: bytes are swallowed, the connection stays.

No FIN, no RST, no error: only a request timeout or a heartbeat of the protocol can notice. TCP itself
acknowledges the bytes, as it does when a gateway or a hung device stands in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Direction, LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping


class LinkBlackhole(LinkFault):
    """Swallows one direction or both, on the share `severity` of the connections.

    A connection that lost bytes is reset when the fault ends: TCP never resumes behind a hole, and a stream
    that did would hand torn frames to both ends, which is another fault than this one.
    """

    kind = "link_blackhole"
    parameters: ClassVar[Mapping[str, Param]] = {"direction": Param("both", choices=("up", "down", "both"))}

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._maimed: set[int] = set()

    def start(self) -> None:
        """Begin with no connection harmed."""
        self._maimed.clear()

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Never, for the chosen direction of a chosen connection."""
        if self.params["direction"] in (direction, "both") and self.uniform(connection) < self.severity:
            self._maimed.add(connection)
            return None
        return arrived_s

    def maims(self, connection: int) -> bool:
        """Tell whether the connection lost at least one byte."""
        return connection in self._maimed
