"""opcua_more_notifications: the server says that more notifications wait, and none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.publishing import published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaMoreNotifications(OpcUaFault):
    """Sets MoreNotifications in the share `severity` of the PublishResponses (OPC 10000-4 §5.14.5)."""

    kind = "opcua_more_notifications"

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Set the flag."""
        what = published(message)
        if what is None or not self.strikes():
            return None
        what.more = True
        return (message.with_parameters(what.encoded()),)
