"""link_bandwidth: the link carries only so many kilobytes a second, each direction for itself.

All connections of a link share the rate, as they would share a radio or a serial backhaul. Pieces are cut to
what the link carries in a tenth of a second, so that a slow link trickles instead of hiccuping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Direction, LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

PIECE_S = 0.1


class LinkBandwidth(LinkFault):
    """Rate of rate_kb_s / severity (1 kB = 1000 bytes): as severity goes to 0 the limit goes away."""

    kind = "link_bandwidth"
    parameters: ClassVar[Mapping[str, Param]] = {"rate_kb_s": Param(2.0, 0.001, 1e9)}

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._free_s: dict[Direction, float] = {}

    def start(self) -> None:
        """Begin with an idle link."""
        self._free_s.clear()

    @property
    def bytes_per_s(self) -> float:
        """Rate at the present severity [byte/s]."""
        return float(self.params["rate_kb_s"]) * 1e3 / self.severity if self.severity > 0.0 else float("inf")

    def slice_bytes(self, direction: Direction) -> int | None:
        """Return what a tenth of a second carries, at least one byte."""
        return max(1, int(self.bytes_per_s * PIECE_S))

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """When the last byte has passed: the piece starts when the link is free and takes size / rate."""
        start_s = max(arrived_s, self._free_s.get(direction, arrived_s))
        self._free_s[direction] = start_s + size / self.bytes_per_s
        return self._free_s[direction]
