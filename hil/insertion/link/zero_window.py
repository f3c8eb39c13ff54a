"""link_zero_window: the peer never reads, so the sender's window closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkZeroWindow(LinkFault):
    """Bytes of one direction are not read off the sender's socket, on the share `severity` of the connections."""

    kind: ClassVar[str] = "link_zero_window"
    parameters: ClassVar[Mapping[str, Param]] = {"direction": Param("up", choices=("up", "down", "both"))}

    def reads(self, connection: int, direction: Direction) -> bool:
        """Not that direction of a connection that is hit."""
        return self.params["direction"] not in (direction, "both") or not self.picks(connection)
