"""link_drop_bytes: single bytes inside the stream are missing, as through a broken serial server."""

from collections.abc import Iterable
from typing import ClassVar

from hil.insertion.link.bytewise import ByteFault


class LinkDropBytes(ByteFault):
    """Each byte is missing with probability `per_byte`·severity."""

    kind: ClassVar[str] = "link_drop_bytes"

    def struck(self, data: bytes, draws: Iterable[float], rate: float) -> bytes:
        """Leave out the bytes that are hit."""
        return bytes(byte for byte, draw in zip(data, draws, strict=True) if draw >= rate)
