"""Alarms as node-opcua hears, acknowledges and refreshes them."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from rigs.devices.device import Device
from rigs.schema import Point

pytestmark = pytest.mark.wire

FOLDER = Path(__file__).parent / "node"
EPOCH_NS = 1_735_689_600_000_000_000
PATIENCE_S = 60.0
ALARM = {"high": 80, "high_high": 90, "message": "Flow"}


async def _converse(program: str, home: Path) -> dict[str, dict]:
    device = Device(id="plc1", protocol="opcua")
    flow = Point(
        id="pump1.flow", device="plc1", asset="pump1", quantity="x", signal="s",
        opcua={"node": "Pump1/Flow", "alarm": ALARM},
    )  # fmt: skip
    image = DeviceImage(device, (flow,), EPOCH_NS)
    steps: dict[str, dict] = {}
    async with OpcUaDevice(device, (flow,), image) as server:
        image.commit({"pump1.flow": Reading(50.0, 0, EPOCH_NS)}, EPOCH_NS)
        client = await asyncio.create_subprocess_exec(
            program, "opcua_alarms.js", server.url, cwd=FOLDER, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        )  # fmt: skip
        assert client.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for line in client.stdout:
                    if line.startswith(b"{"):
                        said = json.loads(line)
                        steps[said.pop("step")] = said
                        if "listening" in steps and len(steps) == 1:
                            image.commit({"pump1.flow": Reading(85.0, 0, EPOCH_NS + 1000)}, EPOCH_NS + 100_000_000)
                await client.wait()
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
            client._transport.close()  # the pipe's, now, not when it is collected
    return steps


@pytest.fixture(scope="module")
def steps(foreign_node, tmp_path_factory) -> dict[str, dict]:
    """Return what the foreign client reported, step by step."""
    program = foreign_node("node-opcua-client")
    said = asyncio.run(_converse(program, tmp_path_factory.mktemp("home")))
    assert "error" not in said, said["error"]["message"]
    return said


def test_it_hears_the_alarm_with_its_fields(steps):
    raised = steps["raised"]
    assert len(raised.pop("EventId")) == 32
    assert raised == {
        "EventType": "ns=0;i=9482",
        "SourceName": "pump1.flow",
        "Severity": 500,
        "Message": "Flow: High",
        "ConditionName": "pump1.flow alarm",
        "Retain": True,
        "Comment": "",
        "ActiveState.Id": True,
        "AckedState.Id": False,
        "ConfirmedState.Id": False,
        "LimitState.CurrentState": "High",
        "ConditionId": "ns=2;s=plc1/Pump1/FlowAlarm",
    }


def test_its_acknowledgement_is_taken_and_told(steps):
    assert steps["acknowledge"]["status"] == 0
    told = steps["acknowledged"]
    assert (told["AckedState.Id"], told["Comment"]) == (True, "seen by a stranger")


def test_a_refresh_is_framed_and_tells_the_alarm_again(steps):
    assert steps["refresh"]["status"] == 0
    assert steps["told_again"]["types"] == ["ns=0;i=2787", "ns=0;i=9482", "ns=0;i=2788"]
