"""The pair as everybody on it hears it, in line time that the test hands in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.serial.characters import CharacterFormat, collided
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from emulator.devices.serial.trouble import SerialTrouble, Trouble

CHARACTER = 11 / 9600
T3_5 = 3.5 * CHARACTER


class Ear:
    """A station that notes what it hears; `answers` what it says t3.5 after each run it hears of the master."""

    def __init__(self, line, answer=b""):
        self.trouble = SerialTrouble()
        self.line = line
        self.answer = answer
        self.heard = []
        self.silences = []
        self.waiting = False
        line.join(self)

    def hear(self, data, start_s, end_s):
        self.heard.append((data, start_s, end_s))
        self.waiting = True
        if self.answer:
            self.line.transmit(self, self.answer, end_s + T3_5)

    def silence(self, at_s):
        self.silences.append(at_s)
        self.waiting = False


@pytest.fixture
def line():
    return Line(LineTiming(9600))


def run(line, until_s=10.0):
    """Let the line run by its own wish; return (time, bytes the master got) of each wake-up that brought some."""
    got, now_s = [], 0.0
    while (now_s := line.next_s()) is not None and now_s <= until_s:
        if data := line.advance(now_s):
            got.append((now_s, data))
    return got


def joined(got):
    return b"".join(data for _, data in got)


def test_what_the_master_says_is_heard_when_its_last_character_has_ended(line):
    ear = Ear(line)
    line.says(bytes(8), 1.0)
    assert run(line) == []
    ((data, start_s, end_s),) = ear.heard
    assert (data, start_s, end_s) == (bytes(8), 1.0, pytest.approx(1.0 + 8 * CHARACTER))
    assert ear.silences == [pytest.approx(end_s + T3_5)]


def test_clumps_that_arrive_together_are_one_run_on_the_line(line):
    ear = Ear(line)
    line.says(b"abcd", 1.0)
    line.says(b"ef", 1.001)
    run(line)
    assert ear.heard[1][1] == ear.heard[0][2]
    assert len(ear.silences) == 1


def test_an_answer_is_paced_character_by_character_and_never_early(line):
    Ear(line, bytes(range(100)))
    line.says(bytes(8), 0.0)
    got = run(line)
    assert joined(got) == bytes(range(100))
    begin, count = 8 * CHARACTER + T3_5, 0
    for now_s, data in got:
        count += len(data)
        assert count <= (now_s - begin) / CHARACTER + 1e-3
    assert got[-1][0] == pytest.approx(begin + 100 * CHARACTER)
    assert len(got) > 20


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=30))
def test_however_late_it_is_asked_nothing_is_lost_doubled_or_early(times):
    line = Line(LineTiming(9600))
    Ear(line, bytes(range(100)))
    line.says(bytes(8), 0.0)
    got = b""
    for now_s in sorted(times):
        got += line.advance(now_s)
        assert len(got) <= max(0.0, (now_s - 8 * CHARACTER - T3_5) / CHARACTER) + 1e-3
    assert got + line.advance(10.0) == bytes(range(100))


def test_slaves_hear_each_other_and_not_themselves(line):
    speaker, neighbour = Ear(line), Ear(line)
    line.transmit(speaker, b"answer", 0.0)
    run(line)
    assert [data for data, *_ in neighbour.heard] == [b"answer"]
    assert speaker.heard == []


def test_a_master_with_an_echo_hears_itself():
    line = Line(LineTiming(9600), echo=True)
    Ear(line)
    line.says(b"request", 0.0)
    assert joined(run(line)) == b"request"


def test_two_who_talk_at_once_garble_each_other(line):
    one, two, other = Ear(line), Ear(line), Ear(line)
    line.transmit(one, b"\x0b\x03\x02\x00\x2a", 0.0)
    line.transmit(two, b"\x0c\x03\x02\x00\x17", 2.0 / 9600)
    garbled = collided(b"\x0b\x03\x02\x00\x2a", b"\x0c\x03\x02\x00\x17", 2, CharacterFormat())
    assert joined(run(line)) == garbled
    assert [data for data, *_ in other.heard] == [garbled]
    assert one.heard == two.heard == []
    assert line.collisions == 1


def test_a_master_that_talks_over_an_answer_misses_what_was_said_meanwhile(line):
    slave = Ear(line)
    line.transmit(slave, bytes(20), 0.0)
    before = line.advance(5.5 * CHARACTER)
    line.says(b"\xff" * 5, 5.5 * CHARACTER)
    after = joined(run(line))
    assert before == bytes(5)
    assert len(after) < 15
    assert line.collisions == 1


def test_a_device_without_power_stops_in_the_middle(line):
    slave = Ear(line)
    line.transmit(slave, bytes(100), 0.0)
    got = line.advance(10.5 * CHARACTER)
    line.hush(slave, 10.5 * CHARACTER)
    assert got + joined(run(line)) == bytes(10)


def test_an_unpaced_line_answers_at_once():
    line = Line(LineTiming(None))
    ear = Ear(line)
    ear.hear = lambda data, start_s, end_s: line.transmit(ear, b"answer", end_s)
    line.says(b"request", 3.0)
    assert line.advance(3.0) == b"answer"


def test_a_stranger_talks_whatever_the_master_does(line):
    ear = Ear(line)
    line.foreign(b"\xaa\x55", 0.5, 0.0)
    got = run(line, until_s=1.9)
    assert joined(got) == b"\xaa\x55" * 3
    assert [start_s for _, start_s, _ in ear.heard] == pytest.approx([0.5, 1.0, 1.5])


@pytest.mark.parametrize(
    "kind", ["serial_bit_flips", "serial_lost_bytes", "serial_extra_bytes", "serial_framing_error"]
)
def test_noise_is_the_same_in_whatever_clumps_the_bytes_come_and_for_everybody(kind):
    def talk(sizes):
        line = Line(LineTiming(None, character_bits=11))
        ear = Ear(line)
        ear.trouble.set(kind, Trouble(1.0, 0.05))
        data, at = bytes(range(200)), 0
        for size in sizes:
            line.says(data[at : at + size], float(at))
            line.advance(float(at))
            at += size
        return b"".join(data for data, *_ in ear.heard)

    assert talk([200]) != bytes(range(200))
    if kind != "serial_framing_error":  # a receiver that slipped stays out of step until the line is idle
        assert talk([200]) == talk([1] * 200) == talk([70, 130])


def test_a_line_without_trouble_is_left_alone(line):
    ear = Ear(line)
    ear.trouble.set("serial_bit_flips", Trouble(1.0, 0.5))
    ear.trouble.set("serial_bit_flips", None)
    line.says(bytes(range(100)), 0.0)
    run(line)
    assert ear.heard[0][0] == bytes(range(100))
