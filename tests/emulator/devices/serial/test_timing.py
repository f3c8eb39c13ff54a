import pytest

from emulator.devices.serial.timing import LineTiming


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


def test_a_character_without_parity_and_with_one_stop_bit_is_shorter():
    assert LineTiming(9600, character_bits=10).character_s == pytest.approx(10 / 9600)
