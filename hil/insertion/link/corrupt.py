"""link_corrupt: bytes change on their way; no checksum of TCP saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkCorrupt(LinkFault):
    """Each byte has one bit flipped with probability `per_byte`·severity."""

    kind: ClassVar[str] = "link_corrupt"
    parameters: ClassVar[Mapping[str, Param]] = {
        "per_byte": Param(0.001, 0.0, 1.0),
        "direction": Param("down", choices=("up", "down", "both")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._drawn = 0

    def start(self) -> None:
        """Draw from the first number again."""
        self._drawn = 0

    def altered(self, connection: int, direction: Direction, data: bytes) -> bytes:
        """Flip a bit of the bytes that are hit; which bit comes of the same draw."""
        if self.params["direction"] not in (direction, "both"):
            return data
        rate = self.severity * float(self.params["per_byte"])
        draws = self.uniforms(self._drawn, len(data))
        self._drawn += len(data)
        hit = {index: int(draw / rate * 8) for index, draw in enumerate(draws) if draw < rate}
        return (
            bytes(byte ^ 1 << hit[index] if index in hit else byte for index, byte in enumerate(data)) if hit else data
        )
