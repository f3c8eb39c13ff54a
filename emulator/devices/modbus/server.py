"""The Modbus server on TCP: joins framing and device to asyncio. Bytes and rules live elsewhere.

One write per batch of requests that arrived together; a peer that does not read its answers is not read either, so it
holds at most one read buffer's worth of answers and the socket's own buffers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from emulator.devices.modbus.ascii_codec import AsciiServerCodec
from emulator.devices.modbus.codec import ModbusServerCodec
from emulator.devices.modbus.connection import Connection
from emulator.devices.modbus.device import ModbusDevice, device_from_rig
from emulator.devices.modbus.gateway import pace_of
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.repeats import RepeatedReads
from emulator.devices.modbus.rtu_codec import RtuServerCodec
from emulator.devices.timers import PacedTimers

if TYPE_CHECKING:
    from typing import Self

    from emulator.devices.image import DeviceImage
    from emulator.devices.modbus.connection import ServerCodec
    from emulator.devices.modbus.conversation import Pace
    from emulator.devices.modbus.security import TlsServing
    from emulator.devices.timers import Timers

WhenFull = Literal["refuse", "drop_oldest", "drop_newest"]
FramingName = Literal["tcp", "rtu", "ascii"]
# A serial server that passes frames on has no silences to go by; after this long a frame is not going on [s].
_STREAM_SILENCE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many peers may hold on, and for how long without a word.

    Parameters
    ----------
    connections
        most connections at once.
    when_full
        "refuse" closes the newcomer, "drop_oldest" the longest-standing connection, "drop_newest" the one that came
        last before the newcomer.
    idle_s
        close a connection that completed no request for this long [s]; None never does.
    backlog
        how many connections the system may hold for us to accept.
    """

    connections: int = 16
    when_full: WhenFull = "refuse"
    idle_s: float | None = 300.0
    backlog: int = 100


class ModbusTcpServer:
    """Serves one Modbus device on a TCP port.

    Parameters
    ----------
    device
        who answers.
    host, port
        where to listen; port 0 lets the system choose, `port` has the choice after `start`.
    limits
        see `ConnectionLimits`.
    misbehaviour
        what goes wrong.
    framing
        "tcp" is MBAP; "rtu" and "ascii" are frames of a serial line in a stream, as some serial servers pass them on.
    character_timeout_s
        how long an ASCII frame may pause [s].
    timers
        for late answers, in plant time; real time unless said.
    pace
        how long the healthy device takes, see `Conversation`.
    tls
        Modbus/TCP Security: certificates and roles; None is plain TCP.
    """

    def __init__(
        self,
        device: ModbusDevice,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: ConnectionLimits | None = None,
        misbehaviour: ModbusMisbehaviour | None = None,
        framing: FramingName = "tcp",
        character_timeout_s: float = 1.0,
        timers: Timers | None = None,
        pace: Pace | None = None,
        tls: TlsServing | None = None,
    ) -> None:
        self.device = device
        self.host = host
        self.port = port
        self.limits = limits or ConnectionLimits()
        self.misbehaviour = misbehaviour or ModbusMisbehaviour()
        self.misbehaviour.on_connection_limit = self._thin_out
        self.framing = framing
        self.silence_s = character_timeout_s if framing == "ascii" else _STREAM_SILENCE_S
        self.timers: Timers = timers or PacedTimers()
        self.pace = pace
        self.tls = tls
        self.repeats = RepeatedReads(device)
        self.online = True
        self.refused = 0
        self.malformed = 0
        self._connections: dict[Connection, None] = {}
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
        timers: Timers | None = None,
        tls: TlsServing | None = None,
    ) -> Self:
        """Return the server of an image's device; it follows the image's power.

        `port` is not the rig's: the link proxy in front of the server listens there.
        """
        settings = image.device.modbus
        device = device_from_rig(image)
        server = cls(
            device,
            host=host,
            port=port,
            limits=ConnectionLimits(image.device.connections, settings.when_full, settings.idle, settings.backlog),
            misbehaviour=misbehaviour,
            framing=settings.framing or "tcp",
            character_timeout_s=settings.character_timeout,
            timers=timers,
            pace=pace_of(settings, device.units),
            tls=tls,
        )
        server.power(image.online)
        image.on_power(server.power)
        return server

    @property
    def url(self) -> str:
        """Where clients find the server, once started; its path names what is not plain Modbus TCP."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = "/tls" if self.tls is not None else {"tcp": "", "rtu": "/rtu", "ascii": "/ascii"}[self.framing]
        return f"modbus-tcp://{host}:{self.port}{path}"

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    def new_codec(self) -> ServerCodec:
        """Return the server's end of a new connection."""
        match self.framing:
            case "rtu":
                return RtuServerCodec(self.device.units)
            case "ascii":
                return AsciiServerCodec(self.device.units)
            case _:
                return ModbusServerCodec()

    async def start(self) -> str:
        """Listen, and return `url`; `port` is real from now on. OSError if the address is taken."""
        loop = asyncio.get_running_loop()
        context = None if self.tls is None else self.tls.context()
        self._server = await loop.create_server(
            lambda: Connection(self, loop), self.host, self.port, ssl=context, backlog=self.limits.backlog
        )
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

    def admit(self, newcomer: Connection) -> bool:
        """Whether a new connection may stay; another may have to go for it."""
        if not self.online:
            return False
        fault = self.misbehaviour.connection_limit
        most, when_full = (self.limits.connections, self.limits.when_full) if fault is None else fault
        if len(self._connections) >= most:
            if fault is not None:
                self.misbehaviour.note("modbus_connection_limit", f"{most} connections open: {when_full}")
            if when_full == "refuse":
                self.refused += 1
                return False
            self._drop_one(newest=when_full == "drop_newest")
        self._connections[newcomer] = None
        return True

    def _drop_one(self, *, newest: bool) -> None:
        order = reversed(self._connections) if newest else iter(self._connections)
        leaver = next(order)
        # Closing takes a turn of the loop; its place is free at once.
        del self._connections[leaver]
        leaver.abort()

    def _thin_out(self) -> None:
        """Drop connections over a limit that has just become smaller."""
        limit = self.misbehaviour.connection_limit
        while limit is not None and len(self._connections) > limit[0]:
            self.misbehaviour.note("modbus_connection_limit", f"dropped, {limit[0]} may stay")
            self._drop_one(newest=limit[1] != "drop_oldest")

    def forget(self, connection: Connection) -> None:
        """Note that a connection is closed."""
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
