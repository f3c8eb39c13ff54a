"""link_duplicate_bytes: single bytes inside the stream are doubled, as through a broken serial server."""

from collections.abc import Iterable
from typing import ClassVar

from hil.insertion.link.bytewise import ByteFault


class LinkDuplicateBytes(ByteFault):
    """Each byte is doubled with probability `per_byte`·severity."""

    kind: ClassVar[str] = "link_duplicate_bytes"

    def struck(self, data: bytes, draws: Iterable[float], rate: float) -> bytes:
        """Double the bytes that are hit."""
        return b"".join(data[k : k + 1] * (1 + (draw < rate)) for k, draw in enumerate(draws))
