"""Requests of one service answered with a ServiceFault, in the device's place: the device never sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import Send
from hil.traces.opcua_names import CODES, SERVICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message

BAD = tuple(sorted(name for name in CODES if name.startswith("Bad_")))
"""Names a refusal may give."""
ASKED = tuple(name for name in SERVICES if "SecureChannel" not in name)
"""Services that are asked for inside a session or before it."""


class Refusal(OpcUaFault):
    """Refuses the service and with the status that parameters name, or that a kind has fixed.

    A refusal is sent by the proxy, so it needs to know where the server's sequence numbers stand: on a connection that
    was there before the fault it acts once the server has said something.
    """

    service: ClassVar[str] = ""
    status: ClassVar[str] = ""

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Answer a request with the fault."""
        service = self.service or str(self.params["service"])
        if message.direction != "up" or message.name != f"{service}Request" or not layer.can_add("down"):
            return None
        if not self.strikes():
            return None
        return (Send(message.fault(CODES[str(self.params.get("status", self.status))])),)
