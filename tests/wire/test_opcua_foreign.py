"""The OPC UA server before a client that shares nothing with it: node-opcua, in a process of its own.

asyncua stands on both ends of our own tests; a mistake it makes twice would not show there.
"""

import asyncio
import json
import os
from pathlib import Path

import numpy as np
import pytest

from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from rigs.devices.device import Device
from rigs.schema import Point

pytestmark = pytest.mark.wire

FOLDER = Path(__file__).parent / "node"
NAMESPACE = "urn:plantbench:test:plc1"
EPOCH_NS = 1_735_689_600_000_000_000
BLOCK_NS = 100_000_000
PATIENCE_S = 60.0


def _point(name, node, **more):
    opcua = {"node": node} | more.pop("opcua", {})
    return Point(id=name, device="plc1", asset="pump1", quantity="x", opcua=opcua, **({"signal": "s"} | more))


POINTS = (
    _point("pump1.flow", "Pump1/Flow", unit="m^3/h", range=(0, 120)),
    _point("pump1.count", "Pump1/Count", range=(0, 2e19), opcua={"type": "UInt64"}),
    _point("pump1.running", "Pump1/Running", opcua={"type": "Boolean"}),
    _point("pid1.setpoint", "Pid1/Setpoint", range=(0, 110), write="pid1.setpoint"),
    _point("motor1.start", "Motor1/Start", signal=None, write="start", opcua={"type": "Boolean", "method": True}),
    _point("motor1.stop", "Motor1/Stop", signal=None, write="stop", opcua={"type": "Boolean", "method": True}),
    _point(
        "pump1.vibration",
        "Pump1/Vibration",
        range=(-500, 500),
        waveform={"rate": "25.6 kHz", "buffer": "2 s"},
        opcua={"type": "Float"},
    ),
)


def _commit(image: DeviceImage, block: int) -> None:
    t_ns = EPOCH_NS + block * BLOCK_NS
    values = {
        "pump1.flow": 40.0 + block,
        "pump1.count": 2**40 + 3,
        "pump1.running": True,
        "pid1.setpoint": 75.0,
    }
    readings = {name: Reading(value, GOOD, t_ns) for name, value in values.items()}
    readings["pump1.flow"] = Reading(40.0 + block, 0x40900000 if block == 1 else GOOD, t_ns)
    samples = np.arange(51_200, dtype=np.float32)
    readings["pump1.vibration"] = Reading(samples, GOOD, t_ns, 2**33, 25_600.5)
    image.commit(readings, t_ns)


async def _converse(program: str, home: Path) -> tuple[dict[str, dict], list[tuple[str, object]]]:
    device = Device(id="plc1", protocol="opcua", namespace=NAMESPACE)
    image = DeviceImage(device, POINTS, EPOCH_NS)
    steps: dict[str, dict] = {}
    async with OpcUaDevice(device, POINTS, image) as server:
        _commit(image, 1)
        client = await asyncio.create_subprocess_exec(
            program,
            "opcua_client.js",
            server.url,
            NAMESPACE,
            cwd=FOLDER,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**20,
            env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)},  # it makes itself a certificate there
        )
        assert client.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for line in client.stdout:
                    if not line.startswith(b"{"):
                        continue  # node-opcua thinks aloud
                    said = json.loads(line)
                    steps[said.pop("step")] = said
                    if "subscribed" in steps and "heard" not in steps:
                        for block in (2, 3, 4):
                            _commit(image, block)
                await client.wait()
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
            # Closes the pipe's transport now, not when it is collected.
            client._transport.close()
        return steps, image.take_writes()


@pytest.fixture(scope="module")
def conversation(foreign_node, tmp_path_factory):
    """Return what the foreign client reported, step by step, and the commands that reached the device."""
    program = foreign_node("node-opcua-client")
    steps, writes = asyncio.run(_converse(program, tmp_path_factory.mktemp("home")))
    assert "failed" not in steps, steps["failed"]["error"]
    return steps, writes


def test_a_stranger_gets_through_to_the_end(conversation):
    steps, _ = conversation
    assert list(steps) == [
        "endpoints",
        "namespace",
        "browsed",
        "scalars",
        "waveform",
        "unit",
        "written",
        "called",
        "subscribed",
        "heard",
        "done",
    ]


def test_it_finds_every_point_by_browsing(conversation):
    nodes = conversation[0]["browsed"]["nodes"]
    assert nodes["Pump1/Flow"] == {"id": "ns=2;s=plc1/Pump1/Flow", "kind": "Variable"}
    assert nodes["Motor1/Start"]["kind"] == "Method"
    assert nodes["Pump1"]["kind"] == "Object"
    assert {path for path in nodes if path.startswith("Pump1/Vibration/")} == {
        "Pump1/Vibration/SampleCounter",
        "Pump1/Vibration/SampleRate",
        "Pump1/Vibration/EURange",
        "Pump1/Vibration/EngineeringUnits",
    }


def test_it_reads_value_status_type_and_both_times(conversation):
    scalars = conversation[0]["scalars"]
    at_ms = (EPOCH_NS + BLOCK_NS) // 1_000_000
    assert scalars["Pump1/Flow"] == {
        "status": 0x40900000,
        "type": "Double",
        "value": 41.0,
        "source_ms": at_ms,
        "server_ms": at_ms,
    }
    assert (scalars["Pump1/Count"]["type"], scalars["Pump1/Count"]["value"]) == ("UInt64", 2**40 + 3)
    assert (scalars["Pump1/Running"]["type"], scalars["Pump1/Running"]["value"]) == ("Boolean", True)


def test_it_reads_a_waveform_of_several_chunks_with_its_counter(conversation):
    block = conversation[0]["waveform"]
    assert block["Pump1/Vibration"]["type"] == "Float"
    assert block["Pump1/Vibration"]["value"] == {"length": 51_200, "first": 0, "last": 51_199}
    assert block["Pump1/Vibration/SampleCounter"]["value"] == 2**33
    assert block["Pump1/Vibration/SampleRate"]["value"] == 25_600.5
    assert len({part["source_ms"] for part in block.values()}) == 1


def test_it_reads_range_and_unit(conversation):
    assert conversation[0]["unit"] == {
        "low": 0,
        "high": 120,
        "id": int.from_bytes(b"MQH", "big"),
        "symbol": "m³/h",
    }


def test_its_writes_and_calls_reach_the_device_or_are_refused_by_name(conversation):
    steps, writes = conversation
    assert steps["written"] == {
        "good": "Good",
        "beyond": "BadOutOfRange",
        "wrong_type": "BadTypeMismatch",
        "read_only": "BadNotWritable",
    }
    assert steps["called"] == {"start": "Good", "stop": "Good"}
    assert writes == [("pid1.setpoint", 50.5), ("motor1.start", True), ("motor1.stop", True)]


def test_it_hears_of_every_commit(conversation):
    heard = conversation[0]["heard"]["values"]
    assert [item["value"] for item in heard] == [41.0, 42.0, 43.0, 44.0]
    assert [item["status"] for item in heard] == [0x40900000, 0, 0, 0]
    first_ms = EPOCH_NS // 1_000_000
    assert [item["source_ms"] - first_ms for item in heard] == [100, 200, 300, 400]
