"""A line on a pseudo-terminal: several devices at one path, a port that goes away and returns."""

import asyncio
import os
from pathlib import Path

import pytest

from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.modbus.rtu_codec import frame
from emulator.devices.serial.bus import SerialBus
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from emulator.devices.serial.trouble import Trouble

READ = bytes.fromhex("03 0000 0001")
ANSWER = bytes.fromhex("03 02 0000")


def there(path):
    return Path(path).exists()


def exchange(bus, banks, talk, *, rate=1.0, name="pair1"):
    """Have `talk(path, servers)` with two devices on one line."""

    async def main():
        shared = SerialBus(bus, name=name, rate=rate)
        servers = [
            ModbusRtuServer(ModbusDevice({number: own}, unknown_unit="silence"), bus=shared)
            for number, own in zip((11, 12), banks, strict=True)
        ]
        urls = {await server.start() for server in servers}
        assert len(urls) == 1
        try:
            async with asyncio.timeout(10):
                await talk(urls.pop(), servers)
        finally:
            for server in servers:
                await server.stop()

    asyncio.run(main())


async def ask(path, data, size):
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    loop, got = asyncio.get_running_loop(), bytearray()
    done = loop.create_future()

    def readable():
        try:
            got.extend(os.read(fd, 4096))
        except OSError as problem:
            done.done() or done.set_exception(problem)
            return
        if len(got) >= size and not done.done():
            done.set_result(None)

    loop.add_reader(fd, readable)
    try:
        os.write(fd, data)
        await done
    finally:
        loop.remove_reader(fd)
        os.close(fd)
    return bytes(got)


def test_two_devices_are_at_one_path_and_answer_for_themselves(bank, second_bank):
    async def talk(path, servers):
        assert Path(path).name == "pair1"
        for unit in (11, 12, 11):
            assert await ask(path, frame(unit, READ), 7) == frame(unit, ANSWER)
        servers[0].power(False)
        assert await ask(path, frame(12, READ), 7) == frame(12, ANSWER)

    exchange(Line(LineTiming(115200)), (bank, second_bank), talk)


def test_a_port_that_is_lost_is_hung_up_and_back_under_its_path(bank, second_bank):
    async def talk(path, servers):
        noted = []
        trouble = servers[0].misbehaviour.serial
        trouble.inserted = lambda kind, detail: noted.append(kind)
        standing = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        trouble.set("serial_port_lost", Trouble())
        assert not there(path)
        with pytest.raises(OSError, match=r"Input/output error"):
            os.write(standing, READ)
        trouble.set("serial_port_lost", None)
        assert await ask(path, frame(12, READ), 7) == frame(12, ANSWER)
        assert noted == ["serial_port_lost"]
        os.close(standing)

    exchange(Line(LineTiming(115200)), (bank, second_bank), talk)


def test_line_time_is_plant_time(bank, second_bank):
    async def talk(path, servers):
        began_s = asyncio.get_running_loop().time()
        assert await ask(path, frame(11, READ), 7) == frame(11, ANSWER)
        # 18.5 characters at 300 baud are 0.68 s; at a hundred times real time they are 7 ms.
        assert 0.0065 <= asyncio.get_running_loop().time() - began_s < 0.4

    exchange(Line(LineTiming(300)), (bank, second_bank), talk, rate=100.0)


def test_the_masters_echo_comes_before_the_answer(bank, second_bank):
    async def talk(path, servers):
        assert await ask(path, frame(11, READ), 15) == frame(11, READ) + frame(11, ANSWER)

    exchange(Line(LineTiming(115200), echo=True), (bank, second_bank), talk)
