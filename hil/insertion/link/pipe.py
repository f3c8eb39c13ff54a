"""One direction of a connection through the proxy: bytes, what faults make of them, and when they leave."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hil.insertion.link.base import Direction, LinkFault
    from hil.insertion.link.connection import Connection, Side
    from hil.insertion.link.counters import LinkCounters

QUEUE_BYTES = 256 * 1024


class Pipe:
    """A queue of pieces, each with the time it may leave [s of plant time]."""

    def __init__(self, connection: Connection, direction: Direction, source: Side, sink: Side) -> None:
        self.connection = connection
        self.direction = direction
        self.source = source
        self.sink = sink
        self._queue: deque[tuple[float, bytes | None, bool]] = deque()
        self._waiting = 0
        self._ended = False
        self._timer: asyncio.TimerHandle | None = None
        self._name_bytes = f"bytes_{direction}"
        self._name_swallowed = f"swallowed_{direction}"

    def other_end(self, side: Side) -> Side:
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
        if messages.idle and not any(fault.messages for fault in self.connection.faults_here()):
            self.connection.messages = None

    def pass_on(self, data: bytes | None, *, close: bool = False) -> None:
        """Send a piece on, through the faults that work on bytes."""
        proxy = self.connection.proxy
        if not proxy.faults and not self._queue:
            self._leave(data, close=close)
            return
        if self._ended:
            if close:
                self._leave(None, close=True)
            return
        faults = self.connection.faults_here()
        ending = None
        if data:
            data, ending = self._touched(data, faults)
        now_s = proxy.now_s()
        for piece in _cut(data, self._piece_bytes(faults, len(data))) if data else (data,) if data is None else ():
            due_s = self._due(now_s, piece, faults)
            if due_s is None:
                if not close:
                    _count(proxy.counters, self._name_swallowed, len(piece or b""))
                    continue
                due_s = now_s  # nobody is left to wait for: the counterpart goes too
            if self._queue:
                due_s = max(due_s, self._queue[-1][0])  # TCP keeps the order
            self._queue.append((due_s, piece, close))
            self._waiting += len(piece or b"")
        if self._waiting > QUEUE_BYTES:
            self.source.pause("queue")
        self._release()
        if ending is not None:
            self._ended = True
            self.connection.cut(self, ending)

    def flush(self) -> None:
        """Let everything leave now."""
        self._release(everything=True)

    def heal(self) -> None:
        """Let leave what waited for a fault to be over."""
        now_s = self.connection.proxy.now_s()
        self._queue = deque(
            (now_s if due_s == math.inf else due_s, piece, close) for due_s, piece, close in self._queue
        )
        self._release()

    def drop(self) -> None:
        """Forget what waits."""
        self._queue.clear()
        self._waiting = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _touched(self, data: bytes, faults: list[LinkFault]) -> tuple[bytes, str | None]:
        """Return what faults make of the bytes, and how the connection ends behind them, if it does."""
        number = self.connection.number
        ending: str | None = None
        for fault in faults:
            before = data
            data = fault.altered(number, self.direction, data)
            if data is not before and data != before:
                self._noted(fault, "altered")
            allowed = fault.allows(number, self.direction, len(data))
            if allowed is not None:
                data, ending = data[: allowed[0]], allowed[1]
                self._noted(fault, "ended")
        return data, ending

    def _piece_bytes(self, faults: list[LinkFault], length: int) -> int | None:
        sizes = [(fault, fault.slice_bytes(self.direction)) for fault in faults]
        for fault, size in sizes:
            if size is not None and size < length:
                self._noted(fault, "cut up")
        return min((size for _, size in sizes if size is not None), default=None)

    def _noted(self, fault: LinkFault, what: str) -> None:
        proxy = self.connection.proxy
        if proxy.note is not None:  # asked here as well: a byte at a time, even to name a thing costs
            proxy.noted(fault, self.connection.number, f"{self.direction} {what}")

    def _due(self, arrived_s: float, piece: bytes | None, faults: list[LinkFault]) -> float | None:
        for fault in faults:
            due_s = fault.due(self.connection.number, self.direction, arrived_s, len(piece or b""))
            if due_s is None:
                self._noted(fault, "swallowed")
                return None
            if due_s > arrived_s:
                self._noted(fault, "delayed")
            arrived_s = due_s  # what leaves one fault arrives at the next
        return arrived_s

    def _release(self, *, everything: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        proxy = self.connection.proxy
        now_s = proxy.now_s()
        join = len(self._queue) > 1 and any(fault.joins for fault in proxy.faults)
        joined = b""
        while self._queue and (everything or self._queue[0][0] <= now_s):
            _, piece, close = self._queue.popleft()
            self._waiting -= len(piece or b"")
            if join and piece:
                joined += piece
                continue
            if joined:
                self._leave(joined, close=False)
                joined = b""
            self._leave(piece, close=close)
        if joined:
            self._leave(joined, close=False)
        if self._waiting <= QUEUE_BYTES:
            self.source.resume("queue")
        if self._queue and self._queue[0][0] < math.inf:
            self._timer = asyncio.get_running_loop().call_at(proxy.loop_s(self._queue[0][0]), self._release)

    def _leave(self, piece: bytes | None, *, close: bool) -> None:
        transport = self.sink.transport
        if transport is None or transport.is_closing() or self.sink.ended:
            if close and transport is not None:
                transport.close()
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
