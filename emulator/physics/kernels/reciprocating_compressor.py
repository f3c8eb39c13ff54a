"""Gas, valves and rod of the cylinders of a reciprocating compressor, along the shaft's angle.

Each cylinder: dU = -p dV + Σ ṁ h with U = pV/(n-1) and h = nRT/(n-1): closed, that is the polytrope p Vⁿ. Plates
m ẍ = Δp A - preload - k x - c v between seat and stop; oil on the seat holds them until Δp A also overcomes it.
Fourth-order Runge-Kutta; all sums are integrated alongside with the same weights, so mass and energy close exactly.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.air import R_AIR, nozzle

TWO_PI = 2.0 * math.pi

# state of a cylinder
U, M, XS, VS, XD, VD, MODE_S, MODE_D, ROD = range(9)
C_SIZE = 9
INTEGRATED = 6
# sums of a cylinder, after the integrated states: work done on the gas [J]; mass [kg] and enthalpy [J] in through the
# suction valve, out through the discharge valve, out past the rings (all net); gross flow out of discharge and its heat
W, M_SUCTION, M_DISCHARGE, M_RINGS, H_SUCTION, H_DISCHARGE, H_RINGS, M_BACK, H_BACK = range(9)
S_SIZE = 9
# constants
(
    A_AREA, A_CRANK, A_ROD_RATIO, A_DEAD, A_INDEX, A_P1, A_T1, A_P2, A_T2, A_PC,
    A_VALVE_S, A_VALVE_D, A_LEAK_S, A_LEAK_D, A_RINGS, A_PLATE, A_PLATE_KG, A_SPRING, A_PRELOAD, A_DAMPING,
    A_LIFT, A_STICK, A_BOUNCE, A_HELD, A_MOVING_KG, A_CLEARANCE, A_VISCOUS,
) = range(27)  # fmt: skip
A_SIZE = 27
# kinds of blow
STOP_S, SEAT_S, STOP_D, SEAT_D, KNOCK = range(5)
CLOSED, FREE, OPEN = 0.0, 1.0, 2.0
SOFTEST = 0.02  # m/s below which a plate does not bounce
FINEST = 64


@kernel
def geometry(theta, a):
    """Return volume [m³], dV/dθ, and x'' [m] of the piston at a crank angle [rad] from top dead centre."""
    s, c = math.sin(theta), math.cos(theta)
    q = a[A_ROD_RATIO]
    root = math.sqrt(1.0 - q * q * s * s)
    x = a[A_CRANK] * (1.0 - c + (1.0 - root) / q)
    dx = a[A_CRANK] * (s + q * s * c / root)
    ddx = a[A_CRANK] * (c + q * (c * c - s * s) / root + q**3 * s * s * c * c / root**3)
    return a[A_DEAD] + a[A_AREA] * x, a[A_AREA] * dx, ddx


@kernel
def openings(xs, xd, a):
    """Return the effective flow areas [m²] of both valves with their leaks."""
    suction = a[A_VALVE_S] * max(xs, a[A_HELD] * a[A_LIFT]) / a[A_LIFT] + a[A_LEAK_S]
    return suction, a[A_VALVE_D] * xd / a[A_LIFT] + a[A_LEAK_D]


@kernel
def through(area, p, temperature, before, before_k, viscous):
    """Return the mass flow [kg/s] from before a valve into the cylinder, negative outwards."""
    inward = before > p
    high, low = (before, p) if inward else (p, before)
    flow = nozzle(area, high, before_k if inward else temperature, low, viscous)
    return flow if inward else -flow


@kernel
def slopes(y, mode_s, mode_d, theta, omega, a, dy):
    """Fill the rates `dy` of the integrated states and sums."""
    n = a[A_INDEX]
    volume, dvolume, _ = geometry(theta, a)
    p = (n - 1.0) * y[U] / volume
    mass = max(y[M], 1e-12)
    temperature = p * volume / (mass * R_AIR)
    suction, discharge = openings(y[XS], y[XD], a)
    m_suction = through(suction, p, temperature, a[A_P1], a[A_T1], a[A_VISCOUS])
    m_discharge = -through(discharge, p, temperature, a[A_P2], a[A_T2], a[A_VISCOUS])
    rings = a[A_RINGS] * (p - a[A_PC])
    h = n * R_AIR / (n - 1.0)
    work = -p * dvolume * omega
    h_suction = h * m_suction * (a[A_T1] if m_suction > 0.0 else temperature)
    h_discharge = h * m_discharge * (temperature if m_discharge > 0.0 else a[A_T2])
    h_rings = h * rings * (temperature if rings > 0.0 else a[A_T1])
    dy[U] = work + h_suction - h_discharge - h_rings
    dy[M] = m_suction - m_discharge - rings
    for valve in range(2):
        x, v = y[XS + 2 * valve], y[VS + 2 * valve]
        mode = mode_s if valve == 0 else mode_d
        if mode == FREE:
            push = (a[A_P1] - p) if valve == 0 else (p - a[A_P2])
            force = push * a[A_PLATE] - a[A_PRELOAD] - a[A_SPRING] * x - a[A_DAMPING] * v
            dy[XS + 2 * valve], dy[VS + 2 * valve] = v, force / a[A_PLATE_KG]
        else:
            dy[XS + 2 * valve] = dy[VS + 2 * valve] = 0.0
    k = INTEGRATED
    dy[k + W] = work
    dy[k + M_SUCTION], dy[k + M_DISCHARGE], dy[k + M_RINGS] = m_suction, m_discharge, rings
    dy[k + H_SUCTION], dy[k + H_DISCHARGE], dy[k + H_RINGS] = h_suction, h_discharge, h_rings
    back = max(-m_suction, 0.0)
    dy[k + M_BACK], dy[k + H_BACK] = back, h * back * temperature


@kernel
def stiffness(y, theta, a):
    """Return how fast [1/s] the cylinder's pressure follows what lies behind its open valves."""
    n = a[A_INDEX]
    volume, _, _ = geometry(theta, a)
    p = (n - 1.0) * y[U] / volume
    temperature = p * volume / (max(y[M], 1e-12) * R_AIR)
    density = p / (R_AIR * temperature)
    suction, discharge = openings(y[XS], y[XD], a)
    slope = suction * math.sqrt(2.0 * density / (abs(p - a[A_P1]) + a[A_VISCOUS]))
    slope += discharge * math.sqrt(2.0 * density / (abs(p - a[A_P2]) + a[A_VISCOUS]))
    return n * R_AIR * temperature / volume * slope


@kernel
def rk4(y, mode_s, mode_d, theta, omega, alpha, h, a, k, tmp):
    """Advance `y` in place by one step h [s] from an angle, speed and acceleration of the shaft."""
    size = y.shape[0]
    # one call in a loop, not four: the compiler copies what it finds into every call
    for stage in range(4):
        part = 0.0 if stage == 0 else h if stage == 3 else 0.5 * h
        for i in range(size):
            tmp[i] = y[i] + part * k[stage - 1, i] if stage > 0 else y[i]
        at = theta + (omega + 0.5 * alpha * part) * part
        slopes(tmp, mode_s, mode_d, at, omega + alpha * part, a, k[stage])
    for i in range(size):
        y[i] += h / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])


@kernel
def crossing(x0, v0, x1, h, edge):
    """Return when [s] a plate that goes from x0 (speed v0) to x1 in h passes `edge`: the parabola through both."""
    c2 = (x1 - x0 - v0 * h) / (h * h)
    t = h * (edge - x0) / (x1 - x0) if x1 != x0 else h
    for _ in range(3):
        slope = v0 + 2.0 * c2 * t
        if slope != 0.0:
            t -= (x0 + v0 * t + c2 * t * t - edge) / slope
    return min(max(t, 0.0), h)


@kernel
def contacts(y, y0, mode, valve, t, h, a, blows, count, cylinder):
    """Let a plate that passed its seat or its stop bounce there; note the blow. Return mode and count."""
    i = XS + 2 * valve
    low = a[A_HELD] * a[A_LIFT] if valve == 0 else 0.0
    if mode != FREE:
        return mode, count
    for edge, top in ((a[A_LIFT], True), (low, False)):
        hit = y[i] > edge if top else y[i] < edge
        if not hit:
            continue
        at = crossing(y0[i], y0[i + 1], y[i], h, edge)
        part = at / h
        v = (1.0 - part) * y0[i + 1] + part * y[i + 1]
        if (v > 0.0) != top:
            v = 0.0
        if count < blows.shape[0] and abs(v) > 0.0:
            kind = (STOP_S if top else SEAT_S) + 2 * valve
            blows[count, 0], blows[count, 1] = t + at, a[A_PLATE_KG] * abs(v) * (1.0 + a[A_BOUNCE])
            blows[count, 2], blows[count, 3] = kind, cylinder
            count += 1
        if abs(v) * a[A_BOUNCE] < SOFTEST:
            y[i], y[i + 1] = edge, 0.0
            return (OPEN if top else CLOSED), count
        y[i + 1] = -a[A_BOUNCE] * v
        y[i] = edge + y[i + 1] * (h - at)
        y[i] = min(max(y[i], low), a[A_LIFT])
    return mode, count


@kernel
def release(y, mode, valve, p, a):
    """Return the mode of a plate at rest: it leaves the seat against spring and oil, the stop when the spring wins."""
    push = ((a[A_P1] - p) if valve == 0 else (p - a[A_P2])) * a[A_PLATE] - a[A_PRELOAD]
    if mode == CLOSED and push - a[A_STICK] - a[A_SPRING] * y[XS + 2 * valve] > 0.0:
        return FREE
    if mode == OPEN and push - a[A_SPRING] * a[A_LIFT] < 0.0:
        return FREE
    return mode


@kernel
def rod_force(p, ddx, omega, a):
    """Return what the gas and the moving mass put on the rod [N], compression positive."""
    return (p - a[A_PC]) * a[A_AREA] - a[A_MOVING_KG] * omega * omega * ddx


@kernel
def advance(state, sums, rows, phase, frac, w0, w1, dt, steps, blows, rate, lead, pressure, rod):
    """Advance all cylinders over a tick; return how many blows were noted.

    state float64[c, C_SIZE], sums float64[c, S_SIZE], rows float64[c, A_SIZE] : constants of each
    phase float64[c] [turns] : ahead of the shaft
    frac : shaft angle [turns] · w0, w1 : speed [rad/s], straight between · steps : of the tick, split where stiff
    blows float64[m, 4] filled: time into the tick [s], impulse [N s], kind, cylinder
    rate, lead, pressure float64[c, k], rod float64[c, k] : samples at lead + i/rate [s]; k may be 0
    """
    count = 0
    size = INTEGRATED + S_SIZE
    y, y0, tmp, k = np.empty(size), np.empty(size), np.empty(size), np.empty((4, size))
    alpha = (w1 - w0) / dt
    base = dt / steps
    for c in range(state.shape[0]):
        a = rows[c]
        for i in range(INTEGRATED):
            y[i] = state[c, i]
        for i in range(S_SIZE):
            y[INTEGRATED + i] = sums[c, i]
        mode_s, mode_d, rod_0 = state[c, MODE_S], state[c, MODE_D], state[c, ROD]
        low = a[A_HELD] * a[A_LIFT]
        if y[XS] < low:  # the unloader pushes the plate
            y[XS], y[VS] = low, 0.0
            mode_s = OPEN if low >= a[A_LIFT] else CLOSED
        elif (mode_s == CLOSED and y[XS] > low) or (mode_s == OPEN and y[XS] < a[A_LIFT]):
            mode_s = FREE
        start = TWO_PI * (frac + phase[c])
        p, sample = 0.0, 0
        samples = pressure.shape[1]
        for step in range(steps):
            t_step = step * base
            theta = start + (w0 + 0.5 * alpha * t_step) * t_step
            parts = min(int(stiffness(y, theta, a) * base / 1.2) + 1, FINEST)
            h = base / parts
            for part in range(parts):
                t = t_step + part * h
                theta = start + (w0 + 0.5 * alpha * t) * t
                omega = w0 + alpha * t
                for i in range(size):
                    y0[i] = y[i]
                rk4(y, mode_s, mode_d, theta, omega, alpha, h, a, k, tmp)
                end = theta + (omega + 0.5 * alpha * h) * h
                volume, _, ddx = geometry(end, a)
                p = (a[A_INDEX] - 1.0) * y[U] / volume
                for valve in range(2):
                    mode, count = contacts(y, y0, mode_d if valve else mode_s, valve, t, h, a, blows, count, c)
                    mode = release(y, mode, valve, p, a)
                    if valve:
                        mode_d = mode
                    else:
                        mode_s = mode
                rod_1 = rod_force(p, ddx, omega + alpha * h, a)
                if (rod_0 > 0.0) != (rod_1 > 0.0) and rod_0 != 0.0 and a[A_CLEARANCE] > 0.0 and count < blows.shape[0]:
                    # Free flight through the clearance under a force that grows from 0: F't³/6m = δ.
                    slope = abs(rod_1 - rod_0) / h
                    flight = (6.0 * a[A_MOVING_KG] * a[A_CLEARANCE] / slope) ** (1.0 / 3.0)
                    blows[count, 0] = t + h * rod_0 / (rod_0 - rod_1) + flight
                    blows[count, 1] = 0.5 * slope * flight * flight
                    blows[count, 2], blows[count, 3] = KNOCK, c
                    count += 1
                while sample < samples and lead + sample / rate <= t + h:
                    # U by Hermite's cubic, p and rod from the exact place of the piston
                    r = (lead + sample / rate - t) / h
                    q = r * r
                    u = y0[U] + (y[U] - y0[U]) * q * (3.0 - 2.0 * r)
                    u += h * r * (k[0, U] * (1.0 - 2.0 * r + q) + k[3, U] * (q - r))
                    volume, _, ddx = geometry(theta + (omega + 0.5 * alpha * r * h) * r * h, a)
                    pressure[c, sample] = (a[A_INDEX] - 1.0) * u / volume
                    rod[c, sample] = rod_force(pressure[c, sample], ddx, omega + alpha * r * h, a)
                    sample += 1
                rod_0 = rod_1
        while sample < samples:  # a rounding beyond the last step
            pressure[c, sample], rod[c, sample] = p, rod_0
            sample += 1
        for i in range(INTEGRATED):
            state[c, i] = y[i]
        for i in range(S_SIZE):
            sums[c, i] = y[INTEGRATED + i]
        state[c, MODE_S], state[c, MODE_D], state[c, ROD] = mode_s, mode_d, rod_0
    return count


@kernel
def ideal_pressure(theta, p1, p2, a):
    """Return the pressure [Pa] of the ideal cycle at an angle: two polytropes and two lines of constant pressure."""
    n = a[A_INDEX]
    volume, slope, _ = geometry(theta, a)
    largest = a[A_DEAD] + 2.0 * a[A_AREA] * a[A_CRANK]
    if slope >= 0.0:
        return max(p2 * (a[A_DEAD] / volume) ** n, p1)
    return min(p1 * (largest / volume) ** n, p2)


@kernel
def cycle_means(a, speed, points, out):
    """Fill out float64[6]: mass delivered and blown by [kg], work [J], discharge and cap temperatures [K] of a cycle.

    The ideal polytropic cycle, its valve losses by the mean square of a sinusoidal piston speed, and its leaks by
    quadrature along it: level F1, which needs no valve to move.
    out[5] : work of the ideal cycle alone.
    """
    n, p1, t1 = a[A_INDEX], a[A_P1], a[A_T1]
    swept = 2.0 * a[A_AREA] * a[A_CRANK]
    c = a[A_DEAD] / swept
    density = p1 / (R_AIR * t1)
    fastest = speed * a[A_CRANK]
    loss = a[A_AREA] * fastest
    # mean over the stroke of ½ρ(A v/A_v)², weighted with the volume: two thirds of that at the largest speed
    down = 2.0 / 3.0 * 0.5 * density * (loss / a[A_VALVE_S]) ** 2
    ratio = max(a[A_P2] / p1, 1.0)
    full = max(1.0 + c - c * ratio ** (1.0 / n), 0.0)
    hot = t1 * ratio ** ((n - 1.0) / n)
    # discharge begins late in the stroke: its share of the swept volume sets the speed that counts
    share = full * ratio ** (-1.0 / n)
    up = 0.5 * a[A_P2] / (R_AIR * hot) * (loss / a[A_VALVE_D]) ** 2 * (2.0 * share - 4.0 / 3.0 * share * share)
    ideal = n / (n - 1.0) * p1 * swept * full * (ratio ** ((n - 1.0) / n) - 1.0)
    work = ideal + down * swept * full + up * swept * share
    mass = density * swept * full
    back = back_heat = come = rings = lost = 0.0
    if speed > 0.0:
        slice_s = TWO_PI / speed / points
        for i in range(points):
            theta = TWO_PI * (i + 0.5) / points
            p = ideal_pressure(theta, p1, a[A_P2], a)
            temperature = t1 * (p / p1) ** ((n - 1.0) / n)
            gone = nozzle(a[A_LEAK_S], p, temperature, p1, a[A_VISCOUS]) * slice_s
            returned = nozzle(a[A_LEAK_D], a[A_P2], hot, p, a[A_VISCOUS]) * slice_s
            blown = a[A_RINGS] * (p - a[A_PC]) * slice_s
            back += gone
            back_heat += gone * temperature
            come += returned
            rings += blown
            # Upwards, what leaves is missing; downwards, what comes back hot takes the room of fresh air. What leaves
            # the dead volume early makes room for as much, and what comes back upwards is only sent out again.
            lost += gone + blown if i >= points // 2 else returned * hot / t1
    lost = min(lost / mass, 1.0) if mass > 0.0 else 0.0
    out[0] = mass * (1.0 - lost)
    out[1] = rings
    out[2] = work
    # What leaks round and round is heated each time.
    out[3] = hot + (hot - t1) * min((back + come) / mass, 1.0) if mass > 0.0 else t1
    out[4] = (t1 * mass + back_heat) / (mass + back) if mass > 0.0 else t1
    out[5] = ideal
