"""Traces of the link faults: a Modbus TCP client, the proxy and a device, on loopback.

The lines are what the client sent and read, decoded, and what its socket told it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.modbus.server import ModbusTcpServer
from emulator.devices.scaling import RegisterFormat
from emulator.streams import Streams
from hil.insertion.link.base import create
from hil.insertion.link.proxy import LinkProxy
from hil.traces.modbus import lines
from hil.traces.tap import Piece

# How long the client waits where nothing is to come, and where an answer is.
PATIENCE_S = 0.02
LONG_S = 5.0
ANSWER = 13
UNFINISHED = "of a frame that does not end"


class Scene:
    """What happens between a client and the device behind the proxy, as lines."""

    def __init__(self, proxy: LinkProxy) -> None:
        self.proxy = proxy
        self.told: list[str] = []
        self._pieces: dict[int, list[Piece]] = {}
        self._connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._asked = 0
        self._port = proxy.address

    async def connect(self, where: str = "the device's port") -> None:
        """Open one more connection, which is the one in use from now on."""
        try:
            address = self._port if where == "the device's port" else self.proxy.address
            self._connections.append(await asyncio.open_connection(*address))
        except ConnectionRefusedError:
            self.told.append(f"  connect to {where}: refused (RST)")
        else:
            self.told.append(f"  connect to {where}: accepted")

    async def ask(self, protocol: int = 0) -> None:
        """Ask for two registers; with another protocol id than 0 the device hangs up."""
        self._asked += 1
        request = bytes((0, self._asked, 0, protocol, 0, 6, 1, 3, 0, 0, 0, 2))
        self._tell(Piece(len(self._connections), "up", request))
        self._connections[-1][1].write(request)

    async def hear(self, patience_s: float = LONG_S) -> None:
        """Read until a whole answer is there, the connection ends, or nothing (more) comes."""
        reader = self._connections[-1][0]
        size = 0
        try:
            while size < ANSWER:
                async with asyncio.timeout(PATIENCE_S if size else patience_s):
                    data = await reader.read(4096)
                if not data:
                    self.told.append("← FIN")
                    return
                size += len(data)
                self._tell(Piece(len(self._connections), "down", data))
        except TimeoutError:
            self.told.append("  nothing more comes" if size else "  nothing comes")
        except ConnectionResetError:
            self.told.append("← RST")

    async def exchange(self, patience_s: float = LONG_S) -> None:
        """Ask and hear."""
        await self.ask()
        await self.hear(patience_s)

    def _tell(self, piece: Piece) -> None:
        pieces = self._pieces.setdefault(piece.connection, [])
        before = [line for line in lines(pieces) if UNFINISHED not in line]
        pieces.append(piece)
        if self.told and UNFINISHED in self.told[-1] and piece.direction == "down":
            self.told.pop()
        self.told += lines(pieces)[len(before) :]

    @property
    def moved(self) -> bool:
        """Whether the proxy listens at another port than it did."""
        return self.proxy.address != self._port

    async def close(self) -> None:
        """Let go of every connection."""
        for _, writer in self._connections:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def _device() -> ModbusDevice:
    values = [MappedValue(f"v{k}", k, RegisterFormat("u16", "ABCD", 1.0)) for k in range(2)]
    bank = RegisterBank(holding_registers=values, write=lambda point, value: None)
    table = bank.holding_registers
    for at, number in enumerate((421.0, 7.0)):
        table.put(table.starts[at], number)
    return ModbusDevice({1: bank})


Talk = Callable[[Scene, Callable[[float], None]], Awaitable[None]]


def play(kind: str, talk: Talk, params: dict[str, Any] | None = None) -> list[str]:
    """Return the lines of a scene; `talk` is given the scene and a way to set the fault's severity."""

    async def main() -> list[str]:
        server = ModbusTcpServer(_device())
        await server.start()
        fault = create(kind, params or {})
        async with LinkProxy("meter", "127.0.0.1", server.port, Streams(1)) as proxy:
            scene = Scene(proxy)

            def put(severity: float) -> None:
                scene.told.append("  the fault begins" if severity else "  the fault ends")
                fault.apply(proxy, severity, 0)

            try:
                await talk(scene, put)
            finally:
                await scene.close()
        await server.stop()
        return scene.told

    return asyncio.run(main())


Put = Callable[[float], None]


async def standing(scene: Scene, put: Put, patience_s: float = PATIENCE_S, then_s: float = LONG_S) -> None:
    """Play a connection that stands as the fault begins, and another one after it."""
    await scene.connect()
    await scene.exchange()
    put(1.0)
    await scene.exchange(patience_s)
    await scene.connect()
    await scene.exchange(then_s)


async def coming(scene: Scene, put: Put, patience_s: float = LONG_S) -> None:
    """Play a connection that is made while the fault is there, and one after it."""
    put(1.0)
    await scene.connect()
    await scene.exchange(patience_s)
    put(0.0)
    await scene.connect()
    await scene.exchange()


async def through(scene: Scene, put: Put, count: int = 2) -> None:
    """Play exchanges under the fault, and one more on another connection when it is gone."""
    await scene.connect()
    put(1.0)
    for _ in range(count):
        await scene.exchange()
    put(0.0)
    await scene.connect()
    await scene.exchange()


async def once(scene: Scene, put: Put) -> None:
    """Play the end of a connection under the fault, and another one."""
    await scene.connect()
    await scene.exchange()
    put(1.0)
    await scene.hear()
    await scene.connect()
    await scene.exchange()


async def refused(scene: Scene, put: Put) -> None:
    """Play a standing connection, a new one, and one when the fault is over."""
    await scene.connect()
    await scene.exchange()
    put(1.0)
    await scene.exchange()
    await scene.connect()
    if scene.moved:
        await scene.connect("the port it has moved to")
        await scene.exchange()
    put(0.0)
    await scene.connect()
    await scene.exchange()


async def slices(scene: Scene, put: Put) -> None:
    """Play one exchange, with every segment of its answer for itself."""
    await scene.connect()
    sizes: list[str] = []
    put(1.0)
    await scene.ask()
    scene.proxy.tap = lambda number, direction, data: sizes.append(data.hex(" ")) if direction == "down" else None
    before = len(scene.told)
    while len(" ".join(sizes).split()) < ANSWER:
        await scene.hear()
    scene.told[before:] = [f"← [{size}]" for size in sizes]


async def glued(scene: Scene, put: Put) -> None:
    """Play two requests under way at once, whose answers come as one."""
    await scene.connect()
    put(1.0)
    await scene.ask()
    await scene.ask()
    await scene.hear()


async def flapping(scene: Scene, put: Put) -> None:
    """Play a fall and what comes after it."""
    await scene.connect()
    await scene.exchange()
    put(1.0)
    await scene.hear()
    await scene.connect()
    put(0.0)
    await scene.connect()
    await scene.exchange()


async def held(scene: Scene, put: Put) -> None:
    """Play an exchange that waits for the end of the fault."""
    await scene.connect()
    await scene.exchange()
    put(1.0)
    await scene.exchange(PATIENCE_S)
    put(0.0)
    await scene.hear()


async def late(scene: Scene, put: Put) -> None:
    """Play an answer that takes its time."""
    put(1.0)
    await scene.connect()
    await scene.exchange(PATIENCE_S)
    await scene.hear()


async def slowly_closed(scene: Scene, put: Put) -> None:
    """Have the device hang up on a header that lies, of which the client learns late."""
    await scene.connect()
    await scene.exchange()
    put(1.0)
    await scene.ask(protocol=1)
    await scene.hear(PATIENCE_S)
    await scene.hear()


RECIPES = {
    "link_fin": partial(play, "link_fin", once),
    "link_half_close": partial(play, "link_half_close", once),
    "link_half_open": partial(play, "link_half_open", standing),
    "link_refuse": partial(play, "link_refuse", refused),
    "link_accept_then_close": partial(play, "link_accept_then_close", coming),
    "link_accept_never_answer": partial(play, "link_accept_never_answer", partial(coming, patience_s=PATIENCE_S)),
    "link_slicer": partial(play, "link_slicer", slices, {"size": 3, "delay_ms": 2}),
    "link_drip": partial(play, "link_drip", slices, {"interval_ms": 2}),
    "link_coalesce": partial(play, "link_coalesce", glued, {"window_ms": 20}),
    "link_limit": partial(play, "link_limit", through, {"bytes": 20}),
    "link_flap": partial(play, "link_flap", flapping),
    "link_corrupt": partial(play, "link_corrupt", partial(through, count=3), {"per_byte": 0.1}),
    "link_duplicate_bytes": partial(play, "link_duplicate_bytes", partial(through, count=3), {"per_byte": 0.06}),
    "link_drop_bytes": partial(play, "link_drop_bytes", through, {"per_byte": 0.06}),
    "link_zero_window": partial(play, "link_zero_window", held),
    "link_slow_connect": partial(play, "link_slow_connect", late, {"delay_ms": 120}),
    "link_port_moved": partial(play, "link_port_moved", refused),
    "link_slow_close": partial(play, "link_slow_close", slowly_closed, {"delay_ms": 120}),
    "link_timeout": partial(play, "link_timeout", once, {"timeout_ms": 20}),
    "link_partition": partial(play, "link_partition", held),
    "link_latency": partial(play, "link_latency", late, {"latency_ms": 120}),
    "link_blackhole": partial(play, "link_blackhole", partial(standing, then_s=PATIENCE_S)),
    "link_reset": partial(play, "link_reset", partial(standing, patience_s=LONG_S)),
    "link_bandwidth": partial(play, "link_bandwidth", late, {"rate_kb_s": 0.2}),
}
