"""The OPC UA server by the letter of OPC 10000-4, as node-opcua sees it: one device, one client, some two hundred rules.

The rules stand in the client's program, which shares nothing with the server; here is the plant behind it.
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
BLOCK_S = 0.1
PATIENCE_S = 40.0
WORD = "a word for the plant"
LIMITS = {
    "nodes_per_read": 20, "monitored_items_per_call": 15, "nodes_per_browse": 10, "browse_continuation_points": 2,
    "sessions": 5, "queue_size": 50,
}  # fmt: skip
USERS = [
    {"name": "op", "password": "env:PLANT_WORD", "role": "operator"},
    {"name": "watch", "password": "env:PLANT_WORD", "role": "observer"},
]


def _point(name, node, **more):
    opcua = {"node": node} | more.pop("opcua", {})
    return Point(id=name, device="plc1", asset="pump1", quantity="x", opcua=opcua, **({"signal": "s"} | more))


POINTS = (
    _point("pump1.flow", "Pump1/Flow", unit="m^3/h", range=(0, 120)),
    _point("pump1.count", "Pump1/Count", range=(0, 4e9), opcua={"type": "UInt32"}),
    _point("pump1.running", "Pump1/Running", opcua={"type": "Boolean"}),
    _point("pid1.setpoint", "Pid1/Setpoint", range=(0, 110), write="pid1.setpoint"),
    _point("motor1.start", "Motor1/Start", signal=None, write="start", opcua={"type": "Boolean", "method": True}),
    _point(
        "pump1.vibration", "Pump1/Vibration", range=(-500, 500), waveform={"rate": "1 kHz", "buffer": "1 s"},
        opcua={"type": "Float", "structure": True},
    ),
)  # fmt: skip


class _Plant:
    """What the client makes happen behind the server: one scan a block."""

    def __init__(self, image: DeviceImage) -> None:
        self._image = image
        self._t_ns = EPOCH_NS
        self._values = {"flow": 1.0, "count": 0}

    def commit(self, status: int = GOOD, **values: float) -> None:
        """Commit a scan; the samples are the same every time."""
        self._t_ns += round(BLOCK_S * 1e9)
        self._values |= values
        scan = {
            "pump1.flow": Reading(float(self._values["flow"]), status, self._t_ns),
            "pump1.count": Reading(self._values["count"], GOOD, self._t_ns),
            "pump1.running": Reading(True, GOOD, self._t_ns),
            "pid1.setpoint": Reading(75.0, GOOD, self._t_ns),
            "pump1.vibration": Reading(np.arange(10, dtype=np.float32), GOOD, self._t_ns, 0, 1000.0),
        }
        self._image.commit(scan, self._t_ns)


async def _converse(program, home):
    """Let the client ask; returns its checks and whether it came to its end."""
    device = Device(
        id="plc1", protocol="opcua", namespace=NAMESPACE, opcua={"limits": LIMITS, "security": SECURITY},
    )  # fmt: skip
    image = DeviceImage(device, POINTS, EPOCH_NS)
    plant, checks, end = _Plant(image), [], {}
    async with OpcUaDevice(device, POINTS, image, block_s=BLOCK_S) as server:
        plant.commit()
        client = await asyncio.create_subprocess_exec(
            program, "opcua_conformance.js", server.url, NAMESPACE, WORD, cwd=FOLDER, limit=2**20,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for line in client.stdout:
                    if not line.startswith(b"{"):
                        continue  # node-opcua thinks aloud
                    said = json.loads(line)
                    if "commit" in said:
                        plant.commit(**said["commit"])
                        client.stdin.write(b"committed\n")
                    elif "check" in said:
                        checks.append(said)
                    else:
                        end = said
                await client.wait()
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
            client._transport.close()
    return checks, end


SECURITY = {"users": USERS, "anonymous": "operator"}


@pytest.fixture(scope="module")
def conversation(foreign_node, tmp_path_factory):
    program = foreign_node("node-opcua-client")
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANTBENCH_PKI", str(home / "pki"))
        patch.setenv("PLANT_WORD", WORD)
        return asyncio.run(_converse(program, home))


def test_it_comes_to_the_end_of_its_questions(conversation):
    checks, end = conversation
    assert end == {"done": True}
    assert len(checks) > 150


def test_the_standard_and_the_server_agree(conversation):
    assert [one for one in conversation[0] if one["seen"] != one["expected"]] == []
