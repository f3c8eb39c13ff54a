"""link_fin: standing connections are closed in good order, as by a device that shuts down."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault

if TYPE_CHECKING:
    from hil.insertion.link.base import Ending


class LinkFin(LinkFault):
    """At the onset the share `severity` of the standing connections gets a FIN both ways; new ones are served."""

    kind: ClassVar[str] = "link_fin"

    def ends(self, connection: int) -> Ending | None:
        """Close it, if it is among those hit."""
        return "close" if self.picks(connection) else None
