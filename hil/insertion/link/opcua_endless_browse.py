"""opcua_endless_browse: there is always one page more, and it is the one that was there before."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import Message, Send, chunked, response_start
from hil.traces.opcua_binary import blob, number_id
from hil.traces.opcua_names import ENCODING_IDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages

_POINT = b"endless"


class OpcUaEndlessBrowse(OpcUaFault):
    """Answers to Browse get a continuation point that leads to the same references again, `pages` times.

    Severity is the share of the Browse answers struck.
    """

    kind = "opcua_endless_browse"
    parameters: ClassVar[Mapping[str, Param]] = {"pages": Param(1e6, 1.0, 1e9)}

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._page: dict[int, bytes] = {}
        self._given: dict[int, int] = {}

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Give out the continuation point, or the page it leads to."""
        if message.name == "BrowseResponse":
            return self._first(message)
        if message.name != "BrowseNextRequest" or message.connection not in self._page:
            return None
        reader = message.behind_header()
        release = reader.boolean()
        points = [reader.blob() for _ in range(reader.count())]
        if points != [_POINT] or not layer.can_add("down"):
            return None
        given = self._given[message.connection] = self._given.get(message.connection, 0) + 1
        self.hits += 1
        last = release or given >= self.params["pages"]
        page = b"" if release else self._page[message.connection]
        result = struct.pack("<I", 0) + blob(None if last else _POINT) + (page or struct.pack("<i", 0))
        body = number_id(ENCODING_IDS["BrowseNextResponse"]) + response_start(message.handle, 0)
        body += struct.pack("<i", 1) + result + struct.pack("<i", 0)
        chunks = chunked(message.chunks[0], message.request, body, 8_192)
        return (Send(Message(message.connection, "down", chunks)),)

    def _first(self, message: Message) -> Sequence[Message] | None:
        reader = message.behind_header()
        if reader.count() != 1:
            return None
        status, point = reader.u32(), reader.blob()
        start = reader.position
        for _ in range(reader.count()):
            reader.nodeid(), reader.boolean(), reader.nodeid(), reader.qualified(), reader.localized()
            reader.i32(), reader.nodeid()
        if status >> 31 or point or not self.strikes():
            return None
        page = reader.data[start : reader.position]
        self._page[message.connection] = page
        self._given[message.connection] = 0
        told = struct.pack("<iI", 1, status) + blob(_POINT) + page + reader.take(reader.left)
        return (message.with_parameters(told),)
