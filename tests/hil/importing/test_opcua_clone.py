"""A server is cloned, the clone is served, and the clone of the clone is the same; the binding finds the original."""

import asyncio
from pathlib import Path

import pytest

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from hil.importing.found import CannotImportError
from hil.importing.opcua_clone import clone
from hil.importing.writing import write_rig
from hil.rig import LiveRig
from rigs.devices.device import Device
from rigs.load import load_rig
from rigs.schema import Point
from twin.connectors.registry import make_connector

NAMESPACE = "urn:elsewhere:press"


def point(name: str, node: str, **more) -> Point:
    opcua = {"node": node} | more.pop("opcua", {})
    return Point(id=name, device="press", asset="a", quantity="x", signal="s", opcua=opcua, **more)


POINTS = (
    point("a.pressure", "Press/Pressure", unit="bar", range=(0, 250), description="Main pressure"),
    point("a.count", "Press/Count", range=(0, 1e6), opcua={"type": "UInt32"}),
    point("a.closed", "Press/Door/Closed", opcua={"type": "Boolean"}),
    point("a.target", "Press/Target", range=(0, 250), write="x"),
)
VALUES = {"a.pressure": 182.5, "a.count": 4711.0, "a.closed": 1.0, "a.target": 200.0}


def original() -> OpcUaDevice:
    device = Device(id="press", protocol="opcua", namespace=NAMESPACE)
    image = DeviceImage(device, POINTS, LOCKSTEP_EPOCH_NS)
    image.commit({n: Reading(v, 0, LOCKSTEP_EPOCH_NS) for n, v in VALUES.items()}, LOCKSTEP_EPOCH_NS)
    return OpcUaDevice(device, POINTS, image)


def seen(found) -> dict[str, tuple]:
    return {
        v.address["id"]: (v.value, v.address["type"], v.unit, v.low, v.high, v.description, v.writable)
        for v in found.values
    }


def test_a_clone_holds_what_the_original_held_and_answers_to_its_node_ids(tmp_path: Path):
    async def play() -> None:
        async with original() as server:
            found = await clone(server.url, None, 2, 0.0, lambda _: None)
            assert seen(found) == {
                "s=press/Press/Pressure": (182.5, "Double", "bar", 0.0, 250.0, "Main pressure", False),
                "s=press/Press/Count": (4711.0, "UInt32", "", 0.0, 1e6, "", False),
                "s=press/Press/Door/Closed": (1.0, "Boolean", "", 0.0, 1.0, "", False),
                "s=press/Press/Target": (200.0, "Double", "", 0.0, 250.0, "", True),
            }
            write_rig(found, tmp_path / "out", "press4")
            rig = load_rig(tmp_path / "out")
            assert rig.device("press4").namespace == NAMESPACE
            # The rig's own connector, bound to the original.
            connector = make_connector(rig.device("press4"), rig.points_of("press4"), server.url, None, 1)
            batches = {batch.point: float(batch.values[-1]) for batch in await connector.poll(LOCKSTEP_EPOCH_NS)}
            await connector.close()
            assert batches["press4.press_pressure"] == pytest.approx(182.5e5)
        live = LiveRig(rig, 1, LOCKSTEP_EPOCH_NS)
        await live.start()
        live.emulation.step()
        connector = make_connector(rig.device("press4"), rig.points_of("press4"), live.endpoints["press4"], None, 1)
        batches = {batch.point: float(batch.values[-1]) for batch in await connector.poll(LOCKSTEP_EPOCH_NS)}
        await connector.close()
        assert batches["press4.press_pressure"] == pytest.approx(182.5e5)
        assert batches["press4.door_closed"] == 1.0
        await live.stop()

    asyncio.run(play())


def test_a_server_that_is_not_there_is_named():
    with pytest.raises(CannotImportError, match=r"opc.tcp://127.0.0.1:1/: cannot connect"):
        asyncio.run(clone("opc.tcp://127.0.0.1:1/", None, 1, 0.0, lambda _: None))
