"""From time to shaft angle: angle track of a window, resampling on equal angles, tracked order amplitudes."""

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.orders import angular_resample, order_amplitudes, revolutions
from twin.dsp.spectrum import hann

Array = NDArray[np.float64]


def angle_track(speed_hz: Array, rate_hz: float) -> Array:
    """Shaft angle [rev] at each sample of a speed track float64[n] [Hz], zero at the first."""
    revs = np.empty(speed_hz.size)
    revolutions(speed_hz, rate_hz, revs)
    return revs


def resample_to_angle(x: Array, revs: Array, samples_per_rev: float) -> Array:
    """Sample x : float64[n] at equal shaft angles; revs : float64[n] is the angle of each sample [rev].

    Four-point interpolation: keep x oversampled about four times for amplitude errors below 1 %. It has no
    anti-alias filter and no checks; `angular.to_angle` has both and needs less oversampling.
    """
    if x.size < 2:
        return np.empty(0)
    out = np.empty(int(revs[-1] * samples_per_rev) + 1)
    filled = angular_resample(x, revs, 1.0 / samples_per_rev, out)
    return out[:filled]


def tracked_amplitudes(x: Array, revs: Array, orders: Array) -> Array:
    """Peak amplitude of each shaft order in x under a Hann window, following the angle track."""
    out = np.empty(orders.size)
    order_amplitudes(x, hann(x.size), revs, orders, out)
    return out
