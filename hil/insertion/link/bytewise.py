"""What the faults that strike single bytes share: which bytes are hit, whatever pieces they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hil.insertion.link.base import Direction


class ByteFault(LinkFault):
    """Each byte of a direction is hit with probability `per_byte`·severity; `struck` says what becomes of them."""

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
        """Draw a number for each byte; those below the rate are hit."""
        if self.params["direction"] not in (direction, "both"):
            return data
        rate = self.severity * float(self.params["per_byte"])
        draws = self.uniforms(self._drawn, len(data))
        self._drawn += len(data)
        return self.struck(data, draws, rate)

    def struck(self, data: bytes, draws: Iterable[float], rate: float) -> bytes:
        """Return the bytes as they go on; byte k is hit if draw k is below `rate`."""
        return data
