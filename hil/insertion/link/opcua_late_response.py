"""opcua_late_response: an answer comes after others that were asked for later."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import Send
from hil.insertion.opcua.refusal import ASKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message


class OpcUaLateResponse(OpcUaFault):
    """Delays the share `severity` of the answers by `delay_s`; what comes behind does not wait."""

    kind = "opcua_late_response"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "delay_s": Param(2.0, 0.0, 3600.0),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Send an answer later."""
        if not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        return (Send(message, delay_s=float(self.params["delay_s"])),)
