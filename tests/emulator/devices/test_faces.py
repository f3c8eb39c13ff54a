"""Each protocol gets its server, on a free port, with its misbehaviour where faults can reach it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.devices.faces import Setting, open_face
from emulator.devices.timers import PacedTimers
from emulator.emulation import Emulation
from rigs.load import load_rig
from rigs.schema import FaultSpec

pytestmark = [pytest.mark.wire, pytest.mark.slow_without_jit]


def exists(url: str) -> bool:
    return Path(url).exists()


@contextlib.asynccontextmanager
async def alive(emulation: Emulation) -> AsyncIterator[dict[str, str]]:
    try:
        yield await emulation.start()
    finally:
        await emulation.stop()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}


def test_every_device_of_the_skid_opens_and_closes():
    async def main() -> None:
        async with alive(Emulation(load_rig("pump_skid"), 1)) as urls:
            assert urls.keys() == {"plc1", "drive1", "bus1"}
            assert urls["plc1"].startswith("opc.tcp://127.0.0.1:")
            assert urls["drive1"].startswith("modbus-tcp://127.0.0.1:")
            assert exists(urls["bus1"])
            for name in ("plc1", "drive1"):
                _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(urls[name]).port)
                writer.close()
                await writer.wait_closed()
        assert not exists(urls["bus1"])

    asyncio.run(main())


def test_a_face_leaves_the_rigs_own_port_to_the_link_before_it():
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            emulation = Emulation(load_rig("pump_skid"), 1)
            for name, image in emulation.images.items():
                image.device = image.device.model_copy(update={"port": port})
                face = open_face(Setting(image, emulation.rig, emulation.streams, lambda *_: None, PacedTimers(), {}))
                url = await face.start()
                assert f":{port}" not in url, name
                await face.stop()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("kind", "on", "params"),
    [
        ("modbus_exception", "drive1", {}),
        ("modbus_no_answer", "bus1", {}),
        ("opcua_status", "plc1", {"point": "pump1.flow"}),
        ("opcua_source_time_frozen", "plc1", {}),
    ],
)
def test_a_protocol_fault_reaches_its_server_and_leaves_it_as_it_was(kind: str, on: str, params: dict[str, Any]):
    async def main() -> None:
        emulation = Emulation(load_rig("pump_skid"), 1)
        async with alive(emulation):
            healthy = repr(emulation.faces[on].misbehaviour)
            number = emulation.desk.add(FaultSpec(kind=kind, on=on, params=params))
            emulation.step()
            assert repr(emulation.faces[on].misbehaviour) != healthy
            emulation.desk.clear(number, emulation.t_ns)
            assert repr(emulation.faces[on].misbehaviour) == healthy

    asyncio.run(main())


def test_the_truth_counts_what_an_opc_ua_fault_really_touched():
    async def main() -> None:
        emulation = Emulation(load_rig("pump_skid"), 1)
        async with alive(emulation):
            emulation.desk.add(FaultSpec(kind="opcua_status", on="plc1", params={"point": "pump1.flow"}))
            emulation.step()
            emulation.step()
            (fault,) = emulation.truth.faults
            assert fault.inserted > 0

    asyncio.run(main())
