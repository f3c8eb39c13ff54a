"""link_refuse: nobody listens on the device's port; who connects is refused."""

from __future__ import annotations

from typing import ClassVar

from hil.insertion.link.base import LinkFault


class LinkRefuse(LinkFault):
    """Any severity above 0 shuts the port; standing connections go on."""

    kind: ClassVar[str] = "link_refuse"
    per_connection: ClassVar[bool] = False

    def listens(self) -> tuple[bool, int | None]:
        """Nowhere."""
        return False, None
