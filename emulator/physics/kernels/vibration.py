"""Rendering of acceleration: resonators hit at fractional times, a support mode driven by the shaft.

Each structural mode is one complex pole λ. An impulse of shape p(t) = (t/τ²)e^{−t/τ} (a contact of finite
duration) leaves Σ 2·Re(R_j e^{λ_j t}) + (d0 + d1·t)e^{−t/τ} behind: partial fractions of
s²/(s²+2ζωs+ω²)/(1+sτ)², so nothing is left at 0 Hz and nothing aliases. The gains 2R_j are folded into the
state.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI, cos_turns


@kernel
def render(
    n0,
    rate,
    first,
    lead,
    tick_s,
    speed,
    frac,
    unbalance,
    phase,
    vane,
    vanes,
    background,
    normal,
    pole,
    decay,
    gain,
    contact,
    contact_gain,
    flow_gain,
    flow_contact,
    support,
    q_sample,
    q_late,
    q_impulse,
    q_sharp,
    z,
    s,
    cursor,
    out,
):
    """Fill `out` with the acceleration [m/s²] of samples n0, n0+1, ….

    first int64[k+1], lead float64[k] [s] : first sample of each tick, and its time after the tick's start
    speed float64[k+1] [rad/s], frac float64[k+1] [turns] : the shaft at the tick edges
    unbalance : m·e [kg·m] · phase [turns] · vane float64[k+1] [N] amplitude at tick edges · vanes : how many
    background float64[k] [N·s] : impulse per sample of the broadband force · normal float64[n] : its draws
    pole complex128[m], decay complex128[m] : λ_j, and e^{λ_j/rate} · gain complex128[2, m] : 2R_j, by contact
    contact float64[3] [s], contact_gain float64[3, 2] : τ, and d0, d1: soft, sharp, flow
    flow_gain complex128[q, m], flow_contact float64[q, 2] : what an impulse of the flow has become q parts
    of a sample later: 2R_j·e^{λ_j·late}, and e^{−late/τ}, late·e^{−late/τ}
    support complex128[5] : λ, e^{λT}, b0, b1, 1/(M·ω_d) with 1/M in the imaginary part
    q_sample int64[q], q_late float64[q] [s], q_impulse float64[q] [N·s], q_sharp int64[q] : impulses in
        sample order
    z complex128[m+1] (the last is the support), s float64[7] (contacts, last force) · cursor int64[2] :
    next impulse, 1 once a force has been seen
    """
    modes = pole.shape[0]
    sample_s = 1.0 / rate
    contact_decay_soft = math.exp(-sample_s / contact[0])
    contact_decay_sharp = math.exp(-sample_s / contact[1])
    contact_decay_flow = math.exp(-sample_s / contact[2])
    to_inverse = support[4]
    count = out.shape[0]
    force = np.empty(count)
    drive = np.empty(count)
    hits = np.empty(count)
    for tick in range(first.shape[0] - 1):
        # the shaft's own forces on the support mode, for all samples of a tick at once
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        ramp = (vane[tick + 1] - vane[tick]) / tick_s
        for i in range(max(first[tick] - n0, 0), min(first[tick + 1] - n0, count)):
            t = lead[tick] + (n0 + i - first[tick]) / rate
            omega = speed[tick] + slope * t
            turns = frac[tick] + (speed[tick] + 0.5 * slope * t) * t / TWO_PI
            turning = unbalance * omega * omega * cos_turns(turns + phase)
            pulsing = (vane[tick] + ramp * t) * cos_turns(vanes * turns)
            droop = omega * omega * sample_s * sample_s / 12.0
            force[i] = turning + pulsing
            drive[i] = turning * (1.0 + droop) + pulsing * (1.0 + vanes * vanes * droop)
            hits[i] = background[tick] * normal[i]
    for i in range(count):
        n = n0 + i
        # First-order hold, exact for a force linear between samples. A hold droops by sinc², and
        # acceleration is a small difference at low frequency: the (ωT)²/12 in `drive` puts it back.
        if cursor[1] == 0:
            cursor[1] = 1
            s[6] = drive[i]
        z[modes] = support[1] * z[modes] + support[2] * s[6] + support[3] * drive[i]
        s[6] = drive[i]
        shaken = (support[0] * support[0] * z[modes]).imag * to_inverse.real + force[i] * to_inverse.imag

        # impulses: let everything ring on by one sample, then add what has struck since
        s[1] = (s[1] + s[0] * sample_s) * contact_decay_soft
        s[0] *= contact_decay_soft
        s[3] = (s[3] + s[2] * sample_s) * contact_decay_sharp
        s[2] *= contact_decay_sharp
        s[5] = (s[5] + s[4] * sample_s) * contact_decay_flow
        # The flow strikes once per sample, at scattered places between samples: impulses that kept one
        # place would alias in phase, and the density would then depend on the rate.
        place = (((n & 0xFFFF) * 40503) >> 8) % flow_gain.shape[0]
        hit = hits[i]
        s[4] = s[4] * contact_decay_flow + hit * flow_contact[place, 0]
        s[5] += hit * flow_contact[place, 1]
        ringing = 0.0
        for j in range(modes):
            z[j] = z[j] * decay[j] + hit * flow_gain[place, j]
        while cursor[0] < q_sample.shape[0] and q_sample[cursor[0]] <= n:
            c = cursor[0]
            late = q_late[c] + (n - q_sample[c]) / rate
            kind = q_sharp[c]
            for j in range(modes):
                z[j] += q_impulse[c] * gain[kind, j] * np.exp(pole[j] * late)
            struck = q_impulse[c] * math.exp(-late / contact[kind])
            s[2 * kind] += struck
            s[2 * kind + 1] += struck * late
            cursor[0] += 1
        for j in range(modes):
            ringing += z[j].real
        ringing += contact_gain[0, 0] * s[0] + contact_gain[0, 1] * s[1]
        ringing += contact_gain[1, 0] * s[2] + contact_gain[1, 1] * s[3]
        ringing += contact_gain[2, 0] * s[4] + contact_gain[2, 1] * s[5]
        out[i] = shaken + ringing
