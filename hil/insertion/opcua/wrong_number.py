"""Answers with a wrong number in their chunks' headers: what the faults of channel, token and request id share."""

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


class WrongNumber(OpcUaFault):
    """The number at `place` in the share `severity` of the answers is off by `offset` (OPC 10000-6 §6.7.2)."""

    place: ClassVar[int]
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "offset": Param(1000.0, -1e6, 1e6),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Change the number in every chunk."""
        if not message.plain or not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        true = int.from_bytes(message.chunks[0][self.place : self.place + 4], "little")
        return (message.with_number(self.place, true + int(self.params["offset"])),)
