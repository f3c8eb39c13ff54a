"""opcua_request_handle_wrong: answers carry a handle that the client never gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.refusal import ASKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaRequestHandleWrong(OpcUaFault):
    """The request handle in the share `severity` of the answers is off by `offset` (OPC 10000-4 §7.34)."""

    kind = "opcua_request_handle_wrong"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "offset": Param(1000.0, -1e6, 1e6),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Change the handle and nothing else."""
        if not message.readable or not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        return (message.for_request(message.request, (message.handle + int(self.params["offset"])) & 0xFFFF_FFFF),)
