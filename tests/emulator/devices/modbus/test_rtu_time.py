"""Plant time on a serial line: a device's pace, a window of busy answers, strangers at steps, gateways in lockstep; and
what a device counts of all it hears."""

import asyncio

import pytest

from emulator.devices.modbus.ascii_codec import AsciiServerCodec, ascii_frame
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.gateway import Delay, Queue
from emulator.devices.modbus.insertions_request import Busy
from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.modbus.rtu_codec import crc16, frame
from emulator.devices.modbus.rtu_station import RtuStation
from emulator.devices.modbus.server import ModbusTcpServer
from emulator.devices.serial.bus import SerialBus
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from emulator.devices.serial.trouble import Trouble
from emulator.devices.timers import SteppedTimers

from .test_rtu_line import ask
from .test_rtu_station import Pair

READ = bytes.fromhex("03 0000 0001")
ANSWER = bytes.fromhex("03 02 0000")
BUSY = b"\x83\x06"
SECOND = 1_000_000_000


def on_a_line(bank, talk, *, pace=None, foreign=(), port_rate=115200):
    """Have `talk(path, server, timers)` with unit 11 on a pseudo-terminal, in lockstep with blocks of 100 ms."""

    async def main():
        timers = SteppedTimers(0.1)
        bus = SerialBus(Line(LineTiming(port_rate)), foreign=foreign, steps=timers)
        server = ModbusRtuServer(ModbusDevice({11: bank}, unknown_unit="silence"), bus=bus, timers=timers, pace=pace)
        path = await server.start()
        try:
            async with asyncio.timeout(10):
                await talk(path, server, timers)
        finally:
            await server.stop()

    asyncio.run(main())


def test_a_window_of_busy_answers_opens_and_closes_in_plant_time(bank):
    async def talk(path, server, timers):
        busy = Busy(6, 2.0)
        draws = iter([0.0, *[0.9] * 9])
        server.misbehaviour.draw = lambda *_: next(draws)
        server.misbehaviour.set(busy, 0.5)
        heard = []
        for at_s in (0.1, 1.0, 2.0, 2.2):
            timers.advance(round(at_s * SECOND))
            heard.append((await ask(path, frame(11, READ), 5))[1:3])
        assert heard == [BUSY, BUSY, BUSY, b"\x03\x02"]

    on_a_line(bank, talk)


def test_a_slow_serial_device_is_quick_enough_for_one_step_and_not_for_more(bank):
    async def talk(path, server, timers):
        assert await ask(path, frame(11, READ), 7) == frame(11, ANSWER)
        server.station.trouble.set("serial_crc_error", Trouble())
        # What is wrong at its end of the line is wrong with late answers too.
        assert crc16(await ask(path, frame(11, READ), 7)) != 0

    on_a_line(bank, talk, pace=Delay(0.08))

    async def later(path, server, timers):
        asked = asyncio.create_task(ask(path, frame(11, READ), 7))
        for step in range(1, 4):
            await asyncio.sleep(0.01)
            assert not asked.done()
            timers.advance(step * SECOND // 10)
        assert await asked == frame(11, ANSWER)

    on_a_line(bank, later, pace=Delay(0.3))


def test_in_lockstep_a_gateway_is_free_again_once_it_has_answered(bank):
    """Plant time stands still between steps: a gateway that waited for it would be busy after eight requests."""

    async def main():
        timers = SteppedTimers(0.1)
        device = ModbusDevice({11: bank})
        server = ModbusTcpServer(device, timers=timers, pace=Queue(8, lambda _: 0.02))
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            async with asyncio.timeout(5):
                for number in range(40):
                    writer.write(number.to_bytes(2, "big") + b"\0\0\0\6\x0b" + READ)
                    assert await reader.readexactly(11) == number.to_bytes(2, "big") + b"\0\0\0\5\x0b" + ANSWER
                # Asked at once, they stand in line: four fit into the step, the ninth is refused.
                writer.write(b"".join(bytes((0, number)) + b"\0\0\0\6\x0b" + READ for number in range(9)))
                heard = [await reader.readexactly(9 if n == 0 else 11) for n in range(5)]
                assert heard[0] == b"\0\x08\0\0\0\3\x0b" + BUSY
                assert [answer[1] for answer in heard[1:]] == [0, 1, 2, 3]
                timers.advance(SECOND // 5)
                assert [(await reader.readexactly(11))[1] for _ in range(4)] == [4, 5, 6, 7]
        finally:
            writer.close()
            await server.stop()

    asyncio.run(main())


def test_in_lockstep_strangers_talk_at_steps_and_the_line_repeats_to_the_byte(bank):
    stranger = b"\x55\xaa\x01"
    neighbour = frame(40, b"\x03\x02\x12\x34")
    heard = []

    async def talk(path, server, timers):
        for step in range(1, 7):
            timers.advance(step * SECOND // 10)
            size = 7 + len(stranger) + (len(neighbour) if step % 3 == 0 else 0)
            heard.append(await ask(path, frame(11, READ), size))
        assert bank.counters.foreign == 2
        assert bank.counters.communication_errors == 6

    on_a_line(bank, talk, foreign=[(stranger, 0.1), (neighbour, 0.3)], port_rate=19200)
    bank.counters.clear()
    plain = stranger + frame(11, ANSWER)
    assert heard == [plain, plain, neighbour + plain] * 2


def counters(pair, unit=11):
    return [int.from_bytes(pair.ask(frame(unit, bytes((8, 0, sub, 0, 0))))[4:6], "big") for sub in (11, 12, 13, 14, 15)]


@pytest.mark.parametrize("strict", [False, True])
def test_a_device_counts_what_it_hears(bank, second_bank, strict):
    pair = Pair({11: bank, 12: second_bank}, LineTiming(19200, strict=strict))
    broken = frame(11, READ)[:-1] + b"\0"
    pair.ask(frame(12, READ))  # its question and its answer are two messages
    pair.ask(broken)
    pair.ask(frame(0, bytes.fromhex("06 0001 0005")))
    pair.ask(frame(11, bytes.fromhex("03 8000 0001")))
    pair.ask(frame(12, bytes.fromhex("2b 0e 01 00")))  # answered at a length nobody else can know
    # Five more by the time of the last counter: each diagnostic question is a message of its own.
    assert counters(pair) == [4 + 2 + 1, 1, 1, 2 + 4, 1]
    log = pair.ask(frame(11, b"\x0c"))
    events = log[9 : 3 + log[2]]
    assert int.from_bytes(log[7:9], "big") == 4 + 8
    # Newest first: this question, five diagnostics, the exception, the broadcast, the broken frame.
    assert events == b"\x80" + b"\x40\x80" * 5 + b"\x41\x80" + b"\xc0" + b"\x82"
    assert pair.ask(frame(11, b"\x0b"))[2:6] == (0).to_bytes(2, "big") + (8 - 1 - 1).to_bytes(2, "big")


def test_what_goes_wrong_on_an_ascii_line_goes_wrong_in_ascii(bank):
    line = Line(LineTiming(9600))
    device = ModbusDevice({11: bank}, unknown_unit="silence")
    station = RtuStation(device, line, codec=AsciiServerCodec(device.units), character_timeout_s=1.0)
    station.join(lambda *_: None, lambda _: None)
    at_s = 0.0

    def ask(data):
        nonlocal at_s
        line.says(data, at_s)
        at_s += 5.0
        return line.advance(at_s)

    right = ascii_frame(11, ANSWER)
    for kind, size, unit, expected in (
        ("serial_crc_error", 0.0, 11, b":0B03020000F1\r\n"),
        ("serial_crc_error", 0.0, 12, right),
        ("serial_reserved_address", 250.0, 0, ascii_frame(250, ANSWER)),
        ("serial_foreign_traffic", 4.0, 0, ascii_frame(247, b"\x03\x04\x01\x12\x23\x34") + right),
        ("serial_truncated", 3.0, 0, right[:-3]),
    ):
        station.trouble.now = {kind: Trouble(1.0, size, unit)}
        assert ask(ascii_frame(11, READ)) == expected, kind
    station.trouble.now = {}
    ask(ascii_frame(12, READ))  # the neighbour's answer above was another
    ask(ascii_frame(11, READ)[:-4] + b"00\r\n")
    assert (bank.counters.foreign, bank.counters.communication_errors) == (2, 1)
