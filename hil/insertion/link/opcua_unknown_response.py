"""opcua_unknown_response: an answer is of a type that the client does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.refusal import ASKED
from hil.traces.opcua_binary import Reader, number_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


_NO_SERVICE = 65_001


class OpcUaUnknownResponse(OpcUaFault):
    """The encoding id of the share `severity` of the answers is one that no service has."""

    kind = "opcua_unknown_response"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Change the type id before the response header."""
        if not message.readable or not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        reader = Reader(message.body)
        reader.nodeid()
        return (message.with_body(number_id(_NO_SERVICE) + message.body[reader.position :]),)
