"""Heat exchanger in cells: hot stream, wall, cold stream; limited upwind advection, steps within the CFL bound.

Per cell C dT/dt = ṁc(T_face,in - T_face,out) ± G(T - T_wall). Faces are reconstructed with a minmod slope (van Leer
1979, J. Comput. Phys. 32:101): second order where the profile is smooth, no new extremes where it is not. Hot flows
towards rising cell numbers, cold against or with it. A stream that flows backwards enters at its other end.
"""

import math

import numpy as np

from emulator.kernel import kernel

# a: float64[14], what is held over a step
(
    A_HOT, A_COLD, A_HOT_IN, A_COLD_IN, A_HOT_C, A_COLD_C, A_HOT_CELL, A_WALL_CELL, A_COLD_CELL, A_HOT_G, A_COLD_G,
    A_COLD_DIRECTION, A_LEAK, A_LEAK_CELL,
) = range(14)  # fmt: skip
A_SIZE = 14

# sums: float64[4], enthalpy over REFERENCE_K that crossed the ends of the core [J], and its rates in the last stage
(S_HOT_IN, S_HOT_OUT, S_COLD_IN, S_COLD_OUT) = range(4)
SUMS_SIZE = 4

REFERENCE_K = 273.15
COURANT = 0.5


@kernel
def minmod(a, b):
    """Return the smaller of two slopes of one sign, else 0."""
    if a * b <= 0.0:
        return 0.0
    return a if abs(a) < abs(b) else b


@kernel
def _side(t, wall, into, flow, heat, conductance, direction, leak, cell, leak_k, rate):
    """Fill `rate` with C dT/dt [W] of one stream; return the temperature with which it leaves [K].

    ``leak`` [kg/s] is what the stream loses in ``cell``; negative: gains, at ``leak_k``.
    """
    n = t.shape[0]
    step = direction if flow >= 0.0 else -direction
    m = abs(flow)
    first = 0 if step > 0 else n - 1
    face = into
    for j in range(n):
        i = first + step * j
        behind = 2.0 * (t[i] - into) if j == 0 else t[i] - t[i - step]
        # The last half cell cannot pass its wall: what leaves is bounded by the second law.
        ahead = t[i + step] - t[i] if j < n - 1 else 2.0 * (wall[i] - t[i])
        leaving = t[i] + 0.5 * minmod(behind, ahead)
        came = m * face
        if i == cell:
            came -= leak * (t[i] if leak > 0.0 else leak_k)
            m -= leak
        rate[i] = heat * (came - m * leaving) - conductance * (t[i] - wall[i])
        face = leaving
    return face


@kernel
def _rates(hot, wall, cold, a, work, flux):
    cell = int(a[A_LEAK_CELL])
    leak = a[A_LEAK]
    direction = 1 if a[A_COLD_DIRECTION] > 0.0 else -1
    out = _side(
        hot, wall, a[A_HOT_IN], a[A_HOT], a[A_HOT_C], a[A_HOT_G], 1, leak, cell, cold[cell], work[0]
    )  # fmt: skip
    flux[S_HOT_IN] = abs(a[A_HOT]) * a[A_HOT_C] * (a[A_HOT_IN] - REFERENCE_K)
    flux[S_HOT_OUT] = (abs(a[A_HOT]) - leak) * a[A_HOT_C] * (out - REFERENCE_K)
    out = _side(
        cold, wall, a[A_COLD_IN], a[A_COLD], a[A_COLD_C], a[A_COLD_G], direction, -leak, cell, hot[cell], work[2]
    )  # fmt: skip
    flux[S_COLD_IN] = abs(a[A_COLD]) * a[A_COLD_C] * (a[A_COLD_IN] - REFERENCE_K)
    flux[S_COLD_OUT] = (abs(a[A_COLD]) + leak) * a[A_COLD_C] * (out - REFERENCE_K)
    for i in range(hot.shape[0]):
        work[1, i] = a[A_HOT_G] * (hot[i] - wall[i]) + a[A_COLD_G] * (cold[i] - wall[i])
        work[0, i] /= a[A_HOT_CELL]
        work[1, i] /= a[A_WALL_CELL]
        work[2, i] /= a[A_COLD_CELL]


@kernel
def exchanger_advance(hot, wall, cold, a, dt, work, sums):
    """Advance the three profiles [K] by ``dt`` [s] (Heun); add to ``sums`` what crossed the ends [J].

    Parameters
    ----------
    hot, wall, cold : float64[n], changed in place.
    a : float64[A_SIZE], see above: flows, inlet temperatures, per-cell capacities and conductances.
    work : float64[6, n], scratch.
    sums : float64[SUMS_SIZE].

    Returns
    -------
    int
        Substeps taken.

    """
    # The reconstructed face moves up to twice as fast as the cell's mean.
    most = max(
        2.0 * (abs(a[A_HOT]) + abs(a[A_LEAK])) * a[A_HOT_C] / a[A_HOT_CELL] + a[A_HOT_G] / a[A_HOT_CELL],
        2.0 * (abs(a[A_COLD]) + abs(a[A_LEAK])) * a[A_COLD_C] / a[A_COLD_CELL] + a[A_COLD_G] / a[A_COLD_CELL],
    )
    most = max(most, (a[A_HOT_G] + a[A_COLD_G]) / a[A_WALL_CELL])
    count = max(math.ceil(dt * most / COURANT), 1)
    h = dt / count
    n = hot.shape[0]
    first, second = work[:3], work[3:6]
    flux = np.empty(SUMS_SIZE)
    last = np.empty(SUMS_SIZE)
    for _ in range(count):
        _rates(hot, wall, cold, a, first, flux)
        for i in range(n):
            hot[i] += h * first[0, i]
            wall[i] += h * first[1, i]
            cold[i] += h * first[2, i]
        _rates(hot, wall, cold, a, second, last)
        for i in range(n):
            hot[i] += 0.5 * h * (second[0, i] - first[0, i])
            wall[i] += 0.5 * h * (second[1, i] - first[1, i])
            cold[i] += 0.5 * h * (second[2, i] - first[2, i])
        for k in range(SUMS_SIZE):
            sums[k] += 0.5 * h * (flux[k] + last[k])
    return count


@kernel
def leaving(hot, wall, cold, a, work, out):
    """Fill out[0], out[1] with the temperatures [K] with which hot and cold leave; the profiles stay."""
    flux = np.empty(SUMS_SIZE)
    _rates(hot, wall, cold, a, work, flux)
    carried = (abs(a[A_HOT]) - a[A_LEAK]) * a[A_HOT_C]
    out[0] = flux[S_HOT_OUT] / carried + REFERENCE_K if carried > 0.0 else hot[hot.shape[0] - 1]
    carried = (abs(a[A_COLD]) + a[A_LEAK]) * a[A_COLD_C]
    end = cold.shape[0] - 1 if a[A_COLD_DIRECTION] > 0.0 else 0
    out[1] = flux[S_COLD_OUT] / carried + REFERENCE_K if carried > 0.0 else cold[end]
