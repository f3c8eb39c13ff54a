"""Rendering of acceleration: resonators hit at fractional times, on a support that moves, and asperity noise.

Each structural mode is one complex pole λ. An impulse of shape p(t) = (t/τ²)e^{−t/τ} (a contact of finite
duration) leaves Σ 2·Re(R_j e^{λ_j t}) + (d0 + d1·t)e^{−t/τ} behind: partial fractions of
s²/(s²+2ζωs+ω²)/(1+sτ)², so nothing is left at 0 Hz and nothing aliases. The gains 2R_j are folded into the
state.
"""

import math

import numpy as np

from emulator.kernel import kernel


@kernel
def render(
    n0,
    rate,
    first,
    background,
    normal,
    pole,
    decay,
    gain,
    contact,
    contact_gain,
    flow_gain,
    flow_contact,
    shaken,
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

    first int64[k+1] : first sample of each tick
    background float64[k] [N·s] : impulse per sample of the broadband force · normal float64[n] : its draws
    pole complex128[m], decay complex128[m] : λ_j, and e^{λ_j/rate} · gain complex128[2, m] : 2R_j, by contact
    contact float64[3] [s], contact_gain float64[3, 2] : τ, and d0, d1: soft, sharp, flow
    flow_gain complex128[q, m], flow_contact float64[q, 2] : what an impulse of the flow has become q parts
    of a sample later: 2R_j·e^{λ_j·late}, and e^{−late/τ}, late·e^{−late/τ}
    shaken float64[n] [m/s²] : acceleration of the support
    q_sample int64[q], q_late float64[q] [s], q_impulse float64[q] [N·s], q_sharp int64[q] : impulses in
        sample order
    z complex128[m], s float64[6] (contacts) · cursor int64[1] : next impulse
    """
    modes = pole.shape[0]
    sample_s = 1.0 / rate
    contact_decay_soft = math.exp(-sample_s / contact[0])
    contact_decay_sharp = math.exp(-sample_s / contact[1])
    contact_decay_flow = math.exp(-sample_s / contact[2])
    count = out.shape[0]
    hits = np.empty(count)
    for tick in range(first.shape[0] - 1):
        for i in range(max(first[tick] - n0, 0), min(first[tick + 1] - n0, count)):
            hits[i] = background[tick] * normal[i]
    for i in range(count):
        n = n0 + i
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
        out[i] = shaken[i] + ringing


@kernel
def sections(coefficients, level, first, n0, normal, state, out):
    """Add white noise through a cascade of second-order sections to `out` [m/s²].

    coefficients float64[s, 5] : b0, b1, b2, a1, a2 (direct form II transposed) · state float64[s, 2]
    level float64[k] [m/s²] : standard deviation of the white noise, by tick · normal float64[n] : its draws
    """
    count = out.shape[0]
    for tick in range(first.shape[0] - 1):
        for i in range(max(first[tick] - n0, 0), min(first[tick + 1] - n0, count)):
            x = level[tick] * normal[i]
            for j in range(coefficients.shape[0]):
                y = coefficients[j, 0] * x + state[j, 0]
                state[j, 0] = coefficients[j, 1] * x - coefficients[j, 3] * y + state[j, 1]
                state[j, 1] = coefficients[j, 2] * x - coefficients[j, 4] * y
                x = y
            out[i] += x
