"""link_latency: every byte arrives later, by a fixed time plus or minus some jitter.

Order is kept, as TCP keeps it: a piece is never overtaken, so one late piece delays those behind it. Delay is
added once per direction of travel. A link that merely answers late must not look dead to a sound client while
the delay stays below its request timeout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Direction, LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping


class LinkLatency(LinkFault):
    """Delay of severity·(latency_ms ± jitter_ms, uniform), never negative."""

    kind = "link_latency"
    parameters: ClassVar[Mapping[str, Param]] = {
        "latency_ms": Param(200.0, 0.0, 600_000.0),
        "jitter_ms": Param(0.0, 0.0, 600_000.0),
        "direction": Param("down", choices=("up", "down", "both")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._drawn = 0

    def start(self) -> None:
        """Draw the jitter from its first number again: the same fault twice is twice the same."""
        self._drawn = 0

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Arrival plus delay; one random number is spent per delayed piece, whatever its size."""
        if self.params["direction"] not in (direction, "both"):
            return arrived_s
        delay_ms = float(self.params["latency_ms"])
        if self.params["jitter_ms"] > 0.0:
            delay_ms += float(self.params["jitter_ms"]) * (2.0 * self.uniform(self._drawn) - 1.0)
            self._drawn += 1
        return arrived_s + self.severity * max(0.0, delay_ms) * 1e-3
