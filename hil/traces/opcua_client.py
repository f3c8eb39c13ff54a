"""A bare OPC UA client in security policy None, for traces and tests: what it sends is exactly what it is told.

It keeps no promise a real client makes: it repeats nothing, checks nothing, and shows every answer as it came.
"""

import asyncio
import itertools
import struct
from types import TracebackType
from typing import Any, Final, Self

from hil.traces.opcua_binary import NO_EXTENSION, Reader, Value, blob, extension, number_id, string_id, text
from hil.traces.opcua_chunks import HEADER, NONE, cut, heading
from hil.traces.opcua_names import CODES, ENCODING_IDS, MESSAGES
from hil.traces.opcua_services import describe, response_header

ANONYMOUS: Final = 321
VALUE: Final = 13
_TIMEOUT_S: Final = 5.0


class Answer:
    """A response: its name, service result, and a reader that stands behind the header."""

    def __init__(self, request: int, body: bytes) -> None:
        self.request = request
        self.body = body
        self.reader = Reader(body)
        self.name = MESSAGES.get(int(self.reader.nodeid().partition("=")[2]), "unknown")
        self.handle, self.status = response_header(self.reader)

    @property
    def good(self) -> bool:
        """Whether the service did not fail as a whole."""
        return self.status >> 31 == 0 and self.name != "ServiceFault"

    def __str__(self) -> str:
        return describe(self.name, Reader(self.body, self.reader.position))


class Abort(Exception):  # noqa: N818 - the protocol's own word
    """The server aborted an answer, or said ERR: the status is the argument."""


class BareClient:
    """A connection to an OPC UA server; use it with `async with`.

    Parameters
    ----------
    host, port
        Where to connect.
    url
        The endpoint URL to ask for.
    connect
        Whether to open channel and session on entry.
    """

    def __init__(self, host: str, port: int, url: str = "opc.tcp://device/", *, connect: bool = True) -> None:
        self._address = (host, port)
        self._url = url
        self._connect = connect
        self._sequence = itertools.count(1)
        self._requests = itertools.count(1)
        self._pending = bytearray()
        self._parts: dict[int, bytes] = {}
        self._answers: dict[int, Answer] = {}
        self.channel = self.token = 0
        self.session = b"\x00\x00"
        self.sequences: list[int] = []
        self._reader: Any = None
        self._writer: Any = None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        if self._connect:
            await self.hello()
            await self.open()
            await self.start_session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def chunk(self) -> bytes:
        """Return the next whole chunk.

        Raises
        ------
        ConnectionError
            The server closed the connection.
        TimeoutError
            None came in 5 s.
        """
        while True:
            found = cut(self._pending)
            if found is not None:
                return found
            data = await asyncio.wait_for(self._reader.read(65536), _TIMEOUT_S)
            if not data:
                raise ConnectionError("the server closed the connection")
            self._pending += data

    async def hello(self, size: int = 65535) -> bytes:
        """Say Hello and return the server's answer."""
        body = struct.pack("<5I", 0, size, size, 0, 0) + text(self._url)
        self.send(HEADER.pack(b"HEL", b"F", 8 + len(body)) + body)
        return await self.chunk()

    async def open(self, *, renew: bool = False, lifetime_ms: int = 3_600_000) -> Answer:
        """Open or renew the secure channel."""
        request = next(self._requests)
        body = number_id(446) + self._header(b"\x00\x00", request)
        body += struct.pack("<Iii", 0, int(renew), 1) + blob(None) + struct.pack("<I", lifetime_ms)
        head = struct.pack("<I", self.channel) + text(NONE) + blob(None) + blob(None)
        head += struct.pack("<II", next(self._sequence), request)
        self.send(HEADER.pack(b"OPN", b"F", 8 + len(head) + len(body)) + head + body)
        answer = await self.answer(request)
        answer.reader.u32()
        self.channel, self.token = answer.reader.u32(), answer.reader.u32()
        return answer

    async def start_session(self, timeout_ms: float = 3_600_000.0) -> None:
        """Create and activate an anonymous session."""
        nobody = text("urn:trace") + text(None) + b"\x00" + struct.pack("<i", 1) + text(None) + text(None)
        body = (
            nobody + struct.pack("<i", 0) + text(None) + text(self._url) + text("trace") + blob(bytes(32)) + blob(None)
        )
        answer = await self.call("CreateSession", body + struct.pack("<dI", timeout_ms, 0))
        answer.reader.nodeid()
        session = answer.reader.position
        answer.reader.nodeid()
        self.session = answer.body[session : answer.reader.position]
        await self.activate()

    async def activate(self) -> Answer:
        """Activate the session anonymously."""
        none = text(None) + blob(None)
        token = extension(ANONYMOUS, text("anonymous"))
        return await self.call("ActivateSession", none + struct.pack("<ii", 0, 0) + token + none)

    def ask(self, service: str, body: bytes, *, handle: int | None = None) -> int:
        """Send a request and return its id; `answer` waits for what it brings."""
        request = next(self._requests)
        message = number_id(ENCODING_IDS[f"{service}Request"]) + self._header(self.session, handle or request) + body
        head = struct.pack("<IIII", self.channel, self.token, next(self._sequence), request)
        self.send(HEADER.pack(b"MSG", b"F", 8 + len(head) + len(message)) + head + message)
        return request

    async def call(self, service: str, body: bytes) -> Answer:
        """Send a request and wait for its answer."""
        return await self.answer(self.ask(service, body))

    async def answer(self, request: int | None = None) -> Answer:
        """Return the answer to that request, or (None) whichever comes next.

        Raises
        ------
        Abort
            The server aborted it, or ended the connection with ERR.
        """
        while True:
            if request in self._answers:
                return self._answers.pop(request)
            if request is None and self._answers:
                return self._answers.pop(next(iter(self._answers)))
            chunk = await self.chunk()
            head = heading(chunk)
            if head.kind == "ERR" or head.final == "A":
                raise Abort(Reader(chunk, head.body_at).u32())
            self.sequences.append(head.sequence)
            body = self._parts.pop(head.request, b"") + chunk[head.body_at :]
            if head.final == "C":
                self._parts[head.request] = body
            else:
                self._answers[head.request] = Answer(head.request, body)

    async def read(self, *nodes: bytes, attribute: int = VALUE) -> list[Value]:
        """Read attributes of nodes (encoded ids) with both times."""
        answer = await self.call("Read", read_body(*nodes, attribute=attribute))
        if not answer.good:
            raise Abort(answer.status)
        return [answer.reader.data_value() for _ in range(answer.reader.count())]

    async def subscribe(
        self, *nodes: bytes, interval_ms: float = 100.0, queue: int = 1, keep_alive: int = 10, lifetime: int = 1000
    ) -> int:
        """Create a subscription with an item for each node, client handles from 1 on; returns its id."""
        wanted = struct.pack("<dIIIBB", interval_ms, lifetime, keep_alive, 0, 1, 0)
        created = await self.call("CreateSubscription", wanted)
        if not created.good:
            raise Abort(created.status)
        number = created.reader.u32()
        body = struct.pack("<Iii", number, 2, len(nodes))
        for handle, node in enumerate(nodes, 1):
            body += node + struct.pack("<I", VALUE) + text(None) + struct.pack("<H", 0) + text(None)
            body += struct.pack("<iId", 2, handle, 0.0) + NO_EXTENSION + struct.pack("<I?", queue, True)
        await self.call("CreateMonitoredItems", body)
        return number

    def publish(self, *acknowledged: tuple[int, int]) -> int:
        """Send a PublishRequest that acknowledges (subscription, sequence number) pairs; returns its request id."""
        body = struct.pack("<i", len(acknowledged)) + b"".join(struct.pack("<II", *one) for one in acknowledged)
        return self.ask("Publish", body)

    async def republish(self, subscription: int, sequence: int) -> Answer:
        """Ask for a notification again."""
        return await self.call("Republish", struct.pack("<II", subscription, sequence))

    def _header(self, token: bytes, handle: int) -> bytes:
        return token + struct.pack("<qII", 0, handle, 0) + text(None) + struct.pack("<I", 10_000) + NO_EXTENSION


def read_body(*nodes: bytes, attribute: int = VALUE) -> bytes:
    """Return the parameters of a Read of these nodes, both times wanted."""
    one = struct.pack("<I", attribute) + text(None) + struct.pack("<H", 0) + text(None)
    return struct.pack("<dii", 0.0, 2, len(nodes)) + b"".join(node + one for node in nodes)


def status(name: str) -> int:
    """Return a status code by its name."""
    return CODES[name]


__all__ = ["Abort", "Answer", "BareClient", "number_id", "read_body", "status", "string_id"]
