"""link_accept_then_close: connections are accepted and closed at once, as by a device that is full."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault

if TYPE_CHECKING:
    from hil.insertion.link.base import Welcome


class LinkAcceptThenClose(LinkFault):
    """The share `severity` of new connections is closed by FIN before a byte; standing ones go on."""

    kind: ClassVar[str] = "link_accept_then_close"

    def welcomes(self, connection: int) -> Welcome:
        """Close it, if it is among those hit."""
        return "close" if self.picks(connection) else "serve"
