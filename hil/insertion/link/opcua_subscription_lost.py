"""opcua_subscription_lost: the server has forgotten a session's subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import Send
from hil.traces.opcua_names import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message


_REFUSED = {
    "Publish": "Bad_NoSubscription",
    "Republish": "Bad_SubscriptionIdInvalid",
    "ModifySubscription": "Bad_SubscriptionIdInvalid",
    "SetPublishingMode": "Bad_SubscriptionIdInvalid",
    "CreateMonitoredItems": "Bad_SubscriptionIdInvalid",
    "DeleteMonitoredItems": "Bad_SubscriptionIdInvalid",
}


class OpcUaSubscriptionLost(OpcUaFault):
    """On the share `severity` of the connections Publish gets Bad_NoSubscription until there is a new subscription."""

    kind = "opcua_subscription_lost"

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._renewed: set[int] = set()
        self._struck: dict[int, bool] = {}

    def start(self) -> None:
        """Begin with every subscription forgotten."""
        super().start()
        self._renewed.clear()
        self._struck.clear()

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Refuse a request about a subscription; let a connection go that has made a new one."""
        if message.name == "CreateSubscriptionResponse":
            self._renewed.add(message.connection)
        if message.connection in self._renewed or message.service not in _REFUSED:
            return None
        if message.connection not in self._struck:
            self._struck[message.connection] = self.uniform(message.connection) < self.severity
        if not self._struck[message.connection]:
            return None
        refused = message.fault(CODES[_REFUSED[message.service]])
        if message.direction == "down":
            self.hits += 1
            return (refused,)
        if not layer.can_add("down"):
            return None
        self.hits += 1
        return (Send(refused),)
