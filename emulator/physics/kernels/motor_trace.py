"""Phase currents and voltages at sample instants, from the record of a motor's substeps."""

import math

from emulator.kernel import kernel
from emulator.physics.kernels import motor as m

THIRD = 2.0 * math.pi / 3.0
TWO_PI = 2.0 * math.pi


@kernel
def render_phase(rows, turn, speed, slope, steps, h, first_s, skip, period_s, counts, phase, voltage, out):
    """Fill `out` with one phase's current [A], or voltage [V], tick by tick.

    Each tick gives `counts` samples after `skip` others, the very first of which lies `first_s` [s] after its start.
    In the frame of the supply a current is, within a substep, the parabola through both ends with the true slope at
    its start; the voltage is linear. A sample depends on its tick and its place in it alone: no cut into calls shows.
    """
    place = 0
    for tick in range(counts.shape[0]):
        for j in range(skip[tick], skip[tick] + counts[tick]):
            t = first_s[tick] + j * period_s
            # An instant on a substep's edge belongs to the later one, whichever way its quotient was rounded.
            n = min(int(t / h + 1e-9), steps - 1)
            x = (t - n * h) / h
            r = tick * steps + n
            if voltage:
                d = rows[r, m.R_U0D] + x * (rows[r, m.R_U1D] - rows[r, m.R_U0D])
                q = rows[r, m.R_U0Q] + x * (rows[r, m.R_U1Q] - rows[r, m.R_U0Q])
            else:
                sd, sq = rows[r, m.R_SD] * h, rows[r, m.R_SQ] * h
                d = rows[r, m.R_I0D] + x * (sd + x * (rows[r, m.R_I1D] - rows[r, m.R_I0D] - sd))
                q = rows[r, m.R_I0Q] + x * (sq + x * (rows[r, m.R_I1Q] - rows[r, m.R_I0Q] - sq))
            angle = TWO_PI * turn[tick] + (speed[tick] + 0.5 * slope[tick] * t) * t - phase * THIRD
            out[place] = d * math.cos(angle) - q * math.sin(angle)
            place += 1
