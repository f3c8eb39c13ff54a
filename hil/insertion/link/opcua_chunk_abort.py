"""opcua_chunk_abort: the server breaks an answer off in the middle."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import chunked
from hil.insertion.opcua.refusal import ASKED, BAD
from hil.traces.opcua_binary import text
from hil.traces.opcua_names import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaChunkAbort(OpcUaFault):
    """The share `severity` of the answers ends after its first half in an abort chunk (OPC 10000-6 §6.7.3)."""

    kind = "opcua_chunk_abort"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "status": Param("Bad_ResponseTooLarge", choices=BAD),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Send part of an answer, then the abort."""
        if not message.readable or not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        half = chunked(message.chunks[0], message.request, message.body[: len(message.body) // 2], 1 << 30)[0]
        why = struct.pack("<I", CODES[str(self.params["status"])]) + text("broken off")
        abort = chunked(message.chunks[0], message.request, why, 1 << 30)[0]
        return (replace(message, chunks=(half[:3] + b"C" + half[4:], abort[:3] + b"A" + abort[4:])),)
