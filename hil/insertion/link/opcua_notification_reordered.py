"""opcua_notification_reordered: a notification arrives after the one that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.publishing import published

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaNotificationReordered(OpcUaFault):
    """Holds the share `severity` of the notifications back until the next one of the connection has left."""

    kind = "opcua_notification_reordered"

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._held: dict[int, Message] = {}

    def release(self, connection: int) -> tuple[Message, ...]:
        """Let go of what is held."""
        held = self._held.pop(connection, None)
        return () if held is None else (held,)

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Hold a PublishResponse, or send it behind the one at hand."""
        what = published(message)
        if what is None or what.keep_alive:
            return None
        held = self._held.pop(message.connection, None)
        if held is not None:
            return (message, held)
        if not self.strikes():
            return None
        self._held[message.connection] = message
        return ()
