"""Real steady records put on a warped time axis: the ground truth of the order is exact.

A record taken at constant speed is played at a speed that swings by ±20 %: y(t) = x(τ(t)). In angle nothing has
changed, so after tracking the bearing line must stand where it stood, as high as it stood.
"""

import numpy as np
import pytest

from twin.dsp.angular import to_angle
from twin.dsp.order_tracking import order_spectrum
from twin.dsp.recordings import load_recording
from twin.dsp.speed import track_speed

pytestmark = [pytest.mark.data, pytest.mark.slow_without_jit]

RECORDS = [
    ("cwru/12k_DE_OR007at6_load0_130.npz", "DE", 3.5848),
    ("cwru/12k_DE_IR007_load0_105.npz", "DE", 5.4152),
    ("hit_sm/self_OR5_1200.npz", "x", 3.585),
    ("mfpt/Outer_vload7.npz", "x", 3.245),
    ("mfpt/Inner_vload5.npz", "x", 4.755),
]


def warp(x, rate_hz, speed_hz, swing=0.2, period_s=1.1):
    """Play x at speed_hz·(1 + swing·sin(2πt/period)): the samples, the speed and the angle, in closed form.

    Between samples by a cubic spline on eight times the rate (scipy), nothing of the code under test.
    """
    from scipy.interpolate import CubicSpline
    from scipy.signal import resample

    fine = resample(x, 8 * x.size)
    t = np.arange(x.size) / rate_hz
    played = t - swing * period_s / (2 * np.pi) * (np.cos(2 * np.pi * t / period_s) - 1.0)
    keep = played < t[-1] - 0.01
    return (
        CubicSpline(np.arange(fine.size) / (8 * rate_hz), fine)(played[keep]),
        speed_hz * (1.0 + swing * np.sin(2 * np.pi * t[keep] / period_s)),
        speed_hz * played[keep],
    )


def squared_envelope(x, rate_hz):
    """Square of the analytic signal of the upper two thirds of the band, by scipy, its lower part kept."""
    from scipy.signal import hilbert

    spectrum = np.fft.rfft(x)
    spectrum[: int(spectrum.size / 6)] = 0.0
    return np.abs(hilbert(np.fft.irfft(spectrum, x.size))) ** 2


def envelope_line(x, revs, rate_hz, order):
    spectrum = order_spectrum(to_angle(squared_envelope(x, rate_hz), revs, 64), 64)
    return spectrum.line(order, reach=0.015 * order * spectrum.bins_per_order)


@pytest.mark.parametrize(("file", "channel", "order"), RECORDS)
def test_a_bearing_line_stays_at_its_order_and_height_when_the_speed_swings_by_20_percent(
    recorded_data, file, channel, order
):
    recording = load_recording(recorded_data / file)
    x = recording.channel(channel)[1][: int(2.4 * recording.rate_hz)]
    rate, speed = recording.rate_hz, recording.speed_hz
    warped, _, revs = warp(x, rate, speed)
    steady, place = envelope_line(x[: warped.size], speed * np.arange(warped.size) / rate, rate, order)
    found, there = envelope_line(warped, revs, rate, order)
    assert there == pytest.approx(place, rel=0.003)
    assert abs(20 * np.log10(found / steady)) < 1.0
    # without tracking the same line is smeared away: the test could fail
    smeared, _ = envelope_line(warped, speed * np.arange(warped.size) / rate, rate, order)
    assert smeared < 0.5 * steady


@pytest.mark.parametrize(("file", "channel", "order"), RECORDS)
def test_the_speed_of_a_warped_record_is_right_or_not_said(recorded_data, file, channel, order):
    recording = load_recording(recorded_data / file)
    rate, nominal = recording.rate_hz, recording.speed_hz
    warped, speed, _ = warp(recording.channel(channel)[1][: int(3 * rate)], rate, nominal, period_s=2.2)
    bearing = (order, 2 * order, 3 * order)
    for x, orders in ((warped, (1.0, 2.0, 3.0, 4.0)), (squared_envelope(warped, rate), bearing)):
        track = track_speed(x, rate, 0.7 * nominal, 1.3 * nominal, orders=orders, max_slope_hz_s=0.9 * nominal)
        # the bearing's own order is known to its slip of 1 or 2 % only
        assert track.reason is not None or np.sqrt(np.mean((track.speed_hz / speed - 1.0) ** 2)) < 0.02


def test_the_envelope_of_a_damaged_bearing_carries_the_speed(recorded_data):
    recording = load_recording(recorded_data / "cwru/12k_DE_OR007at6_load0_130.npz")
    rate, nominal = recording.rate_hz, recording.speed_hz
    warped, speed, _ = warp(recording.channel("DE")[1][: int(3 * rate)], rate, nominal)
    order = 3.5959  # as measured in the steady record
    orders = (order, 2 * order, 3 * order)
    track = track_speed(
        squared_envelope(warped, rate), rate, 0.7 * nominal, 1.3 * nominal, orders=orders, max_slope_hz_s=1.75 * nominal
    )
    assert track.reason is None
    assert np.sqrt(np.mean((track.speed_hz / speed - 1.0) ** 2)) < 0.002
