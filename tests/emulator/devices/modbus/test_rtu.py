import asyncio
import os
import select

import pytest

from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.insertions_frame import LateAnswer
from emulator.devices.modbus.insertions_reply import NoAnswer
from emulator.devices.modbus.insertions_request import ExceptionAnswer
from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.modbus.rtu_codec import frame
from emulator.devices.serial.timing import LineTiming

READ = frame(1, bytes.fromhex("03 0000 0001"))
ANSWER = frame(1, bytes.fromhex("03 02 0000"))
WRITE = frame(1, bytes.fromhex("06 0001 0005"))


class Master:
    """The client's end of the pseudo-terminal."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.got = bytearray()
        self.arrived = asyncio.Event()
        self.chunks = []
        asyncio.get_running_loop().add_reader(self.fd, self._readable)

    def _readable(self):
        data = os.read(self.fd, 4096)
        self.got += data
        self.chunks.append((asyncio.get_running_loop().time(), len(data)))
        self.arrived.set()

    def send(self, data):
        os.write(self.fd, data)

    async def receive(self, size):
        while len(self.got) < size:
            self.arrived.clear()
            await self.arrived.wait()
        data = bytes(self.got[:size])
        del self.got[:size]
        return data

    def close(self):
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)


async def turn_until(holds):
    """Turn the event loop until `holds()`; the caller's time limit ends it otherwise."""
    while not holds():  # noqa: ASYNC110 - the server has no event for its inside, and nothing sleeps here
        await asyncio.sleep(0)


def on_line(server, talk):
    async def main():
        await server.start()
        master = Master(server.url)
        try:
            await asyncio.wait_for(talk(master), 10)
        finally:
            master.close()
            await server.stop()

    asyncio.run(main())


@pytest.fixture
def device(bank, second_bank):
    return ModbusDevice({1: bank, 3: second_bank}, unknown_unit="silence")


@pytest.fixture
def server(device):
    return ModbusRtuServer(device, timing=LineTiming(115200))


def test_before_start_there_is_no_path(server):
    with pytest.raises(RuntimeError, match="no path before start"):
        _ = server.url


def test_a_request_is_answered_on_the_line(server):
    async def talk(master):
        for _ in range(3):
            master.send(READ)
            assert await master.receive(len(ANSWER)) == ANSWER

    on_line(server, talk)


def test_bytes_that_a_terminal_would_translate_pass_untouched(server, bank):
    async def talk(master):
        bank.holding_registers.buffer[0:10] = b"\r\n\x03\x04\x11\x13\x1a\x7f\x00\xff"
        master.send(frame(1, bytes.fromhex("03 0000 0005")))
        assert await master.receive(15) == frame(1, b"\x03\x0a\r\n\x03\x04\x11\x13\x1a\x7f\x00\xff")

    on_line(server, talk)


def test_every_unit_of_the_line_answers_for_itself_and_only_for_itself(server):
    async def talk(master):
        master.send(frame(2, bytes.fromhex("03 0000 0001")))
        master.send(frame(3, bytes.fromhex("03 0000 0001")))
        assert await master.receive(7) == frame(3, bytes.fromhex("03 02 0000"))
        assert not master.got

    on_line(server, talk)


def test_a_broadcast_is_carried_out_by_all_and_answered_by_none(server, writes):
    async def talk(master):
        master.send(frame(0, bytes.fromhex("06 0001 0005")))
        master.send(READ)
        assert await master.receive(7) == ANSWER
        assert writes == [("h1", 5), ("h1", 5)]
        assert not master.got

    on_line(server, talk)


def test_after_a_torn_frame_and_silence_the_next_good_frame_is_answered(server):
    async def talk(master):
        master.send(READ[:5])
        await turn_until(lambda: server.malformed == 1)
        master.send(READ)
        assert await master.receive(7) == ANSWER

    on_line(server, talk)


def test_noise_in_front_of_a_frame_does_not_cost_it(server):
    async def talk(master):
        master.send(b"\xff\x01\x10\x00\x00\x00\x01\xf0" + READ)
        assert await master.receive(7) == ANSWER

    on_line(server, talk)


def test_answers_are_paced_like_the_line(device):
    server = ModbusRtuServer(device, timing=LineTiming(19200))

    async def talk(master):
        asked = asyncio.get_running_loop().time()
        master.send(frame(1, bytes.fromhex("03 0000 0020")))
        size = 5 + 64
        await master.receive(size)
        last = master.chunks[-1][0]
        line_s = server.timing.t3_5_s + size * 11 / 19200
        assert last - asked >= line_s
        # Never ahead of the line: after each chunk no more has arrived than a UART could have sent.
        arrived = 0
        for moment, count in master.chunks:
            arrived += count
            assert arrived <= (moment - asked - server.timing.t3_5_s) * 19200 / 11 + 0.01

    on_line(server, talk)


def test_without_pacing_answers_come_at_once(device):
    async def talk(master):
        for _ in range(100):
            master.send(READ)
            assert await master.receive(7) == ANSWER

    on_line(ModbusRtuServer(device, timing=LineTiming(None)), talk)


def test_a_line_that_echoes_does_not_make_the_device_talk_to_itself(device, writes):
    server = ModbusRtuServer(device, timing=LineTiming(None), local_echo=True)

    async def talk(master):
        master.send(WRITE)
        assert await master.receive(8) == WRITE
        master.send(WRITE)  # the adapter repeats our answer
        master.send(READ)
        assert await master.receive(7) == ANSWER
        assert writes == [("h1", 5)]

    on_line(server, talk)


def test_an_answer_waits_until_the_request_has_been_on_the_line(device):
    server = ModbusRtuServer(device, timing=LineTiming(1200))

    async def talk(master):
        asked = asyncio.get_running_loop().time()
        master.send(READ)
        await master.receive(1)
        # Eight characters of request, t3.5, the answer's first character.
        assert master.chunks[0][0] - asked >= (8 + 3.5 + 1) * 11 / 1200 - 1e-4

    on_line(server, talk)


def test_a_device_without_power_is_silent_and_comes_back(server):
    async def talk(master):
        server.power(False)
        master.send(READ)
        await turn_until(lambda: not select.select([server.bus.port.fd], [], [], 0)[0])
        server.power(True)
        master.send(READ)
        assert await master.receive(7) == ANSWER
        assert not master.got

    on_line(server, talk)


def test_misbehaviour_acts_on_the_line_too(server):
    async def talk(master):
        wrong = server.misbehaviour
        busy, silent = ExceptionAnswer(6), NoAnswer(unit=1)
        wrong.set(busy, 1.0)
        master.send(READ)
        assert await master.receive(5) == frame(1, b"\x83\x06")
        wrong.set(busy, 0.0)
        wrong.set(silent, 1.0)
        master.send(READ)
        master.send(frame(3, bytes.fromhex("03 0000 0001")))
        assert await master.receive(7) == frame(3, bytes.fromhex("03 02 0000"))
        wrong.set(silent, 0.0)
        wrong.set(LateAnswer(0.01), 1.0)
        master.send(READ)
        assert await master.receive(7) == ANSWER

    on_line(server, talk)


def test_a_real_port_is_opened_by_its_path(device):
    async def main():
        far, near = os.openpty()
        server = ModbusRtuServer(device, timing=LineTiming(115200), port=os.ttyname(near))
        try:
            await server.start()
            assert server.url == os.ttyname(near)
            os.set_blocking(far, False)
            os.write(far, READ)
            loop = asyncio.get_running_loop()
            ready = loop.create_future()
            loop.add_reader(far, lambda: ready.done() or ready.set_result(None))
            await asyncio.wait_for(ready, 5)
            loop.remove_reader(far)
            assert os.read(far, 100) == ANSWER
        finally:
            await server.stop()
            os.close(far)
            os.close(near)

    asyncio.run(main())


def test_a_port_that_is_not_there_is_an_error(device):
    server = ModbusRtuServer(device, port="/dev/does-not-exist")
    with pytest.raises(OSError, match="does-not-exist"):
        asyncio.run(server.start())
