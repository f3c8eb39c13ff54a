"""Keep an emulated plant alive for whoever wants to connect."""

import asyncio
import contextlib
import ipaddress
import json
import signal
import sys
from collections import deque

from rich.console import Console
from rich.markup import escape

from emulator.clock import Clock, WallClock, clock_from
from emulator.emulation import Emulation
from emulator.http import HttpService
from hil.console import warm_up
from hil.rig import LOOPBACK, LiveRig
from rigs.load import load_rig
from rigs.schema import Rig


class Pacer:
    """Steps the plant as its clock allows; pausing and single steps come from the control API."""

    def __init__(self, emulation: Emulation, clock: Clock) -> None:
        self.emulation = emulation
        self.clock = clock
        self.paused = clock.kind == "lockstep"
        self.blocks = 0
        self.late_ns: deque[int] = deque(maxlen=1000)

    async def run(self) -> None:
        """Step for ever."""
        while True:
            if self.paused:
                await self._paused()
            self.late_ns.append(await self.clock.wait_until(self.emulation.t_ns + self.emulation.plant.block_ns))
            if self.paused:  # while it waited for the block's time
                continue
            self.emulation.step()
            self.blocks += 1
            await asyncio.sleep(0)

    async def _paused(self) -> None:
        """Return when the pause is over; the clock goes on from where single steps have brought the plant."""
        from_s, from_ns = asyncio.get_running_loop().time(), self.emulation.t_ns
        while self.paused:  # noqa: ASYNC110 - a request clears it; fifty looks a second are as good as a signal
            await asyncio.sleep(0.02)
        if isinstance(self.clock, WallClock):
            real_ns = round((asyncio.get_running_loop().time() - from_s) * 1e9)
            self.clock.shift(real_ns - round((self.emulation.t_ns - from_ns) / self.clock.scale))

    async def step(self, blocks: int) -> None:
        """Advance that many blocks now, letting the servers breathe in between."""
        for _ in range(blocks):
            self.emulation.step()
            await asyncio.sleep(0)


def with_ports(rig: Rig, base: int | None) -> Rig:
    """Return the rig with its TCP devices on consecutive ports from `base`; unchanged without one."""
    if base is None:
        return rig
    tcp = [device.id for device in rig.devices if device.protocol != "modbus-rtu"]
    ports = {name: base + 1 + index for index, name in enumerate(tcp)}
    devices = tuple(d.model_copy(update={"port": ports.get(d.id, 0)}) for d in rig.devices)
    return rig.model_copy(update={"devices": devices})


def open_to_others(host: str) -> bool:
    """Whether who listens on `host` can be reached from other machines."""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


async def serve_rig(
    name: str, clock_text: str, seed: int, port_base: int | None, *, host: str = LOOPBACK, json_lines: bool
) -> int:
    """Serve until a signal comes; returns the exit code. The control API is on loopback whatever `host` is."""
    console = Console(stderr=True)
    try:
        clock = clock_from(clock_text)
    except ValueError as problem:
        console.print(f"[red]{escape(str(problem))}[/]")
        return 2
    rig = with_ports(load_rig(name), port_base)
    try:
        warm_up(console, rig, twin=False)
    except ValueError as problem:  # a plant that cannot be built from this rig
        console.print(f"[red]{escape(str(problem))}[/]")
        return 2
    live = LiveRig(rig, seed, clock.epoch_ns, rate=clock.rate, host=host)
    pacer = Pacer(live.emulation, clock)

    from emulator.control import control_app

    control = HttpService(control_app(live.emulation, pacer, live.endpoints), port_base or 0)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def announce(device: str, protocol: str, url: str) -> None:
        if json_lines:
            print(
                json.dumps({"event": "endpoint", "device": device, "protocol": protocol, "url": url}),
                flush=True,
            )
        else:
            console.print(f"  [bold]{device:<10}[/] {protocol:<11} {url}")

    pacing: asyncio.Task[None] | None = None
    try:
        console.print(f"[bold]{escape(rig.title or rig.rig)}[/] · clock {clock.kind} · seed {seed}")
        if open_to_others(host):
            console.print(
                f"[yellow]Devices listen on {escape(host)}: whoever reaches it may read them and, unless they are "
                "secured, write.[/]"
            )
        await live.start(announce)
        announce("control", "http", await control.start())
        live.emulation.begin(clock.begin(0))
        if json_lines:
            print(json.dumps({"event": "ready"}), flush=True)
        else:
            console.print("Serving. Read it with any client, inject faults at the control API (/docs); Ctrl-C stops.")
        pacing = asyncio.create_task(pacer.run())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([pacing, stopped], return_when=asyncio.FIRST_COMPLETED)
        if pacing.done():
            pacing.result()
    except OSError as problem:
        console.print(f"[red]{escape(problem.strerror or str(problem))}[/]")
        return 2
    finally:
        if pacing:
            pacing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await pacing
        await control.stop()
        await live.stop()
        sys.stdout.flush()
    return 0
