"""link_half_open: the device's end of a connection is gone and no packet says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction, Ending


class LinkHalfOpen(LinkFault):
    """Standing connections lose their device without a word; what the client sends vanishes."""

    kind: ClassVar[str] = "link_half_open"

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._gone: set[int] = set()

    def start(self) -> None:
        """Begin with every connection whole."""
        self._gone.clear()

    def ends(self, connection: int) -> Ending | None:
        """Let the device's end go without a word, if it is among those hit."""
        if not self.picks(connection):
            return None
        self._gone.add(connection)
        return "gone"

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Never, for what is said to a device that is gone."""
        return None if connection in self._gone and size else arrived_s

    def maims(self, connection: int) -> bool:
        """Tell whether its device is gone: TCP answers the next packet with a reset."""
        return connection in self._gone
