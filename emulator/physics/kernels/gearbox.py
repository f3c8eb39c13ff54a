"""Gear mesh along the shaft's angle: stiffness, transmission error, their oscillator with contact loss, the housing.

The mesh deflection x obeys m_e ẍ + c ẋ + k(θ)[x − e(θ)] = F̄ while the flanks touch; nothing holds it while they
are apart; the back flanks touch a backlash further on. Every change of contact is located inside its step.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI, cos_turns

# p: what the mesh is in this block
P_MASS, P_LOW, P_HIGH, P_RATIO, P_RAMP, P_PITCH, P_SPREAD = range(7)
P_CRACK, P_PIT, P_PIT_TEETH, P_LOST, P_LOST_GAP, P_OUT1, P_OUT2, P_EDGE1, P_EDGE2, P_DAMPING, P_BACKLASH = range(7, 18)
P_SIZE = 18
PIT_FROM, PIT_LONG = 0.55, 0.4  # where on a tooth's way through the mesh a pit lies: about the pitch point
STEPS = 16


@kernel
def rise(x):
    """Return 0 below 0, 1 above 1, and between them the cubic without kinks."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    return x * x * (3.0 - 2.0 * x)


@kernel
def mesh_at(turn, frac, p, error1, error2, form):
    """Return stiffness [N/m] and transmission error [m] at a pinion angle.

    turn : whole turns modulo the wheel's teeth · frac : turn fraction
    error1, error2 : float64[z1], float64[z2] [m] pitch errors · form : float64[m] [m] tooth form by mesh harmonic
    """
    z1 = error1.shape[0]
    z2 = error2.shape[0]
    wheel = (turn + frac) * z1 / z2
    cos1 = cos_turns(frac)
    sin1 = cos_turns(frac - 0.25)
    cos2 = cos_turns(wheel)
    sin2 = cos_turns(wheel - 0.25)
    # eccentric gears advance and delay the mesh (FM) and change the centre distance, hence the contact ratio (AM)
    late = p[P_OUT1] * sin1 + p[P_OUT2] * sin2
    ratio = p[P_RATIO] - p[P_SPREAD] * (p[P_OUT1] * cos1 + p[P_OUT2] * cos2)
    ratio = min(max(ratio, 1.02), 1.98 - p[P_RAMP])
    phase = z1 * (turn + frac) + late / p[P_PITCH]
    pair = math.floor(phase)
    u = phase - pair
    newer = np.int64(pair)
    older = newer - 1
    entry = rise(u / p[P_RAMP])
    leave = rise((u - (ratio - 1.0)) / p[P_RAMP])
    double = entry * (1.0 - leave)
    share = 0.5 * (entry + leave)  # of the load on the newer pair
    rest = 1.0 - share
    error = share * (error1[newer % z1] + error2[newer % z2]) + rest * (error1[older % z1] + error2[older % z2])
    c1 = cos_turns(u)
    before = 1.0
    now = c1
    for m in range(form.shape[0]):
        error += form[m] * now
        before, now = now, 2.0 * c1 * now - before
    error += late + p[P_EDGE1] * sin1 + p[P_EDGE2] * sin2
    stiffness = p[P_LOW] + (p[P_HIGH] - p[P_LOW]) * double
    bad = 0.0
    if newer % z1 == 0:
        bad = share
    elif older % z1 == 0:
        bad = rest
    if bad > 0.0:
        stiffness *= (1.0 - p[P_CRACK] * bad) * (1.0 - 0.8 * p[P_LOST] * bad)
        error += p[P_LOST] * p[P_LOST_GAP] * bad * bad
    if p[P_PIT] > 0.0 and newer % z1 < p[P_PIT_TEETH] and PIT_FROM < u < PIT_FROM + PIT_LONG:
        error += p[P_PIT] * share * 0.5 * (1.0 - cos_turns((u - PIT_FROM) / PIT_LONG))
    return stiffness, error


@kernel
def angle_at(revs, frac, speed, slope, t, z2):
    """Return (whole turns modulo z2, fraction) a time `t` into a tick."""
    turned = frac + (speed + 0.5 * slope * t) * t / TWO_PI
    whole = math.floor(turned)
    return (revs + np.int64(whole)) % z2, turned - whole


@kernel
def force_of(x, v, regime, stiffness, error, p):
    """Return the mesh force [N] in a contact regime: 1 working flanks, 0 apart, -1 back flanks. Flanks never pull."""
    if regime == 0:
        return 0.0
    if regime > 0:
        return max(stiffness * (x - error) + p[P_DAMPING] * v, 0.0)
    return min(stiffness * (x - error + p[P_BACKLASH]) + p[P_DAMPING] * v, 0.0)


@kernel
def runge_kutta(x, v, regime, k0, e0, k1, e1, k2, e2, f0, f1, h, p):
    """Return (x, v) after `h` seconds; stiffness and error at its start, middle and end, drive at both ends."""
    mass = p[P_MASS]
    fm = 0.5 * (f0 + f1)
    a1 = (f0 - force_of(x, v, regime, k0, e0, p)) / mass
    v2 = v + 0.5 * h * a1
    a2 = (fm - force_of(x + 0.5 * h * v, v2, regime, k1, e1, p)) / mass
    v3 = v + 0.5 * h * a2
    a3 = (fm - force_of(x + 0.5 * h * v2, v3, regime, k1, e1, p)) / mass
    v4 = v + h * a3
    a4 = (f1 - force_of(x + h * v3, v4, regime, k2, e2, p)) / mass
    return x + h * (v + 2.0 * v2 + 2.0 * v3 + v4) / 6.0, v + h * (a1 + 2.0 * a2 + 2.0 * a3 + a4) / 6.0


@kernel
def excess(x, error, regime, backlash):
    """Return how far the deflection is inside its regime [m]; negative: it has left."""
    gap = x - error
    if regime > 0:
        return gap
    if regime < 0:
        return -(gap + backlash)
    return min(-gap, gap + backlash)


@kernel
def run_mesh(
    first,
    lead,
    tick_s,
    rate,
    speed,
    revs,
    frac,
    drive,
    damping,
    play,
    longest_s,
    p,
    error1,
    error2,
    form,
    state,
    force,
    contact,
):
    """Integrate the mesh over a block; fill `force` float64[n] [N] and `contact` float64[n] (1, 0, -1) at the samples.

    first int64[k+1], lead float64[k] [s] : the sample grid · speed, drive float64[k+1] [rad/s], [N] at the ticks
    damping [N s/m], play [m] float64[k] : of the mesh in each tick, by its oil
    revs int64[k+1], frac float64[k+1] : the pinion at the ticks · state float64[4] : x, ẋ, regime, contacts lost
    """
    z2 = error2.shape[0]
    for tick in range(first.shape[0] - 1):
        p[P_DAMPING] = damping[tick]
        p[P_BACKLASH] = play[tick]
        backlash = play[tick]
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        pull = (drive[tick + 1] - drive[tick]) / tick_s
        t = 0.0
        w = speed[tick]
        r = revs[tick]
        f = frac[tick]
        turn, part = angle_at(r, f, w, slope, t, z2)
        k0, e0 = mesh_at(turn, part, p, error1, error2, form)
        for n in range(first[tick], first[tick + 1] + 1):
            until = tick_s if n == first[tick + 1] else lead[tick] + (n - first[tick]) / rate
            steps = max(math.ceil((until - t) / longest_s - 1e-9), 0)
            start = t
            for i in range(steps):
                end = until if i == steps - 1 else start + (until - start) * (i + 1) / steps
                for _ in range(STEPS):
                    h = end - t
                    if h <= 0.0:
                        break
                    regime = np.int64(state[2])
                    x = state[0]
                    v = state[1]
                    f0 = drive[tick] + pull * t
                    low = 0.0
                    high = h
                    trial = h
                    inside = excess(x, e0, regime, backlash)
                    outside = 0.0
                    for attempt in range(30):
                        turn, part = angle_at(r, f, w, slope, t + 0.5 * trial, z2)
                        k1, e1 = mesh_at(turn, part, p, error1, error2, form)
                        turn, part = angle_at(r, f, w, slope, t + trial, z2)
                        k2, e2 = mesh_at(turn, part, p, error1, error2, form)
                        x1, v1 = runge_kutta(
                            x, v, regime, k0, e0, k1, e1, k2, e2, f0, drive[tick] + pull * (t + trial), trial, p
                        )
                        g = excess(x1, e2, regime, backlash)
                        if attempt == 0 and g >= 0.0:
                            break
                        # the contact changes within: close in on when (regula falsi and halving in turns)
                        if g < 0.0:
                            high = trial
                            outside = g
                        else:
                            low = trial
                            inside = g
                        if high - low <= 1e-7 * h:
                            break
                        share = inside / (inside - outside) if inside > outside else 0.5
                        if attempt & 1 or share < 0.02 or share > 0.98:
                            share = 0.5
                        trial = low + (high - low) * share
                    state[0] = x1
                    state[1] = v1
                    k0 = k2
                    e0 = e2
                    if trial == h and g >= 0.0:
                        t = end
                        break
                    t += trial
                    if regime == 0:
                        state[2] = 1.0 if x1 - e2 > -0.5 * backlash else -1.0
                    else:
                        state[2] = 0.0
                        state[3] += 1.0
                t = end
            if n < first[tick + 1]:
                force[n - first[0]] = force_of(state[0], state[1], np.int64(state[2]), k0, e0, p)
                contact[n - first[0]] = state[2]


@kernel
def ring(force, grown, b0, b1, shape, through, noise, z, last, out):
    """Fill `out` with the acceleration of modes driven by a force that is linear between samples (exact).

    grown, b0, b1, shape complex128[m] : e^{λT}, the hold's gains, λ²/(M ω_d) · through : Σ 1/M [1/kg]
    noise float64[n] [m/s²] · z complex128[m] · last float64[1] [N] : the force at the sample before
    """
    for i in range(force.shape[0]):
        a = force[i] * through + noise[i]
        for j in range(grown.shape[0]):
            z[j] = grown[j] * z[j] + b0[j] * last[0] + b1[j] * force[i]
            a += (shape[j] * z[j]).imag
        last[0] = force[i]
        out[i] = a


@kernel
def line_spectrum(first, lead, tick_s, rate, speed, revs, frac, amplitude, phase, teeth1, teeth2, am, fm, burst, out):
    """Fill `out` with Σ A_m (1 + a(θ)) cos(m z1 θ + m b(θ) + φ_m), the cheap form of a mesh's vibration.

    amplitude float64[k+1, m] at the ticks · phase float64[m] [turns] · am, fm float64[2] : depth, and deviation [rad],
    by the angle of each shaft · burst : depth over the one bad tooth
    """
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        for n in range(first[tick], first[tick + 1]):
            t = lead[tick] + (n - first[tick]) / rate
            turn, part = angle_at(revs[tick], frac[tick], speed[tick], slope, t, teeth2)
            wheel = (turn + part) * teeth1 / teeth2
            depth = 1.0 + am[0] * cos_turns(part) + am[1] * cos_turns(wheel)
            late = (fm[0] * cos_turns(part - 0.25) + fm[1] * cos_turns(wheel - 0.25)) / TWO_PI
            where = part * teeth1
            if where < 2.0:
                depth -= burst * 0.5 * (1.0 - cos_turns(0.5 * where))
            mesh = teeth1 * (turn + part)
            mesh -= math.floor(mesh)
            share = t / tick_s
            value = 0.0
            for m in range(phase.shape[0]):
                a = amplitude[tick, m] + (amplitude[tick + 1, m] - amplitude[tick, m]) * share
                value += a * cos_turns((m + 1) * (mesh + late) + phase[m])
            out[n - first[0]] = depth * value


@kernel
def turning(first, lead, tick_s, rate, speed, revs, frac, teeth1, teeth2, heavy, along, across, turns):
    """Fill what two unbalanced shafts put on the housing along and across float64[n] [N], and the pinion's `turns`.

    heavy float64[2] [kg m] : unbalance of each shaft; the second turns teeth1/teeth2 as fast
    """
    ratio = teeth1 / teeth2
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        for n in range(first[tick], first[tick + 1]):
            t = lead[tick] + (n - first[tick]) / rate
            turn, part = angle_at(revs[tick], frac[tick], speed[tick], slope, t, teeth2)
            omega = speed[tick] + slope * t
            wheel = (turn + part) * ratio
            own = heavy[0] * omega * omega
            other = heavy[1] * omega * omega * ratio * ratio
            along[n - first[0]] = own * cos_turns(part) + other * cos_turns(wheel)
            across[n - first[0]] = own * cos_turns(part - 0.25) + other * cos_turns(wheel - 0.25)
            turns[n - first[0]] = part
