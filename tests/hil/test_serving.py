"""An emulated plant served to whoever connects: endpoint lines, control API, pace, and a clean end."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.clock import LockstepClock, WallClock
from emulator.emulation import Emulation
from hil.serving import Pacer, with_ports
from rigs.load import load_rig

ROOT = Path(__file__).parents[2]


# --- the pacer, without a process --------------------------------------------------------------------------


class Plant:
    """Counts its steps; the clock's grid is the only thing that matters here."""

    class plant:  # noqa: N801 - stands for the attribute of that name
        block_ns = 100_000_000

    def __init__(self, until: int) -> None:
        self.t_ns = 0
        self.left = until
        self.done = asyncio.Event()

    def step(self) -> None:
        self.t_ns += self.plant.block_ns
        self.left -= 1
        if self.left == 0:
            self.done.set()


async def paced(pacer: Pacer, done: asyncio.Event) -> None:
    task = asyncio.create_task(pacer.run())
    try:
        async with asyncio.timeout(20):
            await done.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_lockstep_waits_to_be_stepped():
    async def main() -> None:
        plant = Plant(3)
        pacer = Pacer(plant, LockstepClock())
        task = asyncio.create_task(pacer.run())
        await asyncio.sleep(0)
        assert (pacer.paused, plant.t_ns) == (True, 0)
        await pacer.step(3)
        assert plant.t_ns == 300_000_000
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def test_a_scaled_clock_keeps_its_grid():
    async def main() -> None:
        plant, clock = Plant(20), WallClock(scale=50.0)
        pacer = Pacer(plant, clock)
        began = asyncio.get_running_loop().time()
        await paced(pacer, plant.done)
        assert asyncio.get_running_loop().time() - began >= 19 * 0.1 / 50  # the first block sets the grid
        assert len(pacer.late_ns) == 20
        assert min(pacer.late_ns) >= 0

    asyncio.run(main())


@pytest.mark.parametrize("stepped", [0, 1000])
def test_after_a_pause_the_clock_goes_on_at_once_from_where_the_plant_is(stepped: int):
    """No catching up on the time of the pause, no standing still until the street has caught up with single steps."""

    async def main() -> None:
        plant = Plant(5)
        pacer = Pacer(plant, WallClock(scale=10.0))
        task = asyncio.create_task(pacer.run())
        await plant.done.wait()
        pacer.paused = True
        await asyncio.sleep(0)  # it falls into the pause
        await pacer.step(stepped)
        resumed_ns, began = plant.t_ns, asyncio.get_running_loop().time()
        plant.left, plant.done = 10, asyncio.Event()
        pacer.paused = False
        async with asyncio.timeout(10):  # 1000 blocks ahead would be 10 s of standing still
            await plant.done.wait()
        took_s = asyncio.get_running_loop().time() - began
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert plant.t_ns - resumed_ns == 10 * plant.plant.block_ns
        assert took_s >= 9 * 0.1 / 10

    asyncio.run(main())


def test_a_pause_that_comes_while_a_block_is_waited_for_holds_that_block_back():
    async def main() -> None:
        plant, asked = Plant(1), asyncio.Event()
        pacer = Pacer(plant, LockstepClock())

        class PausedMeanwhile(LockstepClock):
            async def wait_until(self, t_ns: int) -> int:
                pacer.paused = True
                asked.set()
                return 0

        pacer.clock, pacer.paused = PausedMeanwhile(), False
        task = asyncio.create_task(pacer.run())
        await asked.wait()
        await asyncio.sleep(0)
        assert plant.t_ns == 0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def test_a_port_base_numbers_the_tcp_devices_and_leaves_the_serial_line_alone():
    rig = with_ports(load_rig("pump_skid"), 5020)
    assert {device.id: device.port for device in rig.devices} == {"plc1": 5021, "drive1": 5022, "bus1": 0}
    assert with_ports(load_rig("pump_skid"), None) == load_rig("pump_skid")


# --- the process, as a user starts it ------------------------------------------------------------------------


class Served:
    """A running ``plantbench serve --json``."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from hil.cli import main; main()", "serve", "pump_skid", "--json", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.lines: list[dict[str, Any]] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1] == {"event": "ready"}:
                return
        raise AssertionError(self.process.communicate())

    @property
    def endpoints(self) -> dict[str, str]:
        return {line["device"]: line["url"] for line in self.lines if line["event"] == "endpoint"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.endpoints["control"] + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=30)
        return self.process.returncode, stdout, stderr


@pytest.fixture
def serve() -> Iterator[Any]:
    running: list[Served] = []

    def start(*arguments: str) -> Served:
        running.append(Served(*arguments))
        return running[-1]

    yield start
    for served in running:
        if served.process.poll() is None:
            served.process.kill()
            served.process.communicate(timeout=30)


def accepts(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.wire
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_announces_its_endpoints_works_and_ends_with_code_0(serve, number: signal.Signals):
    served = serve("--clock", "lockstep")
    assert [(line["event"], line.get("device"), line.get("protocol")) for line in served.lines] == [
        ("endpoint", "plc1", "opcua"),
        ("endpoint", "drive1", "modbus-tcp"),
        ("endpoint", "bus1", "modbus-rtu"),
        ("endpoint", "control", "http"),
        ("ready", None, None),
    ]
    assert Path(served.endpoints["bus1"]).exists()
    assert all(accepts(served.endpoints[name]) for name in ("plc1", "drive1", "control"))
    assert served.ask("GET", "/endpoints") == {k: v for k, v in served.endpoints.items() if k != "control"}
    assert served.ask("GET", "/health")["paused"]
    code, stdout, stderr = served.end(number)
    assert (code, stdout) == (0, "")
    assert "Traceback" not in stderr
    assert not any(accepts(served.endpoints[name]) for name in ("plc1", "drive1", "control"))


@pytest.mark.wire
def test_a_link_fault_injected_into_a_served_plant_acts_and_is_in_the_truth(serve):
    served = serve("--clock", "lockstep")
    served.ask("POST", "/clock/step", {"blocks": 1})
    port = urlsplit(served.endpoints["drive1"]).port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        read = bytes.fromhex("000100000006 01 04 0064 0004".replace(" ", ""))
        client.sendall(read)
        assert client.recv(64)[7] == 4
        kinds = {entry["kind"]: entry["layer"] for entry in served.ask("GET", "/faults/kinds")}
        assert kinds["link_reset"] == "link"
        number = served.ask("POST", "/faults", {"kind": "link_reset", "on": "drive1"})["id"]
        served.ask("POST", "/clock/step", {"blocks": 1})
        with pytest.raises(ConnectionResetError):
            client.recv(64)
    (fault,) = served.ask("GET", "/truth")["faults"]
    assert (fault["kind"], fault["on"], fault["layer"], fault["cleared_ns"]) == ("link_reset", "drive1", "link", None)
    served.ask("DELETE", f"/faults/{number}")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(read)
        assert client.recv(64)[7] == 4
    assert served.end()[0] == 0


@pytest.mark.wire
def test_the_wall_clock_is_the_default_and_runs_by_itself(serve):
    served = serve()
    first = served.ask("GET", "/clock")
    assert first["paused"] is False
    while served.ask("GET", "/clock")["t_ns"] == first["t_ns"]:
        assert served.process.poll() is None
    served.ask("POST", "/clock/pause")
    assert served.ask("GET", "/clock")["paused"] is True
    assert served.end()[0] == 0


@pytest.mark.wire
def test_a_port_base_gives_the_ports_in_the_rigs_order(serve):
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = free.getsockname()[1]
    # three ports in a row may be taken by now: then it must say so and end with code 2
    try:
        served = serve("--clock", "lockstep", "--port-base", str(base))
    except AssertionError as taken:
        assert "cannot open port" in str(taken)  # noqa: PT017 - one of two good ends
        return
    ports = {name: urlsplit(url).port for name, url in served.endpoints.items() if name != "bus1"}
    assert ports == {"control": base, "plc1": base + 1, "drive1": base + 2}


@pytest.mark.wire
def test_a_control_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError, match=f"cannot open port {port}"):
            Served("--clock", "lockstep", "--port-base", str(port))


def test_the_served_rig_is_the_shipped_one():
    assert {device.id for device in load_rig("pump_skid").devices} == set(Emulation(load_rig("pump_skid"), 1).images)
