"""Time to angle."""

import numpy as np
import pytest

from tests.oracles import dsp as oracle
from twin.dsp.orders import angle_track, resample_to_angle, tracked_amplitudes
from twin.dsp.spectrum import amplitude_spectrum, line_amplitude

RATE = 12800.0
T = np.arange(int(4 * RATE)) / RATE
SPEED = 10.0 + 15.0 * T / 4.0
REVS = angle_track(SPEED, RATE)


def test_the_angle_is_the_integral_of_the_speed():
    np.testing.assert_allclose(REVS, 10.0 * T + 15.0 * T**2 / 8.0, atol=1e-9)


def width(spectrum, position):
    peak = int(position - 5 + np.argmax(spectrum[int(position) - 5 : int(position) + 6]))
    return np.count_nonzero(spectrum[peak - 10 : peak + 11] > 0.3 * spectrum[peak])


def test_an_order_line_in_a_ramp_is_as_narrow_as_at_constant_speed():
    order = 4.0
    per_rev = 256.0
    ramp = resample_to_angle(np.sin(2 * np.pi * order * REVS), REVS, per_rev)
    steady = np.sin(2 * np.pi * order * np.arange(ramp.size) / per_rev)
    position = order * ramp.size / per_rev
    assert width(amplitude_spectrum(ramp), position) == width(amplitude_spectrum(steady), position)


@pytest.mark.parametrize("order", [1.0, 5.0, 12.3, 40.0])
def test_amplitudes_survive_resampling_to_1_percent(order):
    angle = resample_to_angle(2.0 * np.sin(2 * np.pi * order * REVS), REVS, 256.0)
    amplitude, _ = line_amplitude(amplitude_spectrum(angle), order * angle.size / 256.0)
    assert amplitude == pytest.approx(2.0, rel=0.01)


def test_tracked_amplitudes_follow_a_ramp():
    x = 1.5 * np.sin(2 * np.pi * REVS) + 0.25 * np.sin(2 * np.pi * 6 * REVS + 1.0)
    orders = np.array([1.0, 2.0, 6.0])
    found = tracked_amplitudes(x, REVS, orders)
    assert found == pytest.approx([1.5, 0.0, 0.25], abs=0.01)
    assert found == pytest.approx([oracle.order_amplitude(x, REVS, order) for order in orders], rel=1e-9)
