"""A client's connection through the proxy, its counterpart to the device, and the two pipes between them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, cast

from hil.insertion.link.pipe import Pipe

if TYPE_CHECKING:
    from hil.insertion.link.base import Direction, Ending, LinkFault, Messages
    from hil.insertion.link.proxy import LinkProxy

CONNECT_TIMEOUT_S = 10.0
_WELCOMES = {"close": "closed at once", "mute": "left without a word", "hold": "held up"}
_RST = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST and drops what was not sent


class Connection:
    """Both sockets of a connection and what lies between them."""

    def __init__(self, proxy: LinkProxy, number: int) -> None:
        self.proxy = proxy
        self.number = number
        self.gone = asyncio.Event()
        self.client = Side(self)
        self.device = Side(self)
        self.up = Pipe(self, "up", self.client, self.device)
        self.down = Pipe(self, "down", self.device, self.client)
        self.client.out, self.device.out = self.up, self.down
        self.client.into, self.device.into = self.down, self.up
        self.messages: Messages | None = None
        self.held = False
        self._alone = False
        self._dial: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def faults(self) -> tuple[LinkFault, ...]:
        """The faults on the link now that act on this connection."""
        return tuple(self.faults_here())

    @property
    def rate(self) -> float:
        """Plant seconds per second of the event loop."""
        return self.proxy.rate

    def noted(self, fault: LinkFault, what: str) -> None:
        """Tell the truth log what a fault did here."""
        self.proxy.noted(fault, self.number, what)

    def faults_here(self) -> list[LinkFault]:
        """Return the faults that act on this connection."""
        return [fault for fault in self.proxy.faults if fault.covers(self.number)]

    def read_messages(self, fault: LinkFault) -> None:
        """Cut bytes into messages from now on, if that is what the fault works on."""
        if fault.messages is not None and self.messages is None and fault.covers(self.number):
            self.messages = fault.messages(self)

    def emit(self, direction: Direction, data: bytes) -> None:
        """Send bytes that its message layer lets through."""
        (self.up if direction == "up" else self.down).pass_on(data)

    def hang_up(self, direction: Direction) -> None:
        """Close the connection once what was sent this way has left."""
        (self.up if direction == "up" else self.down).pass_on(None, close=True)

    def opened(self, side: Side) -> None:
        """Meet the client as the faults have it: dial the device for it, if nothing is wrong."""
        if side is not self.client:
            if self.client.closed:  # it left while we were dialling
                side.abort()
            return
        faults = self.faults_here()
        refusing = [fault for fault in faults if fault.refuses(self.number, existing=False)]
        for fault in refusing:
            self.proxy.noted(fault, self.number, "reset")
        if refusing:
            self.reset()
            return
        welcomes = set()
        for fault in faults:
            welcome = fault.welcomes(self.number)
            welcomes.add(welcome)
            if welcome != "serve":
                self.proxy.noted(fault, self.number, _WELCOMES[welcome])
        for fault in faults:
            self.strike(fault)
        if "close" in welcomes:
            self.finish()
        elif "mute" in welcomes:
            self._alone = True
            side.pause("dial")
        else:
            side.pause("dial")
            self.held = "hold" in welcomes
            if not self.held:
                delays = [(fault, fault.dial_s(self.number)) for fault in faults]
                for fault, delay_s in delays:
                    if delay_s > 0.0:
                        self.proxy.noted(fault, self.number, "reaches the device late")
                self.dial(sum(delay_s for _, delay_s in delays))

    def strike(self, fault: LinkFault) -> None:
        """Have a fault's standing orders for this connection: what it does not read, and when it closes."""
        for direction, side in (("up", self.client), ("down", self.device)):
            if not fault.reads(self.number, cast("Direction", direction)):
                side.pause(fault.kind)
                self.proxy.noted(fault, self.number, f"{direction} not read")
        after_s = fault.closes_after(self.number)
        if after_s is not None:
            loop = asyncio.get_running_loop()
            self._timers.append(loop.call_at(self.proxy.loop_s(self.proxy.now_s() + after_s), self.expire, fault))

    def spare(self, fault: LinkFault) -> None:
        """Take a fault's standing orders back."""
        for side in (self.client, self.device):
            side.resume(fault.kind)

    def expire(self, fault: LinkFault) -> None:
        """Close both ends: the fault's time is up, if it is still there."""
        if fault in self.proxy.faults:
            self.proxy.noted(fault, self.number, "closed")
            self.finish()

    def dial(self, after_s: float = 0.0) -> None:
        """Reach the device `after_s` of plant time from now."""
        self.held = False
        if self._dial is None and not self.client.closed:
            self._dial = asyncio.get_running_loop().create_task(self._connect(after_s))
            # Not at the end of the coroutine: a task cancelled before its first step never comes to any end of it.
            self._dial.add_done_callback(self._dialled)

    async def _connect(self, after_s: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            if after_s > 0.0:
                await asyncio.sleep(after_s / self.proxy.rate)
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.create_connection(lambda: self.device, *self.proxy.upstream)
        except OSError:  # includes TimeoutError
            self.proxy.counters.unreachable += 1
            self.abort()
        else:
            self.client.resume("dial")

    def _dialled(self, _: asyncio.Task[None]) -> None:
        self._dial = None
        self._settle()

    def closed(self, side: Side, exc: Exception | None) -> None:
        """One socket is gone: the other follows, by RST if the first one did, else after the last byte."""
        side.into.drop()
        if self._alone and side is self.device:
            self._settle()
            return
        if exc is not None:
            side.out.other_end(side).abort()
        else:
            side.out.put(None, close=True)
        if self._dial is not None and side is self.client:
            self._dial.cancel()
        self._settle()

    def end(self, how: Ending) -> None:
        """Do to a standing connection what a fault says."""
        if how == "close":
            self.finish()
        elif how == "half_close":
            self.down.drop()
            self.client.write_eof()
        else:
            self._alone = True
            self.down.drop()
            self.device.abort()

    def finish(self) -> None:
        """Close both sockets in good order, by FIN; bytes on the way are lost."""
        if self._dial is not None:
            self._dial.cancel()
        self.up.drop()
        self.down.drop()
        for side in (self.client, self.device):
            if side.transport is not None:
                side.transport.close()

    def cut(self, pipe: Pipe, how: str) -> None:
        """End the connection behind the bytes that have just left."""
        if how == "rst":
            self.reset()
        else:
            pipe.pass_on(None, close=True)

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

    def heal(self) -> None:
        """Go on where a fault held it up."""
        if self.held:
            self.dial()
        self.up.heal()
        self.down.heal()

    def _settle(self) -> None:
        if self.client.done and self.device.done and self._dial is None and not self.gone.is_set():
            for timer in self._timers:
                timer.cancel()
            if self.messages is not None:
                self.messages.drop()
            self.up.drop()
            self.down.drop()
            self.gone.set()
            self.proxy.forget(self)


class Side(asyncio.Protocol):
    """One socket of a connection. `out` takes its bytes away, `into` brings bytes to it."""

    out: Pipe
    into: Pipe

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self._ended = {"in": False, "out": False}
        self._pauses: set[str] = set()

    @property
    def done(self) -> bool:
        """No socket is open: it was never opened, or it is closed."""
        return self.closed or self.transport is None

    @property
    def ended(self) -> bool:
        """Whether nothing more can be sent to it."""
        return self._ended["out"]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, without delay of small pieces."""
        self.transport = cast("asyncio.Transport", transport)
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._pauses:
            self.transport.pause_reading()
        self.connection.opened(self)

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the pipe."""
        self.out.put(data)

    def eof_received(self) -> bool:
        """Hand the end of the stream to the pipe; keep the socket open the other way."""
        self.out.put(None)
        return not self._end("in")  # half-closed: the other direction goes on

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the connection."""
        self.closed = True
        self.connection.closed(self, exc)

    def pause_writing(self) -> None:
        """Stop reading from the other end: this one is full."""
        self.into.source.pause("sink")

    def resume_writing(self) -> None:
        """Read from the other end again."""
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
        if self.transport is None or self.transport.is_closing() or self.ended:
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
