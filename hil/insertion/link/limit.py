"""link_limit: connections end after so many bytes, in the middle of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkLimit(LinkFault):
    """Each connection hit ends once `bytes` have passed since the onset or its own start."""

    kind: ClassVar[str] = "link_limit"
    parameters: ClassVar[Mapping[str, Param]] = {
        "bytes": Param(100.0, 0.0, 1e12),
        "direction": Param("down", choices=("up", "down")),
        "ending": Param("fin", choices=("fin", "rst")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._passed: dict[int, int] = {}

    def start(self) -> None:
        """Begin to count."""
        self._passed.clear()

    def allows(self, connection: int, direction: Direction, size: int) -> tuple[int, Literal["fin", "rst"]] | None:
        """Return what is left of the limit, once a piece goes beyond it."""
        if direction != self.params["direction"] or not self.picks(connection):
            return None
        passed = self._passed.get(connection, 0)
        self._passed[connection] = passed + size
        left = int(self.params["bytes"]) - passed
        if size < left:
            return None
        return max(0, left), "rst" if self.params["ending"] == "rst" else "fin"
