"""link_drop_bytes: single bytes inside the stream are missing, as through a broken serial server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkDropBytes(LinkFault):
    """Each byte is missing with probability `per_byte`·severity."""

    kind: ClassVar[str] = "link_drop_bytes"
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
        """Leave out the bytes that are hit."""
        if self.params["direction"] not in (direction, "both"):
            return data
        rate = self.severity * float(self.params["per_byte"])
        draws = self.uniforms(self._drawn, len(data))
        self._drawn += len(data)
        return bytes(byte for byte, draw in zip(data, draws, strict=True) if draw >= rate)
