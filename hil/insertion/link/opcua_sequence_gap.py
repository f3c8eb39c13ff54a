"""opcua_sequence_gap: the sequence numbers of the channel jump."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaSequenceGap(OpcUaFault):
    """The share `severity` of the answers has a number `jump` beyond its own; those that follow go on from there."""

    kind = "opcua_sequence_gap"
    parameters: ClassVar[Mapping[str, Param]] = {
        "jump": Param(1.0, -1000.0, 1e6),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Give a message the wrong number."""
        if not message.plain or not answers(message, "any") or not self.strikes():
            return None
        return (replace(message, jump=message.jump + int(self.params["jump"])),)
