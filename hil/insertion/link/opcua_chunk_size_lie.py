"""opcua_chunk_size_lie: a chunk's header says another size than the chunk has."""

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


_SIZES = {
    "huge": lambda size: 0x7FFF_FFFF,
    "zero": lambda size: 0,
    "short": lambda size: size - 4,
    "long": lambda size: size + 4,
}


class OpcUaChunkSizeLie(OpcUaFault):
    """The size field of the share `severity` of the answers is wrong (OPC 10000-6 §7.1.2.2)."""

    kind = "opcua_chunk_size_lie"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "size": Param("huge", choices=tuple(_SIZES)),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Change the size of the first chunk; nothing is added or taken away."""
        if not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        size = _SIZES[str(self.params["size"])](len(message.chunks[0]))
        first = message.chunks[0][:4] + struct.pack("<I", size) + message.chunks[0][8:]
        return (replace(message, chunks=(first, *message.chunks[1:])),)
