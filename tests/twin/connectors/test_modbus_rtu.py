"""The Modbus connector on a serial line, against a slave written by hand on the other end of a pty."""

import asyncio
import os
import pty
import struct
import tty

import pytest

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Status
from twin.connectors.modbus import ModbusConnector

SECOND = 1_000_000_000
NOW = 1_735_689_600 * SECOND


def crc(data):
    """CRC-16/MODBUS by the shift register of Serial Line V1.02, 6.2.2, so that no library checks itself."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return struct.pack("<H", register)


def framed(body):
    return body + crc(body)


class Line:
    """The slave's end of a pty; `answer(request)` returns the bytes to put on the line."""

    def __init__(self):
        self.requests = []
        self.answer = self.properly
        self.registers = dict(enumerate(range(500, 700)))

    async def __aenter__(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        os.set_blocking(self.master, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.master, self._read)
        self._data = b""
        return self

    async def __aexit__(self, *_):
        self._loop.remove_reader(self.master)
        os.close(self.master)
        os.close(self._slave)

    def _read(self):
        try:
            self._data += os.read(self.master, 4096)
        except OSError:
            return
        while len(self._data) >= 8:
            request, self._data = self._data[:8], self._data[8:]
            assert crc(request[:6]) == request[6:]
            self.requests.append(request)
            answer = self.answer(request)
            if answer is not None:
                os.write(self.master, answer)

    def properly(self, request):
        unit, function, start, count = struct.unpack(">BBHH", request[:6])
        words = [self.registers[start + i] for i in range(count)]
        return framed(bytes([unit, function, 2 * count]) + struct.pack(f">{count}H", *words))


def point(name, register, unit=1):
    address = {"unit": unit, "table": "input", "register": register}
    return Point.model_validate(
        {"id": name, "device": "bus", "asset": "a", "quantity": "q", "signal": "", "modbus": address}
    )


def device():
    return Device.model_validate({"id": "bus", "protocol": "modbus-rtu", "timeout": "0.15 s", "baud": 115200})


def run(scenario, points):
    async def inside():
        async with Line() as line:
            client = ModbusConnector(device(), points, line.path)
            try:
                await scenario(client, line)
            finally:
                await client.close()

    asyncio.run(inside())


def values(batches):
    return {batch.point: float(batch.values[0]) for batch in batches if batch.values.size}


ONE = [point("p.a", 0), point("p.b", 1)]
GOOD = {"p.a": 500.0, "p.b": 501.0}


def test_values_come_over_a_serial_line():
    async def scenario(client, line):
        assert values(await client.poll(NOW)) == GOOD
        assert client.state.status == "connected"

    run(scenario, ONE)


def spoilt(frame, *, at=3):
    return frame[:at] + bytes([frame[at] ^ 0x40]) + frame[at + 1 :]


FAULTS = {
    "wrong checksum": lambda line, request: spoilt(line.properly(request)),
    "truncated": lambda line, request: line.properly(request)[:-3],
    "another unit answers": lambda line, request: framed(b"\x07" + line.properly(request)[1:-2]),
    "another function": lambda line, request: framed(bytes([request[0], 3]) + line.properly(request)[2:-2]),
    "half the registers": lambda line, request: framed(bytes([request[0], request[1], 2, 1, 2])),
    "twice the registers": lambda line, request: framed(bytes([request[0], request[1], 8]) + bytes(8)),
    "noise first": lambda line, request: b"\xff\x00\x13" + line.properly(request),
    "noise only": lambda line, request: bytes(range(40)),
    "300 bytes": lambda line, request: b"\x01\x04\xff" + bytes(297),
    "silence": lambda line, request: None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_line_costs_one_poll_and_gives_no_value(fault):
    async def scenario(client, line):
        line.answer = lambda request: FAULTS[fault](line, request)
        batches = await client.poll(NOW)
        assert values(batches) == {}
        assert {batch.quality for batch in batches} == {Status.BAD_COMMUNICATION_ERROR}
        line.answer = line.properly
        assert values(await client.poll(NOW + SECOND)) == GOOD

    run(scenario, ONE)


def test_trailing_noise_does_not_spoil_the_next_answer():
    async def scenario(client, line):
        line.answer = lambda request: line.properly(request) + b"\0\0"
        for step in range(3):
            assert values(await client.poll(NOW + step * SECOND)) == GOOD

    run(scenario, ONE)


def test_the_echo_of_a_two_wire_adapter_is_not_an_answer():
    async def scenario(client, line):
        line.answer = lambda request: request + line.properly(request)
        assert values(await client.poll(NOW)) == GOOD

    run(scenario, ONE)


def test_a_late_answer_of_the_same_length_is_not_taken_for_the_next_one():
    async def scenario(client, line):
        late = []

        def hold(request):
            late.append(line.properly(request))

        line.answer = hold
        assert values(await client.poll(NOW)) == {}
        line.registers[0], line.registers[1] = 7, 8

        def late_first(request):
            return (late.pop(0) if late else b"") + line.properly(request)

        line.answer = late_first
        got = values(await client.poll(NOW + SECOND)) or values(await client.poll(NOW + 2 * SECOND))
        assert got == {"p.a": 7.0, "p.b": 8.0}

    run(scenario, ONE)


def test_a_device_that_is_always_one_answer_late_never_gives_an_old_value_as_new():
    async def scenario(client, line):
        queue = []

        def behind(request):
            queue.append(line.properly(request))
            return queue.pop(0) if len(queue) > 1 else None

        line.answer = behind
        for step in range(8):
            line.registers[0], line.registers[1] = step, step
            for value in values(await client.poll(NOW + step * 10 * SECOND)).values():
                assert value == step

    run(scenario, ONE)


def test_a_silent_unit_leaves_its_neighbours_alone():
    points = [point("p.a", 0, unit=11), point("p.b", 1, unit=12), point("p.c", 2, unit=13)]

    async def scenario(client, line):
        line.answer = lambda request: None if request[0] == 12 else line.properly(request)
        assert values(await client.poll(NOW)) == {"p.a": 500.0, "p.c": 502.0}

    run(scenario, points)


def test_a_port_that_is_not_there_is_reported_and_found_when_it_returns(tmp_path):
    async def inside():
        client = ModbusConnector(device(), ONE, str(tmp_path / "ttyUSB9"))
        assert values(await client.poll(NOW)) == {}
        assert "cannot open" in client.state.last_error
        async with Line() as line:
            (tmp_path / "ttyUSB9").symlink_to(line.path)
            assert values(await client.poll(NOW + SECOND)) == GOOD
        assert values(await client.poll(NOW + 2 * SECOND)) == {}
        assert client.state.status == "backoff"
        await client.close()

    asyncio.run(inside())
