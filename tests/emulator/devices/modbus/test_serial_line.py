import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.modbus.serial_line import LineTiming, PacedWriter


@pytest.mark.parametrize(
    ("baud", "t1_5_s", "t3_5_s"),
    [
        (9600, 1.5 * 11 / 9600, 3.5 * 11 / 9600),
        (19200, 1.5 * 11 / 19200, 3.5 * 11 / 19200),
        (115200, 750e-6, 1750e-6),
    ],
)
def test_silences_are_in_characters_up_to_19200_baud_and_fixed_above(baud, t1_5_s, t3_5_s):
    timing = LineTiming(baud)
    assert (timing.t1_5_s, timing.t3_5_s) == pytest.approx((t1_5_s, t3_5_s))


def test_an_answer_waits_for_silence_or_for_the_device_to_think_whichever_is_longer():
    assert LineTiming(9600).before_answer_s == LineTiming(9600).t3_5_s
    assert LineTiming(9600, turnaround_s=0.02).before_answer_s == 0.02
    assert LineTiming(None).before_answer_s == 0.0


def test_255_bytes_at_9600_baud_take_292_milliseconds_of_line_time():
    writer = PacedWriter(LineTiming(9600).character_s)
    assert writer.put(bytes(255), 1.0) == pytest.approx(1.0 + 255 * 11 / 9600)
    assert writer.due(0.99) == b""
    assert len(writer.due(1.1)) == int(0.1 * 9600 / 11)
    assert len(writer.due(1.2922)) == 255 - int(0.1 * 9600 / 11)
    assert writer.next_s(0.004) is None


def test_a_character_is_due_when_its_last_bit_is_sent_and_not_before():
    character_s = 11 / 9600
    writer = PacedWriter(character_s)
    writer.put(b"ab", 0.0)
    assert writer.due(0.99 * character_s) == b""
    assert writer.due(character_s) == b"a"
    assert writer.due(1.99 * character_s) == b""
    assert writer.due(2 * character_s) == b"b"


def test_a_second_frame_starts_when_the_line_is_free():
    writer = PacedWriter(0.001)
    writer.put(b"abcd", 0.0)
    assert writer.put(b"ef", 0.001) == pytest.approx(0.006)
    assert writer.due(0.0051) == b"abcde"
    assert writer.due(0.0061) == b"f"


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=30), st.integers(1, 300))
def test_however_late_it_is_asked_nothing_is_lost_doubled_or_early(times, size):
    data = bytes(i % 251 for i in range(size))
    writer = PacedWriter(0.001)
    writer.put(data, 0.1)
    got = b""
    for now_s in sorted(times):
        got += writer.due(now_s)
        assert len(got) <= max(0.0, (now_s - 0.1) / 0.001 + 1e-3)
    assert got + writer.due(1.0) == data


def test_following_its_own_timetable_sends_in_clumps_of_the_grain_and_ends_on_time():
    writer = PacedWriter(0.001)
    end_s = writer.put(bytes(10), 0.0)
    moments = []
    while (now_s := writer.next_s(0.004)) is not None:
        moments.append((now_s, len(writer.due(now_s))))
    assert [count for _, count in moments] == [4, 4, 2]
    assert moments[-1][0] == pytest.approx(end_s)


def test_without_pacing_all_is_due_at_once():
    writer = PacedWriter(0.0)
    writer.put(b"abc", 2.0)
    assert writer.due(1.9) == b""
    assert writer.due(2.0) == b"abc"


def test_a_cleared_line_forgets_and_is_free():
    writer = PacedWriter(0.001)
    writer.put(bytes(100), 0.0)
    writer.clear()
    assert writer.due(1.0) == b""
    assert writer.put(b"a", 0.01) == pytest.approx(0.011)
