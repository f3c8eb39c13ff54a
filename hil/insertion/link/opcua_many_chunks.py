"""opcua_many_chunks: answers come in many small chunks, as the standard allows."""

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


class OpcUaManyChunks(OpcUaFault):
    """The share `severity` of the answers is cut into chunks of `bytes` (OPC 10000-6 §6.7.2)."""

    kind = "opcua_many_chunks"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "bytes": Param(64.0, 25.0, 65535.0),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Cut a message anew."""
        if not message.readable or not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        return (message.with_body(message.body, int(self.params["bytes"])),)
