"""The Modbus TCP server: joins codec and device to asyncio. Bytes and rules live elsewhere.

One write per batch of requests that arrived together; a peer that does not read its answers is not read
either, so it holds at most one read buffer's worth of answers and the socket's own buffers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from emulator.devices.modbus.codec import Malformed, ModbusServerCodec
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import ModbusDevice, device_from_rig
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.repeats import REQUEST_SIZE, RepeatedReads

if TYPE_CHECKING:
    from typing import Self

    from emulator.devices.image import DeviceImage

# Bounds what one read may ask for: 4096 bytes are 341 requests, whose answers take at most 89 kB.
_READ_SIZE: Final = 4096


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many peers may hold on, and for how long without a word.

    Parameters
    ----------
    connections
        most connections at once.
    when_full
        "refuse" closes the newcomer, "drop_oldest" closes the longest-standing connection.
    idle_s
        close a connection that completed no request for this long [s]; None never does.
    """

    connections: int = 16
    when_full: Literal["refuse", "drop_oldest"] = "refuse"
    idle_s: float | None = 300.0


class ModbusTcpServer:
    """Serves one Modbus device on a TCP port.

    Parameters
    ----------
    device
        who answers.
    host, port
        where to listen; port 0 lets the system choose, `port` has the choice after `start`.
    """

    def __init__(
        self,
        device: ModbusDevice,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: ConnectionLimits | None = None,
        misbehaviour: ModbusMisbehaviour | None = None,
    ) -> None:
        self.device = device
        self.host = host
        self.port = port
        self.limits = limits or ConnectionLimits()
        self.misbehaviour = misbehaviour or ModbusMisbehaviour()
        self.repeats = RepeatedReads(device)
        self.online = True
        self.refused = 0
        self.malformed = 0
        self._connections: dict[_Connection, None] = {}
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Future[None] | None = None

    @classmethod
    def from_image(
        cls,
        image: DeviceImage,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        misbehaviour: ModbusMisbehaviour | None = None,
    ) -> Self:
        """Return the server of an image's device; it follows the image's power.

        `port` is not the rig's: the link proxy in front of the server listens there.
        """
        server = cls(
            device_from_rig(image),
            host=host,
            port=port,
            limits=ConnectionLimits(connections=image.device.connections),
            misbehaviour=misbehaviour,
        )
        server.power(image.online)
        image.on_power(server.power)
        return server

    @property
    def url(self) -> str:
        """Where clients find the server, once started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"modbus-tcp://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def start(self) -> str:
        """Listen, and return `url`; `port` is real from now on. OSError if the address is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, loop), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._sweep()
        return self.url

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        if self._server is None:
            return
        self._server.close()
        self._drop_all()
        if self._connections:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied
        await self._server.wait_closed()
        self._server = None

    def power(self, online: bool) -> None:
        """Lose power (every connection drops and newcomers are closed at once) or have it back."""
        self.online = online
        if not online:
            self._drop_all()

    def _drop_all(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    def _admit(self, newcomer: _Connection) -> bool:
        if not self.online:
            return False
        if len(self._connections) >= self.limits.connections:
            if self.limits.when_full == "refuse":
                self.refused += 1
                return False
            next(iter(self._connections)).abort()
        self._connections[newcomer] = None
        return True

    def _forget(self, connection: _Connection) -> None:
        self._connections.pop(connection, None)
        if self._emptied is not None and not self._connections and not self._emptied.done():
            self._emptied.set_result(None)

    def _sweep(self) -> None:
        """Drop connections that were silent for one whole sweep, so the limit is met within twice itself."""
        if self.limits.idle_s is None:
            return
        for connection in list(self._connections):
            connection.drop_if_silent()
        self._sweeper = asyncio.get_running_loop().call_later(self.limits.idle_s, self._sweep)


class _Connection(asyncio.BufferedProtocol):
    """One peer."""

    def __init__(self, server: ModbusTcpServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._codec = ModbusServerCodec()
        self._buffer = bytearray(_READ_SIZE)
        self._view = memoryview(self._buffer)
        self._talked = True
        self._transport: asyncio.Transport | None = None
        self._conversation: Conversation | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a TCP connection writes"
        self._transport = transport
        if not self._server._admit(self):  # noqa: SLF001 - one object in two classes
            transport.abort()
            return
        self._conversation = Conversation(
            self._server.device,
            self._codec,
            self._server.misbehaviour,
            later=self._loop.call_later,
            send=transport.write,
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if self._conversation is not None:
            self._conversation.close()
        self._server._forget(self)  # noqa: SLF001 - one object in two classes

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        conversation, transport = self._conversation, self._transport
        if conversation is None or transport is None:
            return
        data = bytes(self._view[:nbytes])
        if nbytes == REQUEST_SIZE and conversation.plain and not self._codec.waiting_for_more:
            repeats = self._server.repeats
            answer = repeats.answer(data)
            if answer is not None:
                self._talked = True
                transport.write(answer)
                return
            repeats.learn(data)
        answers: list[bytes] = []
        for event in self._codec.receive(data):
            if isinstance(event, Malformed):
                self._server.malformed += 1
                transport.write(b"".join(answers))
                transport.close()
                return
            self._talked = True
            answers.append(conversation.answer(event))
        transport.write(b"".join(answers))

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
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
