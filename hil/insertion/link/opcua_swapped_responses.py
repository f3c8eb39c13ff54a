"""opcua_swapped_responses: two answers change places, or change requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.refusal import ASKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaSwappedResponses(OpcUaFault):
    """The share `severity` of the answers wait each for the next one, and go behind it or with its request id."""

    kind = "opcua_swapped_responses"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "what": Param("order", choices=("order", "ids")),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._held: dict[int, Message] = {}

    def release(self, connection: int) -> tuple[Message, ...]:
        """Let go of what is held."""
        held = self._held.pop(connection, None)
        return () if held is None else (held,)

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Hold an answer, or send it with the one at hand."""
        if not answers(message, str(self.params["service"])):
            return None
        held = self._held.pop(message.connection, None)
        if held is None:
            if not self.strikes():
                return None
            self._held[message.connection] = message
            return ()
        if self.params["what"] == "order" or not (held.readable and message.readable):
            return (message, held)
        one, other = (held.request, held.handle), (message.request, message.handle)
        return (held.for_request(*other), message.for_request(*one))
