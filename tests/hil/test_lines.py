"""Devices that share a serial line in a live rig: one path for all, faults on one of them, line faults for all."""

import asyncio
import os

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.devices.modbus.rtu_codec import frame
from hil.rig import LiveRig
from rigs.load import load_rig
from rigs.schema import FaultSpec
from tests.rigs.test_lines import SECOND, skid
from twin.connectors.modbus import ModbusConnector

pytestmark = [pytest.mark.wire, pytest.mark.slow_without_jit]
READ = bytes.fromhex("04 0000 0001")


async def ask(path, unit, size=7):
    """Ask for one input register; return what comes within a second."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    loop, got, done = asyncio.get_running_loop(), bytearray(), asyncio.Event()

    def readable():
        got.extend(os.read(fd, 4096))
        if len(got) >= size:
            done.set()

    loop.add_reader(fd, readable)
    try:
        os.write(fd, frame(unit, READ))
        async with asyncio.timeout(1.0):
            await done.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(fd)
        os.close(fd)
    return bytes(got)


def test_devices_of_a_line_share_one_path_and_faults_find_the_right_one(tmp_path):
    async def main():
        alive = LiveRig(load_rig(skid(tmp_path)), 1, LOCKSTEP_EPOCH_NS, rate=None)
        await alive.start()
        try:
            path = alive.endpoints["bus1"]
            assert alive.endpoints["bus2"] == path
            alive.emulation.step()
            assert [(await ask(path, unit))[0] for unit in (11, 12, 13)] == [11, 12, 13]
            desk, emulation = alive.emulation.desk, alive.emulation
            number = desk.add(FaultSpec(kind="serial_reserved_address", on="bus2"))
            emulation.step()
            assert (await ask(path, 13))[0] == 250
            assert (await ask(path, 11))[0] == 11
            desk.clear(number, emulation.t_ns)
            assert (await ask(path, 13))[0] == 13
            (fault,) = emulation.truth.faults
            assert fault.inserted == 1
        finally:
            await alive.stop()

    asyncio.run(main())


TO_SI = {"bar": lambda x: x * 1e5, "degC": lambda x: x + 273.15}


@pytest.mark.parametrize("shared", [True, False])
def test_the_twin_and_pymodbus_read_ascii_devices_on_a_line(tmp_path, shared):
    """Two devices on one pair, and one at a terminal of its own."""
    place = "line: pair1" if shared else "baud: 38400\n    parity: none"
    second = SECOND.replace("}", ", modbus: {framing: ascii}}")
    rig = load_rig(skid(tmp_path, bus1=f"{place}\n    modbus: {{framing: ascii}}", second=second))

    async def main():
        alive = LiveRig(rig, 1, LOCKSTEP_EPOCH_NS, rate=None)
        await alive.start()
        names = ("bus1", "bus2") if shared else ("bus1",)
        try:
            alive.emulation.step()
            connectors = [
                ModbusConnector(rig.device(name), [p for p in rig.points if p.device == name], alive.endpoints[name])
                for name in names
            ]
            polls = await asyncio.gather(*(connector.poll(LOCKSTEP_EPOCH_NS) for connector in connectors))
            for connector in connectors:
                await connector.close()
            foreign = await asyncio.to_thread(foreign_reads, rig, names, alive.endpoints["bus1"])
        finally:
            await alive.stop()
        read = {batch.point: batch.values[0] for batches in polls for batch in batches}
        assert len(foreign) == (3 if shared else 2)
        assert read == {name: pytest.approx(value, rel=1e-6) for name, value in foreign.items()}

    asyncio.run(main())


def foreign_reads(rig, names, path):
    """Read every point of these devices with pymodbus' serial client; return SI values."""
    client = ModbusSerialClient(path, framer=FramerType.ASCII, baudrate=38400, parity="N", timeout=2, retries=0)
    assert client.connect()
    try:
        found = {}
        for point in rig.points:
            if point.device in names:
                at = point.modbus
                words = client.read_input_registers(at.register_, count=at.words, device_id=at.unit).registers
                kind = {"f32": client.DATATYPE.FLOAT32, "i16": client.DATATYPE.INT16}[at.type]
                order = "little" if at.order == "CDAB" else "big"
                raw = client.convert_from_registers(words, kind, word_order=order)
                found[point.id] = TO_SI[point.unit](raw * at.scale)
        return found
    finally:
        client.close()
