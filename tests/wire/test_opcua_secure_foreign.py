"""The secured OPC UA server before node-opcua, which shares no code with it: encrypted channels, users, certificates."""

import asyncio
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization

from emulator import clock
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.opcua.security import certificates
from emulator.devices.opcua.security.pki import Pki
from emulator.devices.opcua.server import OpcUaDevice
from rigs.devices.device import Device
from rigs.schema import Point

pytestmark = pytest.mark.wire

FOLDER = Path(__file__).parent / "node"
EPOCH_NS = 1_735_689_600_000_000_000
PATIENCE_S = 60.0
WORD = "a word for the plant"
POLICIES = ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")


def _point(name, node, **more):
    opcua = {"node": node} | more.pop("opcua", {})
    return Point(id=name, device="plc1", asset="pump1", quantity="x", opcua=opcua, **({"signal": "s"} | more))


POINTS = (
    _point("pump1.flow", "Pump1/Flow", unit="m^3/h", range=(0, 120)),
    _point("pid1.setpoint", "Pid1/Setpoint", range=(0, 110), write="pid1.setpoint"),
    _point(
        "pump1.vibration",
        "Pump1/Vibration",
        range=(-500, 500),
        waveform={"rate": "25.6 kHz", "buffer": "2 s"},
        opcua={"type": "Float"},
    ),
)


def _owner(folder: Path, name: str) -> certificates.Identity:
    made = certificates.application(
        name, "urn:plantbench:test:client", ("localhost",), certificates.new_key(), clock.calendar()
    )
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(made.certificate.public_bytes(pem))
    key = made.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(key)
    return made


async def _converse(program: str, folder: Path) -> tuple[dict[str, dict], list[tuple[str, object]]]:
    client, card = _owner(folder, "client"), _owner(folder, "card")
    Pki(folder).trust(client.certificate)
    users = [
        {"name": "op", "password": "env:PLANT_WORD", "role": "operator"},
        {"name": "card", "certificate": hashlib.sha256(card.der).hexdigest(), "role": "operator"},
    ]
    security = {"endpoints": [f"{policy}_SignAndEncrypt" for policy in POLICIES], "users": users}
    device = Device(id="plc1", protocol="opcua", namespace="urn:plantbench:test:plc1", opcua={"security": security})
    image = DeviceImage(device, POINTS, EPOCH_NS)
    steps: dict[str, dict] = {}
    async with OpcUaDevice(device, POINTS, image) as server:
        readings = {"pump1.flow": Reading(41.0, GOOD, EPOCH_NS), "pid1.setpoint": Reading(75.0, GOOD, EPOCH_NS)}
        samples = np.arange(51_200, dtype=np.float32)
        readings["pump1.vibration"] = Reading(samples, GOOD, EPOCH_NS, 0, 25_600.0)
        image.commit(readings, EPOCH_NS)
        arguments = [server.url, str(folder / "node"), *(str(folder / f"client.{end}") for end in ("pem", "key"))]
        arguments += ["op", WORD, *(str(folder / f"card.{end}") for end in ("pem", "key"))]
        process = await asyncio.create_subprocess_exec(
            program,
            "opcua_secure.js",
            *arguments,
            cwd=FOLDER,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for line in process.stdout:
                    if line.startswith(b"{"):  # node-opcua thinks aloud
                        said = json.loads(line)
                        steps[said.pop("step")] = said
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            process._transport.close()
        return steps, image.take_writes()


def test_a_stranger_logs_in_by_name_and_by_certificate_on_every_policy(foreign_node, tmp_path, monkeypatch):
    program = foreign_node("node-opcua-client")
    monkeypatch.setenv("PLANTBENCH_PKI", str(tmp_path))
    monkeypatch.setenv("PLANT_WORD", WORD)
    steps, writes = asyncio.run(_converse(program, tmp_path))
    assert "failed" not in steps, steps["failed"]["error"]
    good = {"flow": 41.0, "samples": 51_200, "written": "Good"}
    assert steps == {
        **dict.fromkeys(POLICIES, good),
        "certificate": good,
        "anonymous": good | {"written": "BadUserAccessDenied"},
        "refused": {"why": True},
        "done": {},
    }
    assert writes == [("pid1.setpoint", 42.5)] * 4
