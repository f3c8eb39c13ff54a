"""link_half_close: the client is told that nothing more comes, and may still send."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault

if TYPE_CHECKING:
    from hil.insertion.link.base import Ending


class LinkHalfClose(LinkFault):
    """At the onset the share `severity` of the standing connections gets a FIN from the device's side only."""

    kind: ClassVar[str] = "link_half_close"

    def ends(self, connection: int) -> Ending | None:
        """Tell the client the end, if it is among those hit."""
        return "half_close" if self.picks(connection) else None
