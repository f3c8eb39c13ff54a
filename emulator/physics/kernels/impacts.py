"""Event trains driven by the shaft angle: ball passages over a spall, and bubble collapses.

Speed is piecewise linear between ticks, so the angle is quadratic in time and the time of a passage is a
root in closed form. Times are seconds from the start of their tick; a tick is the unit in which everything
is generated, so neither block nor chunk lengths show in the result.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI, philox_normal, philox_uniform


@kernel
def turns_at_ticks(speed, tick_s, revs0, frac0, revs, frac):
    """Integrate the shaft to (whole turns, fraction) at each tick edge; speed float64[k+1] [rad/s]."""
    revs[0] = revs0
    frac[0] = frac0
    for i in range(speed.shape[0] - 1):
        turn = frac[i] + 0.5 * (speed[i] + speed[i + 1]) * tick_s / TWO_PI
        whole = math.floor(turn)
        revs[i + 1] = revs[i] + np.int64(whole)
        frac[i + 1] = turn - whole


@kernel
def passages(speed, tick_s, order, sigma, walk, key0, key1, state, index, tick, offset, number):
    """Fill the ball passages of one spall over a block; return how many.

    McFadden & Smith 1984 for the train, Antoni & Randall 2003 for the two slip laws: `walk` 1 lets each
    interval vary (a renewal process, T+Δ_i), 0 lets each passage jitter about a strict clock (iT+τ_i).

    order : float64[k] passages per turn in each tick · sigma : relative to one interval
    state : float64[2] passages still to go, jitter of the next · index : int64[1] number of the next passage
    tick, offset, number : int64[m], float64[m] [s], int64[m] filled
    """
    count = 0
    for i in range(speed.shape[0] - 1):
        w0 = abs(speed[i])
        w1 = abs(speed[i + 1])
        per_rad = order[i] / TWO_PI
        advance = 0.5 * (w0 + w1) * tick_s * per_rad
        slope = (w1 - w0) / tick_s
        while state[0] + state[1] <= advance and count < tick.shape[0]:
            c = (state[0] + state[1]) / per_rad
            # a jitter larger than the way to go: as early as this tick allows
            t = 0.0 if c <= 0.0 else 2.0 * c / (w0 + math.sqrt(max(w0 * w0 + 2.0 * slope * c, 0.0)))
            tick[count] = i
            offset[count] = t
            number[count] = index[0]
            count += 1
            index[0] += 1
            draw = sigma * philox_normal(key0, key1, index[0])
            if walk:
                state[0] += max(1.0 + draw, 0.0)
            else:
                state[0] += 1.0
                state[1] = draw
        state[0] -= advance
    return count


@kernel
def bubble_rate(sigma):
    """Relative rate of bubble collapses: from `sigma` 3.5 down, full at 1.2, less below 0.9."""
    if not sigma < 3.5:
        return 0.0
    if sigma > 1.2:
        x = (3.5 - sigma) / 2.3
        return x * x
    if sigma > 0.9:
        return 1.0
    return max(sigma, 0.09) / 0.9


@kernel
def collapses(
    first_tick, speed, frac, sigma, tick_s, peak_rate, vanes, mean_impulse, key0, key1, tick, offset, impulse
):
    """Fill the bubble collapses of a block; return how many.

    A Poisson process thinned by 1 + 0.5·cos(vanes·θ) + 0.3·cos θ. It has no memory, so each tick starts
    afresh and its draws are numbered by the tick. Impulses are exponentially distributed about
    `mean_impulse` [N·s], of either sign.
    """
    count = 0
    for i in range(sigma.shape[0]):
        rate = 1.8 * peak_rate * bubble_rate(sigma[i])
        if rate <= 0.0:
            continue
        base = (first_tick + i) * 4096
        slope = (speed[i + 1] - speed[i]) / tick_s
        t = 0.0
        for candidate in range(1024):
            t -= math.log(philox_uniform(key0, key1, base + 4 * candidate)) / rate
            if t >= tick_s or count >= tick.shape[0]:
                break
            theta = TWO_PI * frac[i] + (speed[i] + 0.5 * slope * t) * t
            density = (1.0 + 0.5 * math.cos(vanes * theta) + 0.3 * math.cos(theta)) / 1.8
            if philox_uniform(key0, key1, base + 4 * candidate + 1) < density:
                size = -math.log(philox_uniform(key0, key1, base + 4 * candidate + 2))
                sign = 1.0 if philox_uniform(key0, key1, base + 4 * candidate + 3) < 0.5 else -1.0
                tick[count] = i
                offset[count] = t
                impulse[count] = sign * mean_impulse * size
                count += 1
    return count
