"""opcua_small_buffers: the server grants small buffers, few chunks and short messages."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaSmallBuffers(OpcUaFault):
    """The Acknowledge of the share `severity` of new connections names these limits (OPC 10000-6 §7.1.2.4)."""

    kind = "opcua_small_buffers"
    parameters: ClassVar[Mapping[str, Param]] = {
        "buffer_bytes": Param(8192.0, 0.0, 65535.0),
        "message_bytes": Param(16384.0, 0.0, 1e9),
        "chunks": Param(2.0, 0.0, 10_000.0),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Change what an Acknowledge grants; the device's own limits stay."""
        if message.kind != "ACK" or len(message.chunks[0]) < 28 or self.uniform(message.connection) >= self.severity:
            return None
        self.hits += 1
        chunk = message.chunks[0]
        buffer_bytes = int(self.params["buffer_bytes"])
        limits = (buffer_bytes, buffer_bytes, int(self.params["message_bytes"]), int(self.params["chunks"]))
        return (replace(message, chunks=(chunk[:12] + struct.pack("<4I", *limits) + chunk[28:],)),)
