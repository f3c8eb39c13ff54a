"""Browse in parts, history, calls and structures before node-opcua."""

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
FIRST_MS, LAST_MS = (EPOCH_NS + BLOCK_NS) // 1_000_000, (EPOCH_NS + 10 * BLOCK_NS) // 1_000_000

POINTS = (
    Point(id="pump1.flow", device="plc1", asset="pump1", quantity="x", signal="s", range=(0, 99),
          opcua={"node": "Pump1/Flow"}),
    Point(id="pump1.vibration", device="plc1", asset="pump1", quantity="x", signal="s", range=(-99, 99),
          waveform={"rate": "1 kHz", "buffer": "1 s"},
          opcua={"node": "Pump1/Vibration", "type": "Float", "structure": True}),
)  # fmt: skip


async def _converse(program, home):
    device = Device(id="plc1", protocol="opcua", namespace=NAMESPACE, opcua={"history": {"values_per_read": 4}})
    image = DeviceImage(device, POINTS, EPOCH_NS)
    steps = {}
    async with OpcUaDevice(device, POINTS, image) as server:
        for block in range(1, 11):
            t_ns = EPOCH_NS + block * BLOCK_NS
            samples = np.arange(100, 110, dtype=np.float32)
            image.commit(
                {
                    "pump1.flow": Reading(float(block), GOOD, t_ns),
                    "pump1.vibration": Reading(samples, GOOD, t_ns, 100, 1000.0),
                },
                t_ns,
            )
        client = await asyncio.create_subprocess_exec(
            program, "opcua_space.js", server.url, NAMESPACE, str(FIRST_MS), str(LAST_MS), cwd=FOLDER,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, limit=2**20,
            env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        )  # fmt: skip
        assert client.stdout is not None
        try:
            async with asyncio.timeout(60):
                async for line in client.stdout:
                    if line.startswith(b"{"):
                        said = json.loads(line)
                        steps[said.pop("step")] = said
                await client.wait()
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
            client._transport.close()
    return steps


@pytest.fixture(scope="module")
def steps(foreign_node, tmp_path_factory):
    program = foreign_node("node-opcua-client")
    steps = asyncio.run(_converse(program, tmp_path_factory.mktemp("home")))
    assert "failed" not in steps, steps["failed"]["error"]
    assert "done" in steps
    return steps


def test_it_browses_in_parts(steps):
    parts = steps["browsed"]["parts"]
    assert [len(part) for part in parts] == [2, 2, 1]
    assert {name for part in parts for name in part} == {
        "EURange", "EngineeringUnits", "SampleCounter", "SampleRate", "Block",
    }  # fmt: skip


def test_it_reads_by_a_registered_name(steps):
    assert steps["registered"]["id"].startswith("ns=1;i=")
    assert steps["registered"]["value"] == 10.0


def test_it_reads_the_past_and_its_averages(steps):
    raw = steps["raw"]
    assert [one["value"] for one in raw["values"]][:4] == [1.0, 2.0, 3.0, 4.0]
    assert [one["ms"] - FIRST_MS for one in raw["values"]][:4] == [0, 100, 200, 300]
    average = steps["average"]
    assert [one["value"] for one in average["values"]] == [3.0, 8.0]
    assert [one["status"] & 0xC0000000 for one in average["values"]] == [0, 0]


def test_it_decodes_a_structure_it_has_never_seen(steps):
    block = steps["block"]
    assert block == {
        "name": "VibrationBlock",
        "n0": 100,
        "rate": 1000,
        "t0": LAST_MS - 10,
        "samples": [float(n) for n in range(100, 110)],
    }


def test_its_calls_are_answered_or_refused_by_argument(steps):
    assert steps["called"] == {"status": 0, "samples": [102, 103, 104]}
    assert steps["refused"] == {"status": "BadInvalidArgument", "each": ["BadTypeMismatch", "Good"]}
