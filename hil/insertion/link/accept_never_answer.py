"""link_accept_never_answer: connections are accepted and never heard of again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Welcome


class LinkAcceptNeverAnswer(LinkFault):
    """The share `severity` of new connections is accepted and left without a word; standing ones go on."""

    kind: ClassVar[str] = "link_accept_never_answer"

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._muted: set[int] = set()

    def start(self) -> None:
        """Begin with nobody waiting."""
        self._muted.clear()

    def welcomes(self, connection: int) -> Welcome:
        """Leave it without a word, if it is among those hit."""
        if not self.picks(connection):
            return "serve"
        self._muted.add(connection)
        return "mute"

    def maims(self, connection: int) -> bool:
        """Tell whether it was left without a device: it cannot go on."""
        return connection in self._muted
