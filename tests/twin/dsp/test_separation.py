"""Discrete and random parts: what is taken, what is left, and that cutting the stream changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import cyclic as oracle
from tests.oracles.bearing_signals import spall
from twin.dsp.separation import DrsStream, Sanc, drs, effective_averages, random_part, suggest_delay

RATE, SPEED = 25600.0, 24.63
GEOMETRY = (9, 0.3126, 1.537)


def db(ratio):
    return 10.0 * np.log10(ratio)


def lines(t, parts):
    return sum(a * np.sin(2.0 * np.pi * f * t + p) for f, a, p in parts)


def cuts_of(x, cuts):
    return np.split(x, sorted(cut % (x.shape[-1] + 1) for cut in cuts), axis=-1)


@pytest.fixture(scope="module")
def gear_and_bearing():
    rng = np.random.default_rng(0)
    t = np.arange(int(8 * RATE)) / RATE
    gear = lines(t, [(k * 23 * SPEED, a, k) for k, a in ((1, 1.0), (2, 0.7), (3, 0.5))])
    bearing = spall("bearing_outer_race", GEOMETRY, SPEED, RATE, 8.0, slip=0.01, rng=rng)
    return gear, 5.0 * bearing, 0.3 * rng.standard_normal(t.size)


def test_the_parts_add_up_to_the_record(gear_and_bearing):
    x = sum(gear_and_bearing)
    parts = drs(x, 4096, 1024)
    np.testing.assert_allclose(parts.deterministic + parts.random, x, rtol=0, atol=4e-15 * np.abs(x).max())


def test_gear_lines_fall_by_20_db_while_a_slipping_bearing_stays(gear_and_bearing):
    gear, bearing, noise = gear_and_bearing
    parts = drs(gear + bearing + noise, 4096, suggest_delay(RATE, 3.5848 * SPEED, mode_hz=5400.0, damping=0.03))
    random = parts.random[parts.valid]
    t = np.arange(gear.size)[parts.valid] / RATE
    for k in (1, 2, 3):
        wave = np.exp(-2j * np.pi * k * 23 * SPEED * t)
        assert db(abs(random @ wave) ** 2 / abs(gear[parts.valid] @ wave) ** 2) < -20.0
    kept = random @ bearing[parts.valid] / (bearing[parts.valid] @ bearing[parts.valid])
    assert abs(20 * np.log10(kept)) < 0.1


def test_sines_in_noise_are_told_apart_to_minus_20_db():
    rng = np.random.default_rng(1)
    t = np.arange(100_000) / RATE
    tones = lines(t, [(431.7, 1.0, 0.3), (5003.1, 0.5, 1.0)])
    noise = rng.standard_normal(t.size)
    parts = drs(tones + noise, 4096, 0)
    inner = parts.valid
    assert db(np.var((parts.deterministic - tones)[inner]) / np.var(tones[inner])) < -20.0
    assert abs(db(np.var(parts.random[inner]) / np.var(noise[inner]))) < 0.05


def test_every_line_is_predicted_with_gain_snr_over_one_plus_snr():
    # Antoni & Randall 2004: the Wiener gain; snr of a line in a Hann bin is A² N / (6 sigma²)
    rng = np.random.default_rng(2)
    segment, t = 512, np.arange(200_000)
    for amplitude in (0.1, 0.2, 0.4):
        x = amplitude * np.cos(2 * np.pi * 50 / segment * t) + rng.standard_normal(t.size)
        snr = amplitude**2 * segment / 6.0
        assert drs(x, segment, 0, false_alarm=None).gain[50] == pytest.approx(snr / (1 + snr), abs=0.06)


def test_without_gating_one_in_k_of_the_noise_is_taken_for_lines():
    noise = np.random.default_rng(3).standard_normal(100_000)
    parts = drs(noise, 1024, 0, false_alarm=None)
    pairs = effective_averages(100_000 // 256 - 7, 1024, 256)
    assert np.mean(parts.gain[5:-5] ** 2) == pytest.approx(1.0 / pairs, rel=0.15)
    assert np.var(drs(noise, 1024, 0).deterministic) < 0.03 / pairs


def test_the_blocks_prediction_equals_the_papers():
    rng = np.random.default_rng(4)
    x = np.sin(0.31 * np.arange(1500)) + 0.5 * rng.standard_normal(1500)
    expected, weight = oracle.predicted_by_blocks(x, 64, 64 + 16)
    ours = drs(x, 64, 16, false_alarm=None).deterministic
    inner = slice(200, 1300)
    assert np.ptp(weight[inner]) < 1e-12
    np.testing.assert_allclose(ours[inner], expected[inner] / weight[inner], atol=1e-12)


def test_channels_are_separated_each_for_itself():
    x = np.random.default_rng(5).standard_normal((2, 3, 4000)) + np.sin(0.4 * np.arange(4000))
    parts = drs(x, 256, 64)
    np.testing.assert_array_equal(parts.random[1, 2], drs(x[1, 2], 256, 64).random)
    assert parts.gain.shape == (2, 3, 129)


def test_the_random_part_leaves_the_ends_out():
    x = np.random.default_rng(6).standard_normal(20_000)
    assert random_part(x).size == 20_000 - 2 * 256


@pytest.mark.parametrize(
    ("x", "segment", "gap", "false_alarm", "message"),
    [
        (np.ones(100), 64, 0, 1e-3, "need 320 or more"),
        (np.ones(1000), 66, 0, 1e-3, "segment = 66 must be a multiple of 4"),
        (np.ones(1000), 64, -1, 1e-3, "gap = -1"),
        (np.ones(1000), 64, 0, 2.0, "false_alarm = 2"),
        (np.empty(0), 64, 0, 1e-3, "x is empty"),
        (np.full(1000, np.nan), 64, 0, 1e-3, "x has 1000 NaN"),
    ],
)
def test_what_cannot_be_separated_is_said(x, segment, gap, false_alarm, message):
    with pytest.raises(ValueError, match=message):
        drs(x, segment, gap, false_alarm=false_alarm)


def test_silence_has_no_deterministic_part():
    assert not drs(np.zeros(1000), 64, 0).deterministic.any()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=6))
def test_cutting_a_stream_changes_no_bit_of_its_blocks(cuts):
    x = np.random.default_rng(7).standard_normal(3000) + np.sin(0.3 * np.arange(3000))
    whole = DrsStream(64, 16).process(x)
    stream = DrsStream(64, 16)
    pieces = [stream.process(piece) for piece in cuts_of(x, cuts)]
    for one, many in zip(whole, zip(*pieces, strict=True), strict=True):
        np.testing.assert_array_equal(one, np.concatenate(many))


def test_a_stream_learns_its_lines_and_stays_aligned_with_its_input():
    rng = np.random.default_rng(8)
    t = np.arange(60_000)
    tone = np.sin(0.3 * t)
    x = tone + 0.5 * rng.standard_normal(t.size)
    deterministic, random = DrsStream(1024, 256, memory=50).process(x)
    assert x.size - 1024 <= deterministic.size <= x.size - 768
    np.testing.assert_allclose(deterministic + random, x[: random.size], atol=1e-14)
    settled = slice(30_000, random.size)
    assert db(np.var((deterministic - tone[: random.size])[settled]) / 0.5) < -13.0


def test_a_hole_in_a_stream_stays_a_hole_and_teaches_nothing():
    x = np.sin(0.3 * np.arange(5000)) + 0.1 * np.random.default_rng(9).standard_normal(5000)
    x[3000] = np.nan
    stream = DrsStream(64, 16)
    deterministic, random = stream.process(x)
    assert np.flatnonzero(np.isnan(random)).tolist() == [3000]
    assert np.isfinite(deterministic).all()
    assert np.var(random[4000:]) < 0.05


def test_a_stream_that_forgets_too_fast_is_refused():
    with pytest.raises(ValueError, match="memory = 2 blocks"):
        DrsStream(64, 16, memory=2)


def test_the_canceller_equals_the_books():
    x = np.random.default_rng(10).standard_normal(400) + np.sin(0.2 * np.arange(400))
    for taps, delay in ((1, 1), (13, 5), (24, 40)):
        deterministic, random = Sanc(taps, delay, step=0.3).process(x)
        np.testing.assert_allclose(deterministic, oracle.normalised_lms(x, taps, delay, 0.3), atol=1e-10)
        np.testing.assert_array_equal(random, x - deterministic)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 600), max_size=6))
def test_cutting_the_input_changes_no_bit_of_the_canceller(cuts):
    x = np.random.default_rng(11).standard_normal((2, 600))
    x[1, 100] = np.nan
    x[0, 50:90] *= 1e8
    whole = Sanc(20, 7, step=0.1, channels=2).process(x)
    canceller = Sanc(20, 7, step=0.1, channels=2)
    pieces = [canceller.process(piece) for piece in cuts_of(x, cuts)]
    for one, many in zip(whole, zip(*pieces, strict=True), strict=True):
        np.testing.assert_array_equal(one, np.concatenate(many, axis=-1))


def test_channels_do_not_hear_each_other():
    x = np.random.default_rng(12).standard_normal((3, 500))
    together = Sanc(16, 4, step=0.2, channels=3).process(x)[1]
    np.testing.assert_array_equal(together[2], Sanc(16, 4, step=0.2).process(x[2])[1])


@pytest.mark.slow_without_jit
def test_the_canceller_takes_lines_and_leaves_the_bearing(gear_and_bearing):
    gear, bearing, noise = gear_and_bearing
    canceller = Sanc(512, suggest_delay(RATE, 3.5848 * SPEED, mode_hz=5400.0, damping=0.03), step=0.003)
    random = canceller.process(gear + bearing + noise)[1]
    late = slice(gear.size // 2, None)
    t = np.arange(gear.size)[late] / RATE
    for k in (1, 2, 3):
        wave = np.exp(-2j * np.pi * k * 23 * SPEED * t)
        assert db(abs(random[late] @ wave) ** 2 / abs(gear[late] @ wave) ** 2) < -20.0
    assert abs(20 * np.log10(random[late] @ bearing[late] / (bearing[late] @ bearing[late]))) < 0.1


@pytest.mark.slow_without_jit
def test_the_cancellers_excess_error_is_step_over_two_minus_step():
    # Haykin 2002, ch. 6: misadjustment of the normalised LMS on white noise
    noise = np.random.default_rng(13).standard_normal(200_000)
    for step in (0.1, 0.5):
        random = Sanc(64, 10, step=step).process(noise)[1]
        assert np.var(random[20_000:]) - np.var(noise[20_000:]) == pytest.approx(step / (2 - step), rel=0.05)


def test_a_missing_sample_is_passed_on_and_not_learned():
    x = np.sin(0.3 * np.arange(3000))
    x[2000] = np.nan
    canceller = Sanc(32, 8, step=0.5)
    deterministic, random = canceller.process(x)
    assert np.flatnonzero(np.isnan(random)).tolist() == [2000]
    assert deterministic[2000] == pytest.approx(np.sin(0.3 * 2000), abs=1e-3)
    assert np.isfinite(canceller.weights).all()
    assert np.abs(random[2500:]).max() < 0.01


def test_after_a_blow_the_canceller_stays_stable():
    x = np.random.default_rng(14).standard_normal(5000)
    x[1000:1010] = 1e9
    random = Sanc(32, 8, step=0.5).process(x)[1]
    assert np.var(random[3000:]) < 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"taps": 0, "delay": 1}, "taps = 0"),
        ({"taps": 8, "delay": 0}, "delay = 0"),
        ({"taps": 8, "delay": 1, "step": 2.0}, "step = 2"),
    ],
)
def test_a_canceller_that_cannot_work_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Sanc(**arguments)


def test_the_wrong_number_of_channels_is_named():
    with pytest.raises(ValueError, match=r"shape \(2, 9\); this canceller takes \[1, n\]"):
        Sanc(8, 1).process(np.zeros((2, 9)))


def test_after_the_suggested_delay_a_bearing_has_forgotten_itself():
    rng = np.random.default_rng(15)
    records = [spall("bearing_outer_race", GEOMETRY, SPEED, RATE, 4.0, slip=0.01, rng=rng) for _ in range(6)]
    delay = suggest_delay(RATE, 3.5848 * SPEED, mode_hz=5400.0, damping=0.03)
    strike = RATE / (3.5848 * SPEED)
    assert strike < delay < 2 * strike

    def correlation(lag):
        return sum(x[lag:] @ x[:-lag] for x in records) / sum(x @ x for x in records)

    assert max(abs(correlation(lag)) for lag in range(delay, delay + 1000, 7)) < 0.05
    assert max(abs(correlation(lag)) for lag in range(5, 15)) > 0.5


def test_a_low_mode_and_little_slip_need_a_longer_delay():
    usual = suggest_delay(RATE, 88.0, mode_hz=5400.0)
    assert suggest_delay(RATE, 88.0, mode_hz=800.0) > usual
    assert suggest_delay(RATE, 88.0, mode_hz=5400.0, slip=0.001) > usual
    assert suggest_delay(RATE, 10.0, mode_hz=5400.0) > usual


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate_hz", 0.0), ("event_hz", -1.0), ("mode_hz", np.nan), ("damping", 1.0), ("correlation", 1.5)],
)
def test_a_delay_from_impossible_numbers_is_refused(name, value):
    numbers = {"rate_hz": RATE, "event_hz": 88.0, "mode_hz": 5400.0} | {name: value}
    with pytest.raises(ValueError, match=name):
        suggest_delay(**numbers)
