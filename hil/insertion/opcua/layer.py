"""Whole OPC UA messages out of a link's bytes, through the faults that work on them, and on in order.

A connection has such a layer while a message fault is on the link, and after that as long as sequence numbers or
Publish requests are out of step because of one. In security policy None messages are read and numbered anew; under
any other policy a chunk can only pass, be held up, lost, repeated or damaged as a whole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from hil.insertion.opcua.message import Message, Send
from hil.insertion.opcua.numbers import Numbers
from hil.insertion.opcua.publishes import Publishes
from hil.traces.opcua_binary import MalformedError, Reader
from hil.traces.opcua_chunks import NONE, SYMMETRIC, begins_chunk, cut, heading
from hil.traces.opcua_names import MESSAGES
from hil.traces.opcua_services import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hil.insertion.link.base import Direction, LinkFault, Wire
    from hil.insertion.opcua.fault import OpcUaFault

_LARGEST: Final = 64 * 1024 * 1024  # a message that is not finished by then passes as it is
_COMPLETE: Final = ("PublishRequest", "ReadRequest")  # nothing stands behind the parameters we read of these


class _Way:
    """One direction: bytes of an unfinished chunk, chunks of an unfinished message."""

    def __init__(self) -> None:
        self.pending = bytearray()
        self.parts: list[bytes] = []
        self.held = 0
        self.numbers = Numbers()
        self.found = False


class OpcUaMessages:
    """The layer of one connection.

    Parameters
    ----------
    wire
        The connection.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._ways: dict[Direction, _Way] = {"up": _Way(), "down": _Way()}
        self._plain: bool | None = None
        self._late: deque[tuple[asyncio.TimerHandle, Send]] = deque()
        self.publishes = Publishes(self._deliver)

    @property
    def idle(self) -> bool:
        """Whether the bytes may go their way without it."""
        ways = all(way.numbers.even and not way.pending and not way.parts for way in self._ways.values())
        return ways and not self._late and self.publishes.even

    def can_add(self, direction: Direction) -> bool:
        """Whether a message may be added this way: the channel's last number must be known."""
        return self._plain is True and self._ways[direction].numbers.known

    def feed(self, direction: Direction, data: bytes) -> None:
        """Take bytes; a layer that begins amid a conversation waits for bytes that begin a chunk."""
        way = self._ways[direction]
        if not way.found and not way.pending:
            way.found = begins_chunk(data)
            if not way.found:
                self._wire.emit(direction, data)
                return
        way.pending += data
        try:
            while (chunk := cut(way.pending)) is not None:
                self._chunk(direction, way, chunk)
        except MalformedError:
            way.found = False
            self.finish(direction)

    def finish(self, direction: Direction) -> None:
        """Emit what is unfinished, as it is."""
        way = self._ways[direction]
        rest = b"".join((*map(way.numbers.stamp, way.parts), way.pending))
        way.parts, way.held = [], 0
        way.pending.clear()
        if rest:
            self._wire.emit(direction, rest)

    def flush(self) -> None:
        """Emit what was to leave later, now."""
        while self._late:
            timer, send = self._late.popleft()
            timer.cancel()
            self._leave(send)

    def release(self, fault: LinkFault) -> None:
        """Emit what that fault holds back."""
        if fault.messages is OpcUaMessages:
            self.send(cast("OpcUaFault", fault).release(self._wire.number))

    def drop(self) -> None:
        """Forget all it holds back."""
        while self._late:
            self._late.popleft()[0].cancel()
        for way in self._ways.values():
            way.pending.clear()
            way.parts = []

    def send(self, sends: Iterable[Message | Send]) -> None:
        """Send messages that no fault works on any more."""
        for one in sends:
            send = one if isinstance(one, Send) else Send(one, one.direction)
            if send.delay_s <= 0.0:
                self._leave(send)
                continue
            timer = asyncio.get_running_loop().call_later(send.delay_s / self._wire.rate, self._leave_late, send)
            self._late.append((timer, send))

    def _leave_late(self, send: Send) -> None:
        self._late = deque(pair for pair in self._late if pair[1] is not send)
        self._leave(send)

    def _chunk(self, direction: Direction, way: _Way, chunk: bytes) -> None:
        """Take a chunk; with the last one of a message, the message."""
        try:
            head = heading(chunk, plain=self._plain is not False)
        except MalformedError:
            self._wire.emit(direction, chunk)
            return
        if head.kind == "OPN":
            self._plain = head.policy == NONE
        elif self._plain is None and head.kind == "MSG" and not way.parts:
            self._plain = _reads_plainly(chunk)
        if head.at and self._plain:
            way.numbers.take(head.sequence)
        way.parts.append(chunk)
        way.held += len(chunk)
        if head.final == "C" and head.kind == "MSG" and way.held <= _LARGEST:
            return
        chunks, way.parts, way.held = tuple(way.parts), [], 0
        message = Message(self._wire.number, direction, chunks, plain=self._plain is True)
        try:
            self.send(self._worked(message))
        except MalformedError:  # of a type we know, and yet not to be read: no fault of ours has a hold on it
            self.send((message,))

    def _worked(self, message: Message) -> Sequence[Message | Send]:
        if message.direction == "down" and message.service in ("Publish", "ServiceFault"):
            settled = self.publishes.settle(message)
            if settled is None:
                return ()
            message = settled
        now: list[Message | Send] = [message]
        for fault in self._faults():
            then: list[Message | Send] = []
            for one in now:
                changed = fault.rewrite(one, self) if isinstance(one, Message) else None
                if changed is not None and isinstance(one, Message):
                    self._wire.noted(fault, f"{one.direction} {one.name or one.kind}")
                then.extend((one,) if changed is None else changed)
            now = then
        for one in now:
            if isinstance(one, Message) and one.direction == "up" and one.name == "PublishRequest":
                self.publishes.asked(one)
        return now

    def _faults(self) -> tuple[OpcUaFault, ...]:
        return cast("tuple[OpcUaFault, ...]", tuple(f for f in self._wire.faults if f.messages is OpcUaMessages))

    def _deliver(self, message: Message) -> None:
        self._leave(Send(message, "down"))

    def _leave(self, send: Send) -> None:
        what, direction = send.what, send.direction
        if isinstance(what, Message):
            direction = what.direction
            numbers = self._ways[direction].numbers
            jumps = [what.jump, *(0 for _ in what.chunks[1:])]
            data = b"".join(
                numbers.stamp(chunk, jump) if what.plain else chunk
                for chunk, jump in zip(what.chunks, jumps, strict=True)
            )
        else:
            data = what
        if data:
            self._wire.emit(direction, data)
        if send.close:
            self._wire.hang_up(direction)


def _reads_plainly(chunk: bytes) -> bool | None:
    """Tell from the first chunk of a message whether it is neither encrypted nor signed; None if one cannot tell."""
    try:
        reader = Reader(chunk, SYMMETRIC)
        name = MESSAGES.get(int(reader.nodeid().partition("=")[2]), "")
        if not name:
            return False
        if name not in _COMPLETE:
            return True
        message = Message(0, "up", (chunk,))
        parameters = message.parameters
        describe(name, parameters)
    except (MalformedError, ValueError):
        return False
    return parameters.left == 0
