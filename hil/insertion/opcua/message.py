"""An OPC UA message on its way through a link: its chunks, what they say, and how to make another of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hil.traces.opcua_binary import MalformedError, Reader, number_id
from hil.traces.opcua_chunks import HEADER, SYMMETRIC, heading
from hil.traces.opcua_names import MESSAGES, SERVICE_FAULT
from hil.traces.opcua_services import request_header, response_header

if TYPE_CHECKING:
    from hil.insertion.link.base import Direction

CHANNEL, TOKEN, SEQUENCE, REQUEST = 8, 12, 16, 20
"""Where a plain MSG chunk's numbers stand."""
_CHUNK: Final = struct.Struct("<3scIIIII")
_CHUNK_SIZE: Final = 8_192  # every peer takes as much (OPC 10000-6 §7.1.2.3)


@dataclass(frozen=True)
class Message:
    """A message in all its chunks.

    Parameters
    ----------
    connection
        Number of the connection on its link.
    direction
        Which way it goes.
    chunks
        As they arrived, or as a fault made them.
    plain
        Whether its contents can be read: security policy None.
    jump
        Added to the sequence number its first chunk would have; those that follow go on from there.
    """

    connection: int
    direction: Direction
    chunks: tuple[bytes, ...]
    plain: bool = True
    jump: int = 0

    @property
    def kind(self) -> str:
        """HEL, ACK, ERR, OPN, MSG or CLO."""
        return self.chunks[0][:3].decode()

    @property
    def final(self) -> str:
        """F, or A for an aborted message."""
        return self.chunks[-1][3:4].decode()

    @cached_property
    def request(self) -> int:
        """Request id; 0 where there is none or it cannot be read."""
        return heading(self.chunks[0]).request if self.readable else 0

    @property
    def readable(self) -> bool:
        """Whether it is a service message whose contents can be read."""
        return self.plain and self.kind == "MSG" and self.final == "F"

    @cached_property
    def body(self) -> bytes:
        """The encoded service message; empty where it cannot be read."""
        return b"".join(chunk[SYMMETRIC:] for chunk in self.chunks) if self.readable else b""

    @cached_property
    def name(self) -> str:
        """Name of the service message, as ReadRequest; '' where it is unknown or cannot be read."""
        try:
            type_id = Reader(self.body).nodeid() if self.body else ""
        except MalformedError:
            return ""
        return MESSAGES.get(int(type_id[2:]), "") if type_id.startswith("i=") else ""

    @property
    def service(self) -> str:
        """Name of the service set's member it asks for or answers; ServiceFault for that."""
        return self.name.removesuffix("Request").removesuffix("Response")

    @cached_property
    def parameters(self) -> Reader:
        """A reader behind the request or response header."""
        reader = Reader(self.body)
        reader.nodeid()
        (request_header if self.name.endswith("Request") else response_header)(reader)
        return reader

    @cached_property
    def handle(self) -> int:
        """Request handle."""
        reader = Reader(self.body)
        reader.nodeid()
        return request_header(reader) if self.name.endswith("Request") else response_header(reader)[0]

    def behind_header(self) -> Reader:
        """Return a fresh reader behind the request or response header."""
        return Reader(self.body, self._parameters_at)

    @cached_property
    def _parameters_at(self) -> int:
        return self.parameters.position

    def with_number(self, at: int, value: int) -> Message:
        """Return it with another channel, token or request id in every chunk."""
        packed = struct.pack("<I", value & 0xFFFF_FFFF)
        return replace(self, chunks=tuple(chunk[:at] + packed + chunk[at + 4 :] for chunk in self.chunks))

    def with_parameters(self, parameters: bytes) -> Message:
        """Return it with the same header before other parameters."""
        return self.with_body(self.body[: self._parameters_at] + parameters)

    def with_body(self, body: bytes, size: int = 0) -> Message:
        """Return it with another body, in chunks of at most `size` bytes (its own largest chunk if 0)."""
        size = size or max(_CHUNK_SIZE, *(len(chunk) for chunk in self.chunks), SYMMETRIC + 1)
        return replace(self, chunks=chunked(self.chunks[0], self.request, body, size))

    def for_request(self, request: int, handle: int) -> Message:
        """Return a response as the answer to another request."""
        at = len(number_id(0)) + 8
        body = self.body[:at] + struct.pack("<I", handle) + self.body[at + 4 :]
        return self.with_body(body).with_number(REQUEST, request)

    def fault(self, status: int) -> Message:
        """Return the ServiceFault that answers this request, or stands in for this response."""
        body = number_id(SERVICE_FAULT) + response_start(self.handle, status)
        return replace(self, direction="down", chunks=chunked(self.chunks[0], self.request, body, _CHUNK_SIZE))


@dataclass(frozen=True, slots=True)
class Send:
    """Something that leaves in place of a message, and that no further fault works on.

    Parameters
    ----------
    what
        A message, whose chunks are numbered as they leave; or bytes, which leave as they are.
    direction
        Which way bytes go; a message knows its own.
    delay_s
        How much later [s, wall time]; what comes behind does not wait.
    close
        Whether the connection closes behind it.
    """

    what: Message | bytes
    direction: Direction = "down"
    delay_s: float = 0.0
    close: bool = False


Outcome = "Sequence[Message | Send] | None"


def response_start(handle: int, status: int) -> bytes:
    """Return a response header of no time, that request handle and service result."""
    return struct.pack("<qII", 0, handle, status) + b"\x00" + struct.pack("<i", -1) + b"\x00\x00\x00"


def chunked(like: bytes, request: int, body: bytes, size: int) -> tuple[bytes, ...]:
    """Return a body as plain chunks on the channel of the chunk `like`, not numbered yet."""
    channel, token = struct.unpack_from("<II", like, HEADER.size)
    step = max(1, size - SYMMETRIC)
    starts = range(0, max(len(body), 1), step)
    return tuple(
        _CHUNK.pack(b"MSG", b"F" if start == starts[-1] else b"C", SYMMETRIC + len(piece), channel, token, 0, request)
        + piece
        for start in starts
        for piece in (body[start : start + step],)
    )
