"""opcua_history_gaps: a HistoryRead says Good and part of what it should hold is not there."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault
from hil.traces.opcua_binary import Reader, blob
from hil.traces.opcua_names import HISTORY_DATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaHistoryGaps(OpcUaFault):
    """From the share `severity` of the HistoryRead answers the middle part `gap` of each node's values is missing."""

    kind = "opcua_history_gaps"
    parameters: ClassVar[Mapping[str, Param]] = {"gap": Param(0.5, 0.0, 1.0)}

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Take values out of an answer."""
        if message.name != "HistoryReadResponse" or not self.strikes():
            return None
        reader = message.behind_header()
        begin = reader.position
        count = reader.count()
        parts = [reader.data[begin : reader.position]]
        for _ in range(count):
            start = reader.position
            reader.u32(), reader.blob()
            middle = reader.position
            data = reader.extension()
            end = reader.position
            if data.number == HISTORY_DATA and data.body is not None:
                # The type id and the byte that says "encoded in binary" stay, the body is another.
                head = reader.data[middle : end - len(data.body) - 4]
                parts.append(reader.data[start:middle] + head + blob(self._thinned(data.body)))
            else:
                parts.append(reader.data[start:end])
        return (message.with_parameters(b"".join(parts) + reader.take(reader.left)),)

    def _thinned(self, body: bytes) -> bytes:
        reader = Reader(body)
        values = []
        for _ in range(reader.count()):
            start = reader.position
            reader.data_value()
            values.append(body[start : reader.position])
        gone = round(len(values) * float(self.params["gap"]))
        first = (len(values) - gone) // 2
        left = values[:first] + values[first + gone :]
        return struct.pack("<i", len(left)) + b"".join(left) + body[reader.position :]
