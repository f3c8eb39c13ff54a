"""link_slow_connect: it takes long until the device is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping


class LinkSlowConnect(LinkFault):
    """New connections reach the device `delay_ms`·severity late."""

    kind: ClassVar[str] = "link_slow_connect"
    parameters: ClassVar[Mapping[str, Param]] = {"delay_ms": Param(2000.0, 0.0, 600_000.0)}

    def dial_s(self, connection: int) -> float:
        """Return the delay at the present severity."""
        return self.severity * float(self.params["delay_ms"]) * 1e-3
