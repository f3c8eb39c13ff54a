"""A TCP proxy in front of any device, emulated or real, on which link faults act.

With no fault attached, bytes go from socket to socket after one check. With faults, each piece is given the
time it may leave and waits in a bounded queue; a queue that fills stops reading from its source, so a slow
link pushes back on the sender as a real one does.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hil.insertion.link.base import Direction, LinkFault, Messages, Stream

    Tap = Callable[[int, Direction, bytes], None]

QUEUE_BYTES = 256 * 1024
CONNECT_TIMEOUT_S = 10.0
_RST = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST and drops what was not sent


@dataclass(slots=True)
class LinkCounters:
    """What passed, for the record; byte counts are of bytes received from each side."""

    connections: int = 0
    open: int = 0
    resets: int = 0
    unreachable: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    swallowed_up: int = 0
    swallowed_down: int = 0

    def to_json(self) -> dict[str, int]:
        """JSON form."""
        return asdict(self)


class LinkProxy:
    """The proxy of one link.

    Parameters
    ----------
    name
        Name of the link (its device's id), for messages.
    upstream_host, upstream_port
        Where the device really is.
    host, port
        Where to listen; port 0 takes a free one, `address` tells which.
    streams
        The run's randomness: a link fault draws from the path ``link/<name>/<kind>``.

    Attributes
    ----------
    tap
        Called with connection number, direction and bytes as they leave the proxy, if set.
    """

    def __init__(
        self,
        name: str,
        upstream_host: str,
        upstream_port: int,
        streams: Callable[[str], Stream],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.name = name
        self._streams = streams
        self.upstream = (upstream_host, upstream_port)
        self.counters = LinkCounters()
        self.faults: tuple[LinkFault, ...] = ()
        self.tap: Tap | None = None
        self._listen = (host, port)
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Connection] = {}

    async def start(self) -> Self:
        """Open the listening port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, *self._listen)
        return self

    async def stop(self) -> None:
        """Close the port and every connection, and wait until they are gone."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in tuple(self._connections.values()):
            connection.abort()
        while self._connections:
            await asyncio.gather(*(c.gone.wait() for c in tuple(self._connections.values())))
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port clients must use."""
        if self._server is None:
            raise RuntimeError(f"link {self.name!r} is not open; start() it first")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    def stream(self, kind: str) -> Stream:
        """Return what faults of that kind draw from on this link."""
        return self._streams(f"link/{self.name}/{kind}")

    def attach(self, fault: LinkFault) -> None:
        """Put a fault on the link; standing connections it refuses are reset now."""
        if fault in self.faults:
            return
        fault.start()
        self.faults = (*self.faults, fault)
        for number, connection in tuple(self._connections.items()):
            if fault.refuses(number, existing=True):
                connection.reset()
            else:
                connection.read_messages(fault)

    def detach(self, fault: LinkFault) -> None:
        """Take a fault off; when it was the last one, whatever still waited leaves at once."""
        if fault not in self.faults:
            return
        self.faults = tuple(f for f in self.faults if f is not fault)
        for number, connection in tuple(self._connections.items()):
            if fault.maims(number):
                connection.reset()
                continue
            if connection.messages is not None:
                connection.messages.release(fault)
            if not self.faults:
                connection.flush()

    def _accept(self) -> _Side:
        number = self.counters.connections
        self.counters.connections += 1
        self.counters.open += 1
        connection = _Connection(self, number)
        for fault in self.faults:
            connection.read_messages(fault)
        self._connections[number] = connection
        return connection.client

    def forget(self, connection: _Connection) -> None:
        """Strike a connection off the list once both of its sockets are closed."""
        if self._connections.pop(connection.number, None) is not None:
            self.counters.open -= 1


class _Connection:
    """A client's connection, its counterpart to the device, and the two pipes between them."""

    def __init__(self, proxy: LinkProxy, number: int) -> None:
        self.proxy = proxy
        self.number = number
        self.gone = asyncio.Event()
        self.client = _Side(self)
        self.device = _Side(self)
        self.up = _Pipe(self, "up", self.client, self.device)
        self.down = _Pipe(self, "down", self.device, self.client)
        self.client.out, self.device.out = self.up, self.down
        self.client.into, self.device.into = self.down, self.up
        self.messages: Messages | None = None
        self._dial: asyncio.Task[None] | None = None

    @property
    def faults(self) -> tuple[LinkFault, ...]:
        """The faults on the link now."""
        return self.proxy.faults

    def read_messages(self, fault: LinkFault) -> None:
        """Cut bytes into messages from now on, if that is what the fault works on."""
        if fault.messages is not None and self.messages is None:
            self.messages = fault.messages(self)

    def emit(self, direction: Direction, data: bytes) -> None:
        """Send bytes that its message layer lets through."""
        (self.up if direction == "up" else self.down).pass_on(data)

    def hang_up(self, direction: Direction) -> None:
        """Close the connection once what was sent this way has left."""
        (self.up if direction == "up" else self.down).pass_on(None, close=True)

    def opened(self, side: _Side) -> None:
        """Dial the device once the client is here, unless a fault refuses the connection."""
        if side is not self.client:
            if self.client.closed:  # it left while we were dialling
                side.abort()
            return
        if any(fault.refuses(self.number, existing=False) for fault in self.proxy.faults):
            self.reset()
            return
        side.pause("dial")
        self._dial = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.create_connection(lambda: self.device, *self.proxy.upstream)
        except OSError:  # includes TimeoutError
            self.proxy.counters.unreachable += 1
            self.abort()
        else:
            self.client.resume("dial")
        finally:
            self._dial = None
            self._settle()

    def closed(self, side: _Side, exc: Exception | None) -> None:
        """One socket is gone: the other follows, by RST if the first one did, else after the last byte."""
        side.into.drop()
        if exc is not None:
            side.out.other_end(side).abort()
        else:
            side.out.put(None, close=True)
        if self._dial is not None and side is self.client:
            self._dial.cancel()
        self._settle()

    def reset(self) -> None:
        """Reset both sockets because a fault says so, and count it."""
        self.proxy.counters.resets += 1
        self.abort()

    def abort(self) -> None:
        """Close both sockets by RST; bytes on the way are lost."""
        if self._dial is not None:
            self._dial.cancel()
        if self.messages is not None:
            self.messages.drop()
        self.up.drop()
        self.down.drop()
        self.client.abort()
        self.device.abort()

    def flush(self) -> None:
        """Let everything that waits leave now."""
        if self.messages is not None:
            self.messages.flush()
        self.up.flush()
        self.down.flush()

    def _settle(self) -> None:
        if self.client.done and self.device.done and self._dial is None and not self.gone.is_set():
            if self.messages is not None:
                self.messages.drop()
            self.up.drop()
            self.down.drop()
            self.gone.set()
            self.proxy.forget(self)


class _Side(asyncio.Protocol):
    """One socket of a connection. `out` takes its bytes away, `into` brings bytes to it."""

    out: _Pipe
    into: _Pipe

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self._ended = {"in": False, "out": False}
        self._pauses: set[str] = set()

    @property
    def done(self) -> bool:
        """No socket is open: it was never opened, or it is closed."""
        return self.closed or self.transport is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.opened(self)

    def data_received(self, data: bytes) -> None:
        self.out.put(data)

    def eof_received(self) -> bool:
        self.out.put(None)
        return not self._end("in")  # half-closed: the other direction goes on

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.connection.closed(self, exc)

    def pause_writing(self) -> None:
        self.into.source.pause("sink")

    def resume_writing(self) -> None:
        self.into.source.resume("sink")

    def pause(self, why: str) -> None:
        """Stop reading; counted by reason, so that one reason's end does not end another's."""
        if not self._pauses and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        self._pauses.add(why)

    def resume(self, why: str) -> None:
        """Read again when no reason against it is left."""
        self._pauses.discard(why)
        if not self._pauses and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def write_eof(self) -> None:
        """Pass an end of stream on; a socket that has ended both ways is closed."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._end("out"):
            self.transport.close()
        else:
            self.transport.write_eof()

    def _end(self, way: str) -> bool:
        self._ended[way] = True
        return all(self._ended.values())

    def abort(self) -> None:
        """Close by RST."""
        if self.transport is not None and not self.closed:
            sock: socket.socket = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
            self.transport.abort()


class _Pipe:
    """One direction of a connection: a queue of pieces, each with the time it may leave."""

    def __init__(self, connection: _Connection, direction: Direction, source: _Side, sink: _Side) -> None:
        self.connection = connection
        self.direction = direction
        self.source = source
        self.sink = sink
        self._queue: deque[tuple[float, bytes | None, bool]] = deque()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._name_bytes = f"bytes_{direction}"
        self._name_swallowed = f"swallowed_{direction}"

    def other_end(self, side: _Side) -> _Side:
        """Return the side of this pipe that `side` is not."""
        return self.sink if side is self.source else self.source

    def put(self, data: bytes | None, *, close: bool = False) -> None:
        """Take a piece (None: end of stream; with `close`: close the socket after the last byte)."""
        proxy = self.connection.proxy
        if data is not None:
            _count(proxy.counters, self._name_bytes, len(data))
        messages = self.connection.messages
        if messages is None:
            self.pass_on(data, close=close)
            return
        if data is not None:
            messages.feed(self.direction, data)
        else:
            messages.finish(self.direction)
            self.pass_on(None, close=close)
        if messages.idle and not any(fault.messages for fault in proxy.faults):
            self.connection.messages = None

    def pass_on(self, data: bytes | None, *, close: bool = False) -> None:
        """Send a piece on, through the faults that work on bytes."""
        proxy = self.connection.proxy
        if not proxy.faults and not self._queue:
            self._leave(data, close=close)
            return
        loop = asyncio.get_running_loop()
        for piece in _cut(data, self._piece_bytes()) if data else (data,):
            due_s = self._due(loop.time(), piece)
            if due_s is None:
                if not close:
                    _count(proxy.counters, self._name_swallowed, len(piece or b""))
                    continue
                due_s = loop.time()  # nobody is left to wait for: the counterpart goes too
            if self._queue:
                due_s = max(due_s, self._queue[-1][0])  # TCP keeps the order
            self._queue.append((due_s, piece, close))
            self._waiting += len(piece or b"")
        if self._waiting > QUEUE_BYTES:
            self.source.pause("queue")
        self._release()

    def flush(self) -> None:
        """Let everything leave now."""
        self._release(everything=True)

    def drop(self) -> None:
        """Forget what waits."""
        self._queue.clear()
        self._waiting = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _piece_bytes(self) -> int | None:
        sizes = [f.slice_bytes(self.direction) for f in self.connection.proxy.faults]
        return min((s for s in sizes if s is not None), default=None)

    def _due(self, arrived_s: float, piece: bytes | None) -> float | None:
        for fault in self.connection.proxy.faults:
            due_s = fault.due(self.connection.number, self.direction, arrived_s, len(piece or b""))
            if due_s is None:
                return None
            arrived_s = due_s  # what leaves one fault arrives at the next
        return arrived_s

    def _release(self, *, everything: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        while self._queue and (everything or self._queue[0][0] <= now_s):
            _, piece, close = self._queue.popleft()
            self._waiting -= len(piece or b"")
            self._leave(piece, close=close)
        if self._waiting <= QUEUE_BYTES:
            self.source.resume("queue")
        if self._queue:
            self._timer = loop.call_at(self._queue[0][0], self._release)

    def _leave(self, piece: bytes | None, *, close: bool) -> None:
        transport = self.sink.transport
        if transport is None or transport.is_closing():
            return
        if piece:
            tap = self.connection.proxy.tap
            if tap is not None:
                tap(self.connection.number, self.direction, piece)
            transport.write(piece)
        elif close:
            transport.close()
        else:
            self.sink.write_eof()


def _cut(data: bytes, size: int | None) -> Iterable[bytes]:
    if size is None or len(data) <= size:
        return (data,)
    return (data[i : i + size] for i in range(0, len(data), size))


def _count(counters: LinkCounters, name: str, amount: int) -> None:
    setattr(counters, name, getattr(counters, name) + amount)
