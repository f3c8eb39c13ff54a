"""link_partition: the network is split; what was sent meanwhile arrives when it is whole again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault

if TYPE_CHECKING:
    from hil.insertion.link.base import Direction, Welcome


class LinkPartition(LinkFault):
    """Bytes both ways and new connections wait for the end of the fault, all of them at any severity above 0."""

    kind: ClassVar[str] = "link_partition"
    per_connection: ClassVar[bool] = False

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """Not before the fault is over."""
        return math.inf

    def welcomes(self, connection: int) -> Welcome:
        """Reach the device once the fault is over."""
        return "hold"
