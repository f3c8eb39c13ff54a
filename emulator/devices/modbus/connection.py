"""One peer of the Modbus server on TCP."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, Protocol, cast

from emulator.devices.modbus.codec import Malformed, ModbusServerCodec
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import BROADCAST
from emulator.devices.modbus.repeats import REQUEST_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.codec import Request, Response
    from emulator.devices.modbus.server import ModbusTcpServer

# Bounds what one read may ask for: 4096 bytes are 341 requests, whose answers take at most 89 kB.
_READ_SIZE: Final = 4096


class ServerCodec(Protocol):
    """A framing, sans I/O: the server's end of one connection."""

    @property
    def waiting_for_more(self) -> bool:
        """Whether the bytes so far end inside a frame."""
        ...

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """Return what `data` completes, in order."""
        ...

    def send(self, response: Response) -> bytes:
        """Return the frame that carries `response`."""
        ...


class Connection(asyncio.BufferedProtocol):
    """One peer: bytes in, requests to the conversation, answers out in one write."""

    def __init__(self, server: ModbusTcpServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._codec = server.new_codec()
        self._mbap = isinstance(self._codec, ModbusServerCodec)
        # Nothing healthy stands between request and answer: a repeated read may take the short way.
        short = server.pace is None and server.tls is None
        self._direct = self._codec if short and isinstance(self._codec, ModbusServerCodec) else None
        self._wrong = server.misbehaviour
        self._repeats = server.repeats
        self._plans = server.device.plans
        self._held: dict[int, tuple[bytes, bool]] = {}
        self._socket = -1
        self._silence: Callable[[], list[Request | Malformed]] | None = getattr(self._codec, "silence", None)
        self._silence_timer: asyncio.TimerHandle | None = None
        self._buffer = bytearray(_READ_SIZE)
        self._view = memoryview(self._buffer)
        # A repeated read is known by what follows its transaction id: views, for slices would be made anew each time.
        self._transaction, self._asked = self._view[:2], self._view[2:REQUEST_SIZE]
        self._talked = True
        self._transport: asyncio.Transport | None = None
        self._conversation: Conversation | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the server, or leave at once."""
        transport = self._transport = cast("asyncio.Transport", transport)  # another loop's need not be asyncio's own
        server = self._server
        if not server.admit(self):
            transport.abort()
            return
        self._conversation = Conversation(
            server.device,
            self._codec,
            server.misbehaviour,
            later=server.timers.answer,
            send=self._send,
            soon=self._loop.call_later,
            now_s=server.timers.now_s,
            pace=server.pace,
            allowed=None if server.tls is None else server.tls.rights_of(transport.get_extra_info("ssl_object")),
        )
        self._held = self._conversation.held
        self._socket = transport.get_extra_info("socket").fileno()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the peer."""
        if self._silence_timer is not None:
            self._silence_timer.cancel()
        if self._conversation is not None:
            self._conversation.close()
        self._server.forget(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Answer what has come."""
        transport, direct = self._transport, self._direct
        if self._conversation is None or transport is None:
            return
        if nbytes == REQUEST_SIZE and direct is not None and not (self._wrong.active or self._held or direct.rest):
            plan = self._plans.get(self._asked.tobytes())
            if plan is not None:
                head, registers, counters = plan
                counters.server_messages += 1
                self._talked = True
                answer = b"".join((self._transaction, head, registers))
                sent = 0
                # What the transport would do, without its many questions; what is left over is the transport's.
                if not transport.get_write_buffer_size():
                    try:
                        sent = os.write(self._socket, answer)
                    except OSError:
                        sent = 0
                if sent < len(answer):
                    transport.write(answer[sent:])
                return
            self._repeats.learn(self._view[:nbytes].tobytes())
        data = self._view[:nbytes].tobytes()
        if self._take(self._codec.receive(data)) and self._silence is not None:
            self._watch_silence()

    def _take(self, events: list[Request | Malformed]) -> bool:
        """Answer requests; return whether the connection goes on."""
        conversation, transport = self._conversation, self._transport
        assert conversation is not None, "a connection that is served"
        assert transport is not None, "a connection that is open"
        answers: list[bytes] = []
        for event in events:
            if isinstance(event, Malformed):
                self._server.malformed += 1
                if self._mbap:
                    # A stream that broke its header's rules cannot be trusted to find the next one.
                    transport.write(b"".join(answers))
                    transport.close()
                    return False
                continue
            self._talked = True
            if not self._mbap and event.unit == BROADCAST:
                self._server.device.broadcast(event.pdu)
            else:
                answers.append(conversation.answer(event))
        transport.write(b"".join(answers))
        return True

    def _watch_silence(self) -> None:
        """End a frame that pauses too long, so that the next one is found; a timer only while a frame is open."""
        if self._silence_timer is not None:
            self._silence_timer.cancel()
            self._silence_timer = None
        if self._codec.waiting_for_more:
            self._silence_timer = self._loop.call_later(self._server.silence_s, self._silent)

    def _silent(self) -> None:
        self._silence_timer = None
        if self._silence is not None and self._transport is not None and not self._transport.is_closing():
            self._take(self._silence())

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        """Do not read from a peer that does not read."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def drop_if_silent(self) -> None:
        """Abort if no request came since the last call."""
        if not self._talked:
            self.abort()
        self._talked = False

    def abort(self) -> None:
        """Close at once, without waiting for a peer that does not read."""
        if self._transport is not None:
            self._transport.abort()
