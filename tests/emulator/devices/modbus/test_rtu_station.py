"""Devices as stations of one line, in line time that the test hands in."""

import time

import pytest

from emulator.devices.modbus.ascii_codec import AsciiServerCodec, ascii_frame
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu_codec import crc16, frame
from emulator.devices.modbus.rtu_station import RtuStation
from emulator.devices.serial.characters import CharacterFormat
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from emulator.devices.serial.trouble import Trouble
from emulator.streams import Streams

READ = bytes.fromhex("03 0000 0001")
ANSWER = bytes.fromhex("03 02 0000")


class Pair:
    """A line with a device per unit."""

    def __init__(self, banks, timing=None, form=None, *, seed=1):
        timing = timing or LineTiming(19200)
        self.line = Line(timing, form or CharacterFormat())
        self.stations = {}
        self.now_s = 0.0
        for unit, bank in banks.items():
            station = RtuStation(ModbusDevice({unit: bank}, unknown_unit="silence"), self.line)
            stream = Streams(seed)(f"line/{unit}")
            station.trouble.uniform = lambda kind, index, count, stream=stream: stream.uniform(index, count)
            station.join(lambda *_: None, lambda _: None)
            self.stations[unit] = station

    def ask(self, data, wait_s=0.1):
        self.line.says(data, self.now_s)
        until_s = self.now_s + len(data) * self.line.timing.character_s + wait_s
        heard = b""
        while (event_s := self.line.next_s()) is not None and event_s <= until_s:
            heard += self.line.advance(event_s)
        self.now_s = until_s
        return heard


@pytest.fixture
def pair(bank, second_bank):
    return Pair({11: bank, 12: second_bank})


def test_each_device_of_a_line_answers_for_itself_and_takes_no_answer_for_a_request(pair, writes):
    for unit in (11, 12, 11):
        assert pair.ask(frame(unit, READ)) == frame(unit, ANSWER)
        # The answer to a write is the request again: the neighbour hears it and does nothing.
        assert pair.ask(frame(unit, bytes.fromhex("06 0001 0005"))) == frame(unit, bytes.fromhex("06 0001 0005"))
    assert writes == [("h1", 5)] * 3
    assert pair.ask(frame(13, READ)) == b""
    assert [station.malformed for station in pair.stations.values()] == [0, 0]


def test_a_broadcast_reaches_every_device_of_the_line_and_nobody_answers(pair, writes):
    assert pair.ask(frame(0, bytes.fromhex("06 0001 0005"))) == b""
    assert writes == [("h1", 5)] * 2


def test_who_asks_right_after_a_broadcast_waits_for_the_turnaround(bank):
    pair = Pair({11: bank}, LineTiming(19200, turnaround_s=0.05))
    pair.ask(frame(0, bytes.fromhex("06 0001 0005")), wait_s=0.01)
    begin_s = pair.now_s
    pair.line.says(frame(11, READ), begin_s)
    first_s = 0.0
    while not first_s:
        event_s = pair.line.next_s()
        first_s = event_s if pair.line.advance(event_s) else 0.0
    assert first_s - begin_s > 0.05 + 0.04


@pytest.mark.parametrize(
    ("gap", "answered"), [(1.0, True), (1.4, True), (1.6, False), (3.4, False)]
)  # characters; MB-SER V1.02, 2.5.1.1
def test_a_strict_device_gives_up_a_frame_with_a_gap_over_a_character_and_a_half(bank, gap, answered):
    pair = Pair({11: bank}, LineTiming(9600, strict=True))
    request, character_s = frame(11, READ), 11 / 9600
    pair.line.says(request[:4], 0.0)
    pair.line.advance(4 * character_s)
    pair.now_s = (4 + gap) * character_s
    assert bool(pair.ask(request[4:])) == answered
    assert pair.ask(frame(11, READ)) == frame(11, ANSWER)


def test_a_strict_device_takes_two_frames_without_a_silence_between_them_for_none(bank):
    pair = Pair({11: bank}, LineTiming(9600, strict=True))
    assert pair.ask(frame(11, READ) * 2) == b""
    assert pair.stations[11].malformed == 1
    assert pair.ask(frame(11, READ)) == frame(11, ANSWER)


def test_two_devices_with_one_address_garble_each_other(bank, second_bank):
    pair = Pair({11: bank, 12: second_bank})
    second_bank.holding_registers.buffer[0:2] = b"\x12\x34"
    pair.stations[12].device.units = {11: second_bank}
    pair.stations[12].codec._units = frozenset((11,))
    heard = pair.ask(frame(11, READ))
    assert heard
    assert crc16(heard) != 0 or heard in (frame(11, ANSWER), frame(11, bytes.fromhex("03 02 1234")))
    assert pair.line.collisions == 1


def test_a_stranger_of_another_protocol_costs_nothing(pair):
    pair.line.foreign(b":0B0300000001F1\r\n", 0.2, 0.013)
    good = sum(frame(11, ANSWER) in pair.ask(frame(11, READ), wait_s=0.031) for _ in range(100))
    assert good >= 80  # it talks over some of the exchanges: those are lost, the others are not
    assert pair.line.collisions


SILENT_KINDS = [
    ("serial_crc_error", 0.0),
    ("serial_truncated", 2),
    ("serial_leading_noise", 3),
    ("serial_reserved_address", 250),
    ("serial_wrong_baud", 9600),
    ("serial_break", 20),
    ("serial_long_frame", 300),
    ("serial_collision", 3),
]


@pytest.mark.parametrize(("kind", "size"), SILENT_KINDS)
def test_a_hurt_answer_costs_one_poll_and_the_next_frame_is_answered(pair, kind, size):
    trouble = pair.stations[11].trouble
    noted = []
    trouble.inserted = lambda kind, detail: noted.append(kind)
    trouble.set(kind, Trouble(1.0, size))
    assert pair.ask(frame(11, READ), wait_s=0.4) != frame(11, ANSWER)
    assert pair.ask(frame(12, READ)) == frame(12, ANSWER)
    assert noted == [kind]
    trouble.set(kind, None)
    assert pair.ask(frame(11, READ)) == frame(11, ANSWER)
    assert pair.stations[11].malformed == 0


def test_a_share_of_answers_is_hit_and_the_same_ones_each_time(bank):
    def hits(seed):
        pair = Pair({11: bank}, seed=seed)
        pair.stations[11].trouble.set("serial_crc_error", Trouble(0.3))
        return [pair.ask(frame(11, READ)) != frame(11, ANSWER) for _ in range(100)]

    assert hits(1) == hits(1) != hits(2)
    assert 15 < sum(hits(1)) < 45


def test_an_hour_of_noise_on_a_busy_line_leaves_both_devices_sound(bank, second_bank, writes):
    pair = Pair({11: bank, 12: second_bank}, LineTiming(19200))
    trouble = pair.stations[11].trouble
    for kind, rate in (("bit_flips", 1e-3), ("lost_bytes", 2e-3), ("extra_bytes", 2e-3), ("framing_error", 1e-3)):
        trouble.set(f"serial_{kind}", Trouble(1.0, rate))
    requests = {unit: frame(unit, READ) for unit in (11, 12)}
    answers = {unit: frame(unit, ANSWER) for unit in (11, 12)}
    good = count = 0
    began_s = time.perf_counter()
    while pair.now_s < 3600.0:
        unit = 11 + count % 2
        good += pair.ask(requests[unit], wait_s=0.25) == answers[unit]
        count += 1
    assert count > 10_000
    assert 0.6 < good / count < 0.95
    assert writes == []
    assert time.perf_counter() - began_s < 60  # a bound against runaway, not a speed
    trouble.now.clear()
    for unit in (11, 12):
        assert pair.ask(requests[unit]) == answers[unit]


def test_an_ascii_device_bears_a_pause_inside_a_frame_and_no_longer_one(bank):
    line = Line(LineTiming(9600))
    device = ModbusDevice({11: bank}, unknown_unit="silence")
    station = RtuStation(device, line, codec=AsciiServerCodec(device.units), character_timeout_s=1.0)
    station.join(lambda *_: None, lambda _: None)
    request, heard, at_s = ascii_frame(11, READ), [], 0.0
    for pause_s in (0.5, 1.5, 0.0):
        line.says(request[:6], at_s)
        line.advance(at_s + 0.1)
        line.says(request[6:], at_s + 0.1 + pause_s)
        at_s += 5.0
        heard.append(line.advance(at_s - 1.0))
    assert heard == [ascii_frame(11, ANSWER), b"", ascii_frame(11, ANSWER)]


def test_misbehaviour_without_serial_troubles_is_equal_to_none():
    assert repr(ModbusMisbehaviour().serial) == "SerialTrouble({})"
