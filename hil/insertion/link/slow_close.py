"""link_slow_close: the end of a stream comes late."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction


class LinkSlowClose(LinkFault):
    """A FIN is passed on `delay_ms`·severity late, either way."""

    kind: ClassVar[str] = "link_slow_close"
    parameters: ClassVar[Mapping[str, Param]] = {"delay_ms": Param(1000.0, 0.0, 600_000.0)}

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Late for the end of the stream only."""
        return arrived_s if size else arrived_s + self.severity * float(self.params["delay_ms"]) * 1e-3
