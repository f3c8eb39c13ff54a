"""opcua_status_change: the server gives a subscription up, and tells so in a notification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.publishing import published, status_change
from hil.traces.opcua_names import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


_STATUSES = ("Bad_Timeout", "Good_SubscriptionTransferred", "Bad_Shutdown")


class OpcUaStatusChange(OpcUaFault):
    """Puts a StatusChangeNotification in place of a message's notifications, once for each subscription."""

    kind = "opcua_status_change"
    parameters: ClassVar[Mapping[str, Param]] = {
        "status": Param(_STATUSES[0], choices=_STATUSES),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._told: set[tuple[int, int]] = set()

    def start(self) -> None:
        """Begin with no subscription given up."""
        super().start()
        self._told.clear()

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Replace what a PublishResponse says."""
        what = published(message)
        key = (message.connection, what.subscription if what else 0)
        if what is None or key in self._told or not self.strikes():
            return None
        self._told.add(key)
        what.data, what.more = [status_change(CODES[str(self.params["status"])])], False
        return (message.with_parameters(what.encoded()),)
