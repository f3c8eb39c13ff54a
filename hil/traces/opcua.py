"""An OPC UA conversation in words, a line per chunk: connection protocol, secure conversation and the main services.

Written from OPC 10000-6 §6.7 and §7.1 and OPC 10000-4 §5 alone. Security policy None is read in full; under any other
policy a chunk is named and no more.
"""

from collections.abc import Iterable
from typing import Final, Literal

from hil.traces.opcua_binary import MalformedError, Reader
from hil.traces.opcua_chunks import LONGEST, NONE, Heading, cut, heading
from hil.traces.opcua_names import MESSAGES, status_name
from hil.traces.opcua_services import describe, request_header, response_header
from hil.traces.tap import Piece

_ARROWS: Final = {"up": "→", "down": "←"}
_SECURITY_MODES: Final = {1: "None", 2: "Sign", 3: "SignAndEncrypt"}


class Decoder:
    """Reads one connection, both ways, and remembers what its chunks refer to.

    Parameters
    ----------
    handles
        Whether to show request handles.
    """

    def __init__(self, *, handles: bool = False) -> None:
        self._handles = handles
        self._pending: dict[str, bytearray] = {"up": bytearray(), "down": bytearray()}
        self._parts: dict[tuple[str, int], list[bytes]] = {}
        self._channel: int | None = None
        self._tokens: list[int] = []
        self._plain = True

    def lines(self, direction: Literal["up", "down"], data: bytes) -> list[str]:
        """Return a line for each chunk that these bytes complete."""
        pending = self._pending[direction]
        pending += data
        if len(pending) > LONGEST:
            pending.clear()
            return [f"{_ARROWS[direction]} more bytes than any chunk has"]
        said = []
        while pending:
            try:
                chunk = cut(pending)
            except MalformedError as problem:
                said.append(f"{_ARROWS[direction]} {problem}; {len(pending)} bytes")
                pending.clear()
                break
            if chunk is None:
                break
            said.append(f"{_ARROWS[direction]} {self._line(direction, chunk)}")
        return said

    def rest(self) -> list[str]:
        """Return a line for each direction in which a chunk was left unfinished."""
        return [
            f"{_ARROWS[way]} {len(pending)} bytes of an unfinished chunk: {bytes(pending[:4])!r}"[:110]
            for way, pending in self._pending.items()
            if pending
        ]

    def _line(self, direction: str, chunk: bytes) -> str:
        try:
            head = heading(chunk, plain=self._plain)
            words = [head.kind, head.final] if head.kind == "MSG" and head.final != "F" else [head.kind]
            if head.kind in ("HEL", "ACK", "ERR"):
                return f"{head.kind} {_connection(head.kind, Reader(chunk, head.body_at))}"
            if head.at:
                words.append(f"seq {head.sequence} req {head.request}")
            words.extend(self._strange(direction, head))
            if head.kind == "OPN":
                self._plain = head.policy == NONE
            if not head.at:
                return f"{' '.join(words)} {len(chunk)} bytes, encrypted"
            return f"{' '.join(words)} {self._message(direction, head, chunk[head.body_at :])}"
        except MalformedError as problem:
            return f"{chunk[:3].decode()} {len(chunk)} bytes, not understood: {problem}"

    def _strange(self, direction: str, head: Heading) -> list[str]:
        """Note what the channel has not granted, and take in what it grants."""
        if head.kind == "OPN":
            if direction == "down":
                self._channel = head.channel
            return []
        words = []
        if self._channel is not None and head.channel != self._channel:
            words.append("[foreign channel]")
        if self._tokens and head.token not in self._tokens:
            words.append("[foreign token]")
        elif len(self._tokens) > 1 and head.token != self._tokens[-1]:
            words.append("[old token]")
        return words

    def _message(self, direction: str, head: Heading, body: bytes) -> str:
        parts = self._parts.setdefault((direction, head.request), [])
        if head.final == "A":
            self._parts.pop((direction, head.request))
            reader = Reader(body)
            return f"abort {status_name(reader.u32())}: {reader.string() or ''}".rstrip(": ")
        parts.append(body)
        if head.final == "C":
            return f"{len(body)} bytes"
        whole = b"".join(self._parts.pop((direction, head.request)))
        chunks = f"({len(parts)} chunks, {len(whole)} bytes) " if len(parts) > 1 else ""
        return chunks + self._service(Reader(whole))

    def _service(self, reader: Reader) -> str:
        type_id = reader.nodeid()
        name = MESSAGES.get(int(type_id[2:]) if type_id.startswith("i=") else 0)
        if name is None:
            return f"message of unknown type {type_id}"
        if name.endswith("Request"):
            handle, result = request_header(reader), 0
        else:
            handle, result = response_header(reader)
        told = [f"handle {handle}"] if self._handles else []
        if name.startswith("OpenSecureChannel"):
            told.append(self._open(name, reader))
        elif result >> 30:
            told.append(status_name(result))
        else:
            told.append(describe(name, reader))
        said = ", ".join(word for word in told if word)
        return f"{name}: {said}" if said else name

    def _open(self, name: str, reader: Reader) -> str:
        reader.u32()
        if name.endswith("Request"):
            kind = "renew" if reader.i32() else "issue"
            mode = reader.i32()
            reader.blob()
            return f"{kind}, {_SECURITY_MODES.get(mode, mode)}, lifetime {reader.u32()} ms"
        reader.u32()
        self._tokens = [*self._tokens[-1:], reader.u32()]
        reader.i64()
        return f"lifetime {reader.u32()} ms"


def _connection(kind: str, reader: Reader) -> str:
    if kind == "ERR":
        return f"{status_name(reader.u32())}: {reader.string() or ''}".rstrip(": ")
    reader.u32()
    receive, send, message, chunks = reader.u32(), reader.u32(), reader.u32(), reader.u32()
    limits = f"receives {receive}, sends {send}, message {message or 'of any size'}, chunks {chunks or 'any number'}"
    url = (reader.string() or "").partition("://")[2].partition("/")[2] if kind == "HEL" else ""
    return limits + (f", asks for /{url}" if kind == "HEL" else "")


def decode(pieces: Iterable[Piece]) -> list[str]:
    """Return a recorded conversation as lines; more than one connection are told apart by number."""
    pieces = list(pieces)
    decoders: dict[int, Decoder] = {}
    lines: list[str] = []
    several = len({piece.connection for piece in pieces}) > 1
    for piece in pieces:
        decoder = decoders.setdefault(piece.connection, Decoder())
        before = f"{piece.connection} " if several else ""
        lines.extend(before + line for line in decoder.lines(piece.direction, piece.data))
    for number, decoder in decoders.items():
        lines.extend((f"{number} " if several else "") + line for line in decoder.rest())
    return lines
