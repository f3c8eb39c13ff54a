"""Clocks and speeds that are not what they are said to be."""

import numpy as np
import pytest

from twin.dsp.clockcheck import rate_check

RATE, SPEED = 20480.0, 23.7


def machine(mains_hz=60.0, speed_hz=SPEED, seed=0, seconds=4.0, mains=0.3, shaft=0.3):
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE) - 7) / RATE
    x = rng.standard_normal(t.size)
    for k in range(1, 11):
        x += mains * np.sin(2 * np.pi * k * mains_hz * t + rng.uniform(0, 6.28))
        x += shaft * np.sin(2 * np.pi * k * speed_hz * t + rng.uniform(0, 6.28))
    return x


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_a_clock_that_is_right_is_left_alone(mains_hz):
    check = rate_check(machine(mains_hz), RATE, SPEED)
    assert (check.verdict, check.flag, check.ratio) == ("ok", None, 1.0)


@pytest.mark.parametrize("error", [0.9766, 1.03, 0.985])
def test_mains_and_shaft_off_alike_mean_the_clock(error):
    check = rate_check(machine(), RATE * error, SPEED)
    assert check.verdict == "clock"
    assert check.flag == "rate"
    assert check.rate_hz == pytest.approx(RATE, rel=0.002)
    assert "sample rate is rather" in check.reason


def test_a_machine_at_rest_shows_the_clock_by_its_mains_alone():
    check = rate_check(machine(shaft=0.0), 20000.0)
    assert check.verdict == "clock"
    assert check.rate_hz == pytest.approx(RATE, rel=0.002)


@pytest.mark.parametrize("error", [0.975, 1.02])
def test_the_shaft_alone_off_means_the_speed(error):
    check = rate_check(machine(), RATE, SPEED * error)
    assert check.verdict == "speed"
    assert check.speed_hz == pytest.approx(SPEED, rel=0.002)
    assert "or the sample rate" not in check.reason


def test_without_mains_lines_speed_and_clock_cannot_be_told_apart_and_that_is_said():
    check = rate_check(machine(mains=0.0), RATE, SPEED * 1.02)
    assert check.verdict == "speed"
    assert "or the sample rate is off by as much" in check.reason


def test_where_no_line_tells_a_customary_number_of_samples_raises_a_doubt():
    x = np.random.default_rng(0).standard_normal(20480)
    check = rate_check(x, 20000.0, 33.3)
    assert (check.verdict, check.flag, check.rate_hz) == ("clock_doubtful", "rate_doubtful", 20480.0)
    assert rate_check(x, 20480.0, 33.3).verdict == "unknown"
    assert rate_check(x[:20000], 20000.0, 33.3).verdict == "unknown"


@pytest.mark.parametrize("seed", range(10))
def test_noise_tells_nothing(seed):
    x = np.random.default_rng(seed).standard_normal(40001)
    assert rate_check(x, 12000.0, 29.0).verdict == "unknown"


def test_several_channels_tell_together():
    rows = np.stack([machine(seed=k, mains=0.05, shaft=0.05) for k in range(4)])
    assert rate_check(rows, 20000.0, SPEED).verdict == "clock"


@pytest.mark.parametrize(
    ("x", "rate", "speed", "message"),
    [
        (np.ones(1000), 0.0, 1.0, "sample rate 0 Hz must be positive"),
        (np.ones(1000), 100.0, -1.0, "shaft speed -1 Hz must be positive"),
        (np.empty(0), 100.0, 1.0, "not empty"),
    ],
)
def test_what_cannot_be_checked_is_refused(x, rate, speed, message):
    with pytest.raises(ValueError, match=message):
        rate_check(x, rate, speed)
