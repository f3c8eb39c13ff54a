"""link_port_moved: the device listens at another port, and later at its own again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping


class LinkPortMoved(LinkFault):
    """Any severity above 0 refuses the device's port and opens `port` instead; standing connections go on."""

    kind: ClassVar[str] = "link_port_moved"
    per_connection: ClassVar[bool] = False
    parameters: ClassVar[Mapping[str, Param]] = {"port": Param(0.0, 0.0, 65535.0)}

    def listens(self) -> tuple[bool, int | None]:
        """At the other port."""
        return False, int(self.params["port"])
