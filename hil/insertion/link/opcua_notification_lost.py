"""opcua_notification_lost: a notification never arrives, so that there is a gap in the message numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.publishing import published

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaNotificationLost(OpcUaFault):
    """Swallows the share `severity` of the notifications, keep-alives apart; the device keeps them for Republish."""

    kind = "opcua_notification_lost"
    parameters: ClassVar[Mapping[str, Param]] = {
        "answer": Param("nothing", choices=("nothing", "keep_alive")),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Lose a PublishResponse, or let a keep-alive arrive in its place, which shows the gap at once."""
        what = published(message)
        if what is None or what.keep_alive or not self.strikes():
            return None
        if self.params["answer"] == "nothing":
            return ()
        what.data, what.more = [], False
        what.sequence += 1
        return (message.with_parameters(what.encoded()),)
