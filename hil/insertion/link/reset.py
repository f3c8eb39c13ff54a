"""link_reset: connections die by RST, the ones that stand at the onset and the ones that come later.

A firewall that dropped its table or a device that reboots looks like this: the client sees ECONNRESET in the
middle of whatever it was doing.
"""

from __future__ import annotations

from hil.insertion.link.base import LinkFault


class LinkReset(LinkFault):
    """All standing connections are reset at once; of new ones the share `severity` is."""

    kind = "link_reset"

    def refuses(self, connection: int, *, existing: bool) -> bool:
        """Refuse a standing connection always, a new one by the number drawn for its index on the link."""
        return existing or self.uniform(connection) < self.severity
