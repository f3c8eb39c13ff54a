"""opcua_error_then_close: the server says ERR and closes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.concerned import answers
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import Send
from hil.insertion.opcua.refusal import ASKED, BAD
from hil.traces.opcua_binary import text
from hil.traces.opcua_chunks import HEADER
from hil.traces.opcua_names import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message


class OpcUaErrorThenClose(OpcUaFault):
    """In place of the share `severity` of the answers comes an error message, and a close (OPC 10000-6 §7.1.5)."""

    kind = "opcua_error_then_close"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("any", choices=("any", *ASKED)),
        "status": Param("Bad_TcpInternalError", choices=BAD),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Send ERR, close."""
        if not answers(message, str(self.params["service"])) or not self.strikes():
            return None
        body = struct.pack("<I", CODES[str(self.params["status"])]) + text("closed by the server")
        return (Send(HEADER.pack(b"ERR", b"F", HEADER.size + len(body)) + body, close=True),)
