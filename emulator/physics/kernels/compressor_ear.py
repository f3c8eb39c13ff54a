"""A compressor's housing: modes under a force that is linear between samples, and blows of a short contact."""

import math

from emulator.kernel import kernel

LONGEST = 14.0  # contact times after which a blow is over


@kernel
def add_blows(first, sample, late, impulse, contact, rate, force):
    """Add blows to the `force` [N] of samples first, first+1, …: F = (J/τ²) t e^{-t/τ} after each, whose integral is J.

    sample int64[m] : first sample at or after each blow · late float64[m] [s] : how much that sample is late
    impulse float64[m] [N s] · contact [s] : τ, long against a sample
    """
    reach = int(LONGEST * contact * rate) + 1
    for i in range(sample.shape[0]):
        for n in range(max(sample[i], first), min(sample[i] + reach, first + force.shape[0])):
            t = late[i] + (n - sample[i]) / rate
            force[n - first] += impulse[i] / (contact * contact) * t * math.exp(-t / contact)


@kernel
def shake(force, grown, before, now, shape, through, noise, z, last, out):
    """Fill `out` [m/s²] with the acceleration of modes driven by a force that is linear between samples (exact).

    grown, before, now, shape complex128[m] : e^{λT}, gains of the force a sample ago and now, λ²/(M ω_d)
    through : Σ 1/M [1/kg] · noise float64[n] [m/s²] · z complex128[m], last float64[1] [N] : state
    """
    for i in range(force.shape[0]):
        a = force[i] * through + noise[i]
        for j in range(grown.shape[0]):
            z[j] = grown[j] * z[j] + before[j] * last[0] + now[j] * force[i]
            a += (shape[j] * z[j]).imag
        last[0] = force[i]
        out[i] = a
