"""opcua_notification_repeated: a notification arrives twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.publishing import published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaNotificationRepeated(OpcUaFault):
    """Sends the share `severity` of the notifications once more, as the answer to the client's next Publish request."""

    kind = "opcua_notification_repeated"

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Repeat a PublishResponse, if the client waits for another one."""
        what = published(message)
        if what is None or what.keep_alive or not self.strikes():
            return None
        again = layer.publishes.borrow_for(message)
        return None if again is None else (message, again)
