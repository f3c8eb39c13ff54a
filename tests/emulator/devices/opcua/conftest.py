"""A small OPC UA device on a real loopback port, and a client to it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from asyncua import Client, ua

from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from emulator.streams import Streams
from rigs.devices.device import Device
from rigs.schema import Point

EPOCH_NS = 1_735_689_600_000_000_000
BLOCK_NS = 100_000_000
NAMESPACE = "urn:plantbench:test:plc1"


def _point(name: str, node: str, **more: Any) -> Point:
    opcua = {"node": node} | more.pop("opcua", {})
    return Point(id=name, device="plc1", asset="pump1", quantity="x", opcua=opcua, **({"signal": "s"} | more))


POINTS = (
    _point("pump1.flow", "Pump1/Flow", unit="m^3/h", range=(0, 120), description="Discharge flow"),
    _point("pump1.count", "Pump1/Count", range=(0, 4e9), opcua={"type": "UInt32"}),
    _point("pump1.running", "Pump1/Running", opcua={"type": "Boolean"}),
    _point("pid1.setpoint", "Pid1/Setpoint", unit="m^3/h", range=(0, 110), write="pid1.setpoint"),
    _point("pid1.auto", "Pid1/Auto", write="pid1.auto", opcua={"type": "Boolean"}),
    _point("motor1.start", "Motor1/Start", signal=None, write="start", opcua={"type": "Boolean", "method": True}),
    _point(
        "pump1.vibration",
        "Pump1/Vibration",
        unit="m/s^2",
        range=(-500, 500),
        sensor={"kind": "accelerometer", "full_scale": "490.3325 m/s^2"},
        waveform={"rate": "1 kHz", "buffer": "1 s"},
        opcua={"type": "Float"},
    ),
)


@dataclass
class Bench:
    """The device under test with a plant of one's own behind it."""

    image: DeviceImage
    server: OpcUaDevice
    t_ns: int = EPOCH_NS
    inserted: list[tuple[str, str]] = field(default_factory=list)

    def commit(self, t_ns: int | None = None, status: int = GOOD, **values: float) -> None:
        """Commit a scan one block later: flow follows the block number, vibration the sample number."""
        self.t_ns = self.t_ns + BLOCK_NS if t_ns is None else t_ns
        block = (self.t_ns - EPOCH_NS) // BLOCK_NS
        n0 = max(0, 100 * block - 1000)
        scan = {
            "pump1.flow": float(block),
            "pump1.count": block,
            "pump1.running": True,
            "pid1.setpoint": 75.0,
            "pid1.auto": True,
        } | {name.replace("__", "."): value for name, value in values.items()}
        readings = {name: Reading(value, status, self.t_ns) for name, value in scan.items()}
        samples = np.arange(n0, 100 * block, dtype=np.float32)
        readings["pump1.vibration"] = Reading(samples, status, self.t_ns, n0, 1000.0)
        self.image.commit(readings, self.t_ns)

    async def client(self) -> Client:
        """Return a connected client, to be disconnected by the caller or lost with the server."""
        client = Client(self.server.url, timeout=4)
        await client.connect()
        return client

    async def node(self, client: Client, path: str) -> Any:
        """Return the node at a browse path below the device's object."""
        index = await client.get_namespace_index(NAMESPACE)
        return await client.nodes.objects.get_child([f"{index}:plc1", *(f"{index}:{n}" for n in path.split("/"))])


@asynccontextmanager
async def running(points: tuple[Point, ...] = POINTS, **device: Any) -> AsyncIterator[Bench]:
    described = Device(id="plc1", protocol="opcua", namespace=NAMESPACE, title="PLC", **device)
    image = DeviceImage(described, points, EPOCH_NS)
    inserted: list[tuple[str, str]] = []
    server = OpcUaDevice(described, points, image, Streams(7), lambda kind, point: inserted.append((kind, point)))
    before = asyncio.all_tasks()
    await server.start()
    try:
        yield Bench(image, server, inserted=inserted)
    finally:
        await server.stop()
        await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() - before if "asyncua/client" not in repr(task)]
        assert not left, left


@pytest.fixture
def on_bench() -> Callable[[Callable[[Bench, Client], Awaitable[None]]], None]:
    """Return a function that runs a test body with a device and a connected client."""

    def run(body: Callable[[Bench, Client], Awaitable[None]], **device: Any) -> None:
        async def main() -> None:
            async with running(**device) as bench:
                client = await bench.client()
                try:
                    await body(bench, client)
                finally:
                    logging.disable(logging.CRITICAL)  # a client whose server went away says so at length
                    await client.disconnect()
                    logging.disable(logging.NOTSET)

        asyncio.run(main())

    return run


@pytest.fixture
def served() -> Callable[..., Any]:
    """Return the context manager that runs a device without a client."""
    return running


async def status_of(call: Awaitable[Any]) -> int:
    """Return the status code a service call fails with; 0 if it does not."""
    try:
        await call
    except ua.UaStatusCodeError as error:
        return int(error.code)
    return 0


@pytest.fixture
def fails_with() -> Callable[[Awaitable[Any]], Awaitable[int]]:
    return status_of
