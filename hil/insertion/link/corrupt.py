"""link_corrupt: bytes change on their way; no checksum of TCP saw it."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from hil.insertion.link.base import Param
from hil.insertion.link.bytewise import ByteFault


class LinkCorrupt(ByteFault):
    """Each byte has one bit flipped with probability `per_byte`·severity."""

    kind: ClassVar[str] = "link_corrupt"
    parameters: ClassVar[Mapping[str, Param]] = {**ByteFault.parameters, "per_byte": Param(0.001, 0.0, 1.0)}

    def struck(self, data: bytes, draws: Iterable[float], rate: float) -> bytes:
        """Flip a bit of the bytes that are hit; which bit comes of the same draw."""
        hit = {index: int(draw / rate * 8) for index, draw in enumerate(draws) if draw < rate}
        return (
            bytes(byte ^ 1 << hit[index] if index in hit else byte for index, byte in enumerate(data)) if hit else data
        )
