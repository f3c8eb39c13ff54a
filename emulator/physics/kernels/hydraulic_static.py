"""The static map of a hydraulic power unit: pressures and flows that balance at once, and the heat that moves.

Level F0, and the rest a warm plant starts from. Nothing is stored in it but the place of the piston.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels import hydraulic_power_unit as h
from emulator.physics.kernels.hydraulic_power_unit import factor, load_force, solve

# out: float64[8]
(O_PUMP, O_CAP, O_ROD, O_RETURN, O_NET, O_RELIEF, O_SPEED, O_SUPPLY) = range(8)
OUT_SIZE = 8


@kernel
def piston_speed(supply, place, x, p):
    """Return (speed [m/s], flow taken [m³/s], pressures of cap, rod and return line [Pa]) at a supply pressure."""
    opening = max(abs(x) - p[h.P_OVERLAP], 0.0) / (1.0 - p[h.P_OVERLAP])
    k = p[h.P_VALVE] * opening
    ahead = x > 0.0
    if k <= 0.0:
        return 0.0, 0.0, 0.5 * supply, 0.5 * supply, 0.0
    one, two = (p[h.P_AREA_CAP], p[h.P_AREA_ROD]) if ahead else (p[h.P_AREA_ROD], p[h.P_AREA_CAP])
    force = load_force(place, p)
    against = (force if ahead else -force) + p[h.P_COULOMB]
    blocked = place >= p[h.P_STROKE] if ahead else place <= 0.0
    spare = supply - against / one
    if blocked or spare <= 0.0:
        return 0.0, 0.0, supply if ahead else 0.0, 0.0 if ahead else supply, 0.0
    back = (two / k) ** 2 + (two / p[h.P_RETURN]) ** 2
    a = (one / k) ** 2 + back * two / one
    b = p[h.P_VISCOUS] / one
    v = 2.0 * spare / (b + math.sqrt(b * b + 4.0 * a * spare))
    fed, drained = supply - (one * v / k) ** 2, back * v * v
    home = (two * v / p[h.P_RETURN]) ** 2
    if ahead:
        return v, one * v, fed, drained, home
    return -v, one * v, drained, fed, home


@kernel
def relief_share(pressure, p):
    """Return the opening 0 … 1 of the relief valve on its closing branch."""
    return min(max((pressure - p[h.P_CLOSE]) / (p[h.P_FULL] - p[h.P_CLOSE]), 0.0), 1.0)


@kernel
def static_point(place, x, p, out):
    """Fill `out` with the balance of pump, relief valve and cylinder at a piston's place and a spool's position."""
    low, high = 0.0, 4.0 * p[h.P_FULL]
    for _ in range(70):
        pump = 0.5 * (low + high)
        _, taken, _, _, _ = piston_speed(pump, place, x, p)
        excess = p[h.P_FLOW] - p[h.P_LEAK] * pump - taken
        excess -= p[h.P_RELIEF] * relief_share(pump, p) * math.sqrt(pump)
        if excess > 0.0:
            low = pump
        else:
            high = pump
    pump = 0.5 * (low + high)
    out[O_SPEED], taken, out[O_CAP], out[O_ROD], out[O_RETURN] = piston_speed(pump, place, x, p)
    out[O_PUMP] = pump
    out[O_NET] = max(p[h.P_FLOW] - p[h.P_LEAK] * pump, 0.0)
    out[O_RELIEF] = max(out[O_NET] - taken, 0.0)
    out[O_SUPPLY] = taken


@kernel
def static_advance(s, sp, p, dt, sums, out):
    """Move the piston by ``dt`` [s] on the static map; fill state and sums as the dynamic kernel does."""
    sp[0], sp[1] = p[h.P_TARGET], 0.0
    place = s[h.S_PLACE]
    static_point(place, sp[0], p, out)
    v = out[O_SPEED]
    if v > 0.0:
        # It goes no further than where the work piece holds it.
        push = max(out[O_PUMP] * p[h.P_AREA_CAP] - p[h.P_COULOMB], 0.0)
        rest = p[h.P_CONTACT] + push / p[h.P_STIFFNESS] if p[h.P_STIFFNESS] > 0.0 else p[h.P_STROKE]
        moved = max(min(place + v * dt, rest, p[h.P_STROKE]) - place, 0.0)
    else:
        moved = max(place + v * dt, 0.0) - place
    new = place + moved
    squeezed_0, squeezed_1 = max(place - p[h.P_CONTACT], 0.0), max(new - p[h.P_CONTACT], 0.0)
    load = 0.5 * p[h.P_STIFFNESS] * (squeezed_1 * squeezed_1 - squeezed_0 * squeezed_0)
    s[h.S_PLACE], s[h.S_SPEED] = new, moved / dt
    s[h.S_PUMP] = s[h.S_SUPPLY] = out[O_PUMP]
    s[h.S_CAP], s[h.S_ROD], s[h.S_RETURN] = out[O_CAP], out[O_ROD], out[O_RETURN]
    s[h.S_RELIEF] = relief_share(out[O_PUMP], p)
    fluid = out[O_NET] * out[O_PUMP] * dt
    sums[h.I_PRESSURE] += out[O_PUMP] * dt
    sums[h.I_FLUID] += fluid
    sums[h.I_HEAT] += fluid - load
    sums[h.I_LOAD] += load
    sums[h.I_NET] += out[O_NET] * dt
    sums[h.I_FILTER] += out[O_SUPPLY] * dt
    sums[h.I_RETURNED] += out[O_NET] * dt
    sums[h.I_RELIEF] += out[O_RELIEF] * dt


# heat: float64[15], what the oil's four nodes (pump, return line, reservoir, behind the cooler) meet over a step
(
    H_C_PUMP, H_C_LINE, H_C_TANK, H_C_COOLER, H_MAIN, H_DRAIN, H_COOLING, H_PUMP_W, H_LINE_W, H_COOLER_W, H_AIR_G,
    H_AIR_K, H_SINK_G, H_SINK_K, H_RETURN_G,
) = range(15)  # fmt: skip
HEAT_SIZE = 15


@kernel
def oil_temperatures(t, a, dt, moved):
    """Advance the four oil temperatures [K] by ``dt`` [s], implicitly; ``dt`` = 0 finds their rest.

    `moved` : float64[2] takes the heat [J] given to the air and to the cooler, with end temperatures: what is stored,
    what came and what went then agree to the last digit. H_RETURN_G [W/K] is a stream that comes back at H_SINK_K
    from a cooler outside; H_SINK_G what an own cooler takes per kelvin between reservoir and sink.
    """
    m, b = np.zeros((4, 4)), np.zeros(4)
    rate = 1.0 / dt if dt > 0.0 else 0.0
    drawn = a[H_MAIN] + a[H_DRAIN]
    tiny = 1e-9  # a node that nothing reaches rests at the reservoir's temperature
    for i in range(4):
        m[i, i] = a[H_C_PUMP + i] * rate
        b[i] = m[i, i] * t[i]
    m[0, 0] += drawn + tiny
    m[0, 2] -= drawn + tiny
    b[0] += a[H_PUMP_W]
    m[1, 1] += a[H_MAIN] + tiny
    m[1, 0] -= a[H_MAIN]
    m[1, 2] -= tiny
    b[1] += a[H_LINE_W]
    m[2, 2] += drawn + a[H_COOLING] + a[H_AIR_G] + 3.0 * tiny
    m[2, 1] -= a[H_MAIN] + tiny
    m[2, 0] -= a[H_DRAIN] + tiny
    m[2, 3] -= a[H_COOLING] + tiny
    b[2] += a[H_AIR_G] * a[H_AIR_K]
    came = a[H_RETURN_G]
    m[3, 3] += (came if came > 0.0 else a[H_COOLING]) + tiny
    m[3, 2] -= (0.0 if came > 0.0 else a[H_COOLING] - a[H_SINK_G]) + tiny
    b[3] += a[H_COOLER_W] + (came if came > 0.0 else a[H_SINK_G]) * a[H_SINK_K]
    factor(m)
    solve(m, b)
    for i in range(4):
        t[i] = b[i]
    moved[0] = a[H_AIR_G] * (t[2] - a[H_AIR_K]) * dt
    moved[1] = (came if came > 0.0 else a[H_SINK_G]) * (t[2] - a[H_SINK_K]) * dt
