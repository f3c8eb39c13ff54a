"""The scalar sensor chain: element lag, gain, noise, drift, limits, quantiser, in their fixed order."""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import philox_normal

# state: element pole 1, element pole 2, last input, last pole-1 output, accumulated drift, random walk
STATES = 6


@kernel
def lag_step(state, before, now, tau, dt):
    """Advance a one-pole lag by `dt`, exact for an input linear from `before` to `now`."""
    if tau <= 0.0:
        return now
    x = dt / tau
    rest = math.exp(-x)
    slope = (now - before) / x
    return rest * (state - before + slope) + now - slope


@kernel
def scalar_chain(
    true,
    index,
    dt,
    tau1,
    tau2,
    gain,
    offset,
    sigma,
    of_reading,
    drift_rate,
    walk,
    frozen,
    lower,
    upper,
    bottom,
    step,
    key0,
    key1,
    walk0,
    walk1,
    state,
    out,
):
    """Read `true` float64[n] at scans index, index+1, …, `dt` [s] apart, into `out`; all in SI.

    sigma : standard deviation of a reading, relative to max(abs(reading), of_reading) if of_reading > 0
    drift_rate per second, walk per √second · frozen 1: the element keeps its value · lower, upper : limits
    bottom, step : value of code 0 and quantiser step (0: none) · state float64[6]; NaN first: settled at
        the first value
    """
    for i in range(true.shape[0]):
        if frozen == 0:
            if math.isnan(state[0]):
                state[0] = state[1] = state[2] = state[3] = true[i]
            first = lag_step(state[0], state[2], true[i], tau1, dt)
            state[1] = lag_step(state[1], state[3], first, tau2, dt)
            state[0] = first
            state[3] = first
            state[2] = true[i]
        elif math.isnan(state[0]):
            state[0] = state[1] = state[2] = state[3] = true[i]
        value = state[1] * gain + offset
        scale = max(abs(value), of_reading) if of_reading > 0.0 else 1.0
        value += sigma * scale * philox_normal(key0, key1, index + i)
        if drift_rate == 0.0 and walk == 0.0:
            state[4] = state[5] = 0.0
        else:
            state[4] += drift_rate * dt
            if walk != 0.0:
                state[5] += walk * math.sqrt(dt) * philox_normal(walk0, walk1, index + i)
            value += state[4] + state[5]
        value = min(max(value, lower), upper)
        if step > 0.0:
            value = bottom + step * np.rint((value - bottom) / step)
        out[i] = value
