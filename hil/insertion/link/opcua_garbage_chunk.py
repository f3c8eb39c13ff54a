"""opcua_garbage_chunk: a chunk holds what no server would send."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.refusal import ASKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaGarbageChunk(OpcUaFault):
    """The share `severity` of the answers comes with random bytes for a body, an unknown message type, or empty."""

    kind = "opcua_garbage_chunk"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "what": Param("body", choices=("body", "type", "empty")),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Damage the first chunk; its size stays true."""
        if not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        chunk = message.chunks[0]
        match self.params["what"]:
            case "body":
                noise = bytes(int(256 * self.uniform((self.hits << 20) + i)) for i in range(min(len(chunk) - 24, 256)))
                spoilt = chunk[:24] + noise + chunk[24 + len(noise) :]
            case "type":
                spoilt = b"XYZ" + chunk[3:]
            case _:
                spoilt = chunk[:4] + struct.pack("<I", 24) + chunk[8:24]
        return (replace(message, chunks=(spoilt, *message.chunks[1:])),)
