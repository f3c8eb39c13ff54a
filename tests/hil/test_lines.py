"""Devices that share a serial line in a live rig: one path for all, faults on one of them, line faults for all."""

import asyncio
import os

import pytest

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.devices.modbus.rtu_codec import frame
from hil.rig import LiveRig
from rigs.load import load_rig
from rigs.schema import FaultSpec
from tests.rigs.test_lines import skid

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
