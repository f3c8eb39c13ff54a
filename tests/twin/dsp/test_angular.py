"""Samples at equal angles, by windowed sinc."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import orders as oracle
from twin.dsp.angular import AngularResampler, samples_per_rev, to_angle
from twin.dsp.spectrum import amplitude_spectrum, line_amplitude

RATE = 12800.0
T, SPEED, REVS = oracle.run_up(4.0, RATE)


@pytest.mark.parametrize("stretch", [False, True])
def test_a_value_is_the_kaiser_windowed_sinc_sum_of_the_book(stretch):
    rng = np.random.default_rng(1)
    x = rng.standard_normal(400)
    revs = np.arange(400) * 0.01
    per_rev = 37.0 if stretch else 173.0
    found = to_angle(x, revs, per_rev)
    spans = 100.0 / per_rev
    at = np.arange(found.size) / per_rev / 0.01
    inner = np.flatnonzero((at > 40) & (at < 359))[::7]
    wanted = [oracle.windowed_sinc(x, at[k], 8, stretch=max(spans, 1.0)) for k in inner]
    np.testing.assert_allclose(found[inner], wanted, atol=3e-5)


@pytest.mark.parametrize("per_rev", [128, 256, 1024])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_amplitudes_are_within_1_percent_to_40_percent_of_the_order_nyquist(per_rev, share):
    # where the axis is finer than the samples, their own Nyquist rate at top speed is the limit
    order = share * min(per_rev / 2, RATE / 2 / SPEED[-1])
    found = to_angle(2.0 * np.cos(2 * np.pi * order * REVS), REVS, per_rev)
    wanted = 2.0 * np.cos(2 * np.pi * order * np.arange(found.size) / per_rev)
    inner = slice(per_rev, -per_rev)
    assert np.max(np.abs(found - wanted)[inner]) < 0.002
    amplitude, _ = line_amplitude(amplitude_spectrum(found), order * found.size / per_rev)
    assert amplitude == pytest.approx(2.0, rel=0.01)


def test_what_the_axis_cannot_hold_is_filtered_and_not_folded():
    found = to_angle(np.cos(2 * np.pi * 100 * REVS), REVS, 128)
    assert np.max(np.abs(found[128:-128])) < 1e-3


def width(found, order, per_rev):
    """Width at half height of a Hann line, with the points between bins drawn."""
    size = found.size // per_rev * per_rev
    spectrum = np.abs(np.fft.rfft(found[:size] * np.hanning(size), 16 * size))
    middle = round(order * size / per_rev * 16)
    piece = spectrum[middle - 64 : middle + 65]
    return np.count_nonzero(piece > 0.5 * piece.max())


def test_an_order_line_of_a_run_up_is_as_wide_as_a_steady_one_to_10_percent():
    order, per_rev = 7.3, 256
    ramp = to_angle(np.cos(2 * np.pi * order * REVS), REVS, per_rev)
    steady = np.cos(2 * np.pi * order * np.arange(ramp.size) / per_rev)
    assert width(ramp, order, per_rev) == pytest.approx(width(steady, order, per_rev), rel=0.1)


CHANNELS = np.stack([np.cos(2 * np.pi * 9 * REVS), np.random.default_rng(2).standard_normal(REVS.size)], axis=1)


@pytest.mark.slow_without_jit
@given(
    cuts=st.lists(st.integers(0, 6000), max_size=8),
    channels=st.sampled_from([1, 2]),
    per_rev=st.sampled_from([64.0, 300.5, 2000.0]),
)
@settings(max_examples=40, deadline=None)
def test_any_chunking_gives_the_same_bits(cuts, channels, per_rev):
    x, revs = CHANNELS[:6000, :channels], REVS[:6000] + 0.37
    whole = AngularResampler(per_rev, channels=channels)
    wanted = np.concatenate([whole.process(x, revs), whole.flush()])
    parts = AngularResampler(per_rev, channels=channels)
    edges = [0, *sorted(cuts), 6000]
    found = [parts.process(x[a:b], revs[a:b]) for a, b in pairwise(edges)]
    assert np.concatenate([*found, parts.flush()]).tobytes() == wanted.tobytes()


def test_a_long_stream_keeps_only_what_the_filter_needs():
    resampler = AngularResampler(64.0, widest=16.0)
    for k in range(0, REVS.size, 512):
        resampler.process(CHANNELS[k : k + 512, 0], REVS[k : k + 512])
        assert resampler._revs.size < 2000


def test_nan_survives_and_goes_no_further_than_the_filter():
    x = np.cos(2 * np.pi * 3 * REVS)
    x[20000] = np.nan
    found = to_angle(x, REVS, 1024)
    lost = np.flatnonzero(np.isnan(found)) / 1024
    reach = 9 / RATE * SPEED[20000]
    assert lost.size > 0
    assert REVS[20000] - reach <= lost.min() <= REVS[20000] <= lost.max() <= REVS[20000] + reach


def test_a_standing_shaft_gives_no_outputs_and_a_crawling_one_nan():
    revs = np.concatenate(
        [np.linspace(0, 2, 2000), np.full(500, 2.0), np.linspace(2, 2.01, 5000), np.linspace(2.01, 4, 2000)]
    )
    found = to_angle(np.ones(revs.size), revs, 256, widest=32.0)
    angle = np.arange(found.size) / 256
    assert np.all(np.isnan(found[(angle > 2.001) & (angle < 2.009)]))
    assert np.all(found[(angle < 1.9) | (angle > 2.1)] == pytest.approx(1.0))


@pytest.mark.parametrize(
    ("revs", "says"),
    [
        (np.concatenate([REVS[:100], REVS[98:0:-1]]), "falls at sample 100.*turns backwards"),
        (np.where(np.arange(200) == 50, np.nan, REVS[:200] * 100), "must be finite"),
        (REVS[:200], "at least one"),
        (np.zeros(200), "the shaft stands"),
    ],
)
def test_an_angle_that_cannot_be_is_refused(revs, says):
    with pytest.raises(ValueError, match=says):
        to_angle(np.ones(revs.size), revs, 256)


def test_an_angle_that_falls_between_blocks_is_refused():
    resampler = AngularResampler(256)
    resampler.process(np.ones(100), REVS[100:200])
    with pytest.raises(ValueError, match="falls at sample 0"):
        resampler.process(np.ones(100), REVS[:100])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"samples_per_rev": 0.0}, "positive"),
        ({"samples_per_rev": 64, "half_width": 6}, "multiple of 4"),
        ({"samples_per_rev": 64, "widest": 0.5}, "at least 1"),
    ],
)
def test_settings_are_checked(wrong, says):
    with pytest.raises(ValueError, match=says):
        AngularResampler(**wrong)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="one angle a sample"):
        AngularResampler(64).process(np.ones(10), np.ones(9))


def test_samples_per_rev_put_the_highest_order_at_40_percent_and_check_the_record():
    assert samples_per_rev(50) == 250
    assert samples_per_rev(51) == 256
    with pytest.raises(ValueError, match="sample faster or ask for orders up to 200"):
        samples_per_rev(250, rate_hz=12800.0, top_speed_hz=25.0)
    with pytest.raises(ValueError, match="must be positive"):
        samples_per_rev(0.0)
