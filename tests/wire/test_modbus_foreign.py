"""mbpoll (libmodbus) as a client of both Modbus servers: independent of our codec and of the twin's client.

mbpoll's ``-B`` swaps the words of 32-bit values; without it the low word comes first (CDAB).
"""

import asyncio
import os
import re

import pytest

from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.modbus.server import ModbusTcpServer
from emulator.devices.serial.bus import SerialBus
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from rigs.devices.device import Device
from rigs.schema import Point

pytestmark = pytest.mark.wire

VALUES = {"a.u": 421.0, "a.f": 3.25, "a.b": -17.5, "a.h": 7.0, "a.run": True}


def point(name, table, register, kind, **more):
    address = {"unit": 5, "table": table, "register": register, "type": kind} | more
    written = {"write": f"x.{name}"} if table in ("holding", "coil") else {}
    return Point.model_validate(
        {"id": f"a.{name}", "device": "d1", "asset": "a", "quantity": name, "signal": f"x.{name}"}
        | {"range": (-1000.0, 1000.0), "modbus": address}
        | written
    )


POINTS = (
    point("u", "input", 0, "u16"),
    point("f", "input", 2, "f32", order="CDAB"),
    point("b", "input", 4, "f32", order="ABCD"),
    point("h", "holding", 10, "u16"),
    point("g", "holding", 12, "f32", order="CDAB"),
    point("run", "coil", 3, "bool"),
)


@pytest.fixture
def mbpoll(foreign):
    return foreign("mbpoll", "apt-get install mbpoll")


def with_server(protocol, talk):
    """Run `talk(image, poll)`; `poll(*arguments)` runs mbpoll: (exit code, output)."""

    async def main(program):
        device = Device.model_validate({"id": "d1", "protocol": protocol, "baud": 38400})
        image = DeviceImage(device, POINTS, 0)
        server = (ModbusRtuServer if protocol == "modbus-rtu" else ModbusTcpServer).from_image(image)
        await server.start()
        readings = {name: Reading(value, GOOD, 0) for name, value in VALUES.items()}
        image.commit(readings | {"a.g": Reading(0.0, GOOD, 0)}, 1)
        if protocol == "modbus-rtu":
            where = ["-m", "rtu", "-b", "38400", "-P", "even", server.url]
        else:
            where = ["-m", "tcp", "-p", str(server.port), "127.0.0.1"]

        async def poll(*arguments, unit=5, values=()):
            process = await asyncio.create_subprocess_exec(
                program, "-0", "-1", "-q", "-a", str(unit), *arguments, *where, *values,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"LC_ALL":
                "C"},
            )  # fmt: skip
            output, _ = await asyncio.wait_for(process.communicate(), 20)
            return process.returncode, output.decode()

        try:
            await talk(image, poll)
        finally:
            await server.stop()

    return main


def shown(output):
    return {int(address): value for address, value in re.findall(r"^\[(\d+)\]:\s+(\S+)", output, re.MULTILINE)}


@pytest.mark.parametrize("protocol", ["modbus-tcp", "modbus-rtu"])
def test_mbpoll_reads_what_the_device_image_holds(protocol, mbpoll):
    async def talk(image, poll):
        code, output = await poll("-t", "3", "-r", "0", "-c", "1")
        assert (code, shown(output)) == (0, {0: "421"}), output
        code, output = await poll("-t", "3:float", "-r", "2", "-c", "1")
        assert (code, shown(output)) == (0, {2: "3.25"}), output
        code, output = await poll("-t", "3:float", "-B", "-r", "4", "-c", "1")
        assert (code, shown(output)) == (0, {4: "-17.5"}), output
        code, output = await poll("-t", "4", "-r", "10", "-c", "1")
        assert (code, shown(output)) == (0, {10: "7"}), output
        code, output = await poll("-t", "0", "-r", "3", "-c", "1")
        assert (code, shown(output)) == (0, {3: "1"}), output

    asyncio.run(with_server(protocol, talk)(mbpoll))


@pytest.mark.parametrize("protocol", ["modbus-tcp", "modbus-rtu"])
def test_mbpoll_writes_set_points(protocol, mbpoll):
    async def talk(image, poll):
        assert (await poll("-t", "4", "-r", "10", values=["33"]))[0] == 0
        assert (await poll("-t", "4:float", "-r", "12", values=["12.5"]))[0] == 0
        assert (await poll("-t", "0", "-r", "3", values=["0"]))[0] == 0
        assert image.take_writes() == [("a.h", 33), ("a.g", 12.5), ("a.run", False)]

    asyncio.run(with_server(protocol, talk)(mbpoll))


@pytest.mark.parametrize("protocol", ["modbus-tcp", "modbus-rtu"])
def test_mbpoll_is_told_why_it_gets_nothing(protocol, mbpoll):
    async def talk(image, poll):
        code, output = await poll("-t", "3", "-r", "90", "-c", "1")
        assert code != 0
        assert "Illegal data address" in output
        code, output = await poll("-t", "4", "-r", "10", values=["1001"])
        assert code != 0
        assert "Illegal data value" in output
        code, output = await poll("-t", "3", "-r", "0", "-c", "1", unit=9)
        assert code != 0
        assert ("timed out" if protocol == "modbus-rtu" else "Target device failed to respond") in output
        assert image.take_writes() == []

    asyncio.run(with_server(protocol, talk)(mbpoll))


def test_mbpoll_reads_two_devices_on_one_serial_line(mbpoll):
    async def main():
        bus = SerialBus(Line(LineTiming(38400)), name="pair1")
        servers = []
        for unit in (5, 6):
            points = (point("u", "input", 0, "u16", unit=unit),)
            image = DeviceImage(Device.model_validate({"id": f"d{unit}", "protocol": "modbus-rtu"}), points, 0)
            servers.append(ModbusRtuServer.from_image(image, bus=bus))
            image.commit({"a.u": Reading(100.0 + unit, GOOD, 0)}, 1)
        urls = [await server.start() for server in servers]
        assert urls[0] == urls[1]
        try:
            for unit, expected in ((5, "105"), (6, "106"), (5, "105")):
                process = await asyncio.create_subprocess_exec(
                    mbpoll, "-0", "-1", "-q", "-a", str(unit), "-t", "3", "-r", "0", "-c", "1", "-m", "rtu", "-b", "38400",
                    "-P", "even", urls[0], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                    env=os.environ | {"LC_ALL": "C"},
                )  # fmt: skip
                output, _ = await asyncio.wait_for(process.communicate(), 20)
                assert shown(output.decode()) == {0: expected}, output
        finally:
            for server in servers:
                await server.stop()

    asyncio.run(main())
