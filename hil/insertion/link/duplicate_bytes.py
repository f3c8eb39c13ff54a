"""link_duplicate_bytes: single bytes inside the stream are doubled, as through a broken serial server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkDuplicateBytes(LinkFault):
    """Each byte is doubled with probability `per_byte`·severity."""

    kind: ClassVar[str] = "link_duplicate_bytes"
    parameters: ClassVar[Mapping[str, Param]] = {
        "per_byte": Param(0.01, 0.0, 1.0),
        "direction": Param("down", choices=("up", "down", "both")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._drawn = 0

    def start(self) -> None:
        """Draw from the first number again."""
        self._drawn = 0

    def altered(self, connection: int, direction: Direction, data: bytes) -> bytes:
        """Double the bytes that are hit."""
        if self.params["direction"] not in (direction, "both"):
            return data
        rate = self.severity * float(self.params["per_byte"])
        draws = self.uniforms(self._drawn, len(data))
        self._drawn += len(data)
        return b"".join(data[k : k + 1] * (1 + (draw < rate)) for k, draw in enumerate(draws))
