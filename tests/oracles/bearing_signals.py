"""Bearing signals made from the book, to test the twin's diagnosis; nothing is shared with the virtual plant.

Impacts arrive by shaft angle with random-walk slip (McFadden & Smith 1984; Antoni & Randall 2003), ring one
resonance and are added one by one in closed form.
"""

import numpy as np


def impact_times(order, speed_hz, duration_s, slip, rng):
    """Impact instants [s] at constant speed: increments of mean T and standard deviation slip·T."""
    period = 1.0 / (order * speed_hz)
    count = int(duration_s / period * 1.2) + 10
    times = np.cumsum(period * (1.0 + slip * rng.standard_normal(count)))
    return times[times < duration_s]


def ring(times, amplitudes, rate_hz, samples, mode_hz=5400.0, damping=0.03):
    """Sum of decaying oscillations that start at `times`, at their exact instants."""
    out = np.zeros(samples)
    decay = 2.0 * np.pi * mode_hz * damping
    length = int(8.0 / decay * rate_hz) + 2
    for at, amplitude in zip(times, amplitudes, strict=True):
        first = int(np.ceil(at * rate_hz))
        last = min(first + length, samples)
        t = np.arange(first, last) / rate_hz - at
        out[first:last] += amplitude * np.exp(-decay * t) * np.sin(2.0 * np.pi * mode_hz * t)
    return out


def spall(family, bearing, speed_hz, rate_hz, duration_s, *, slip=0.01, mode_hz=5400.0, rng):
    """Signal of a spall on one part, unit strength; bearing = (n, d, D)."""
    n, d, pitch = bearing
    ratio = d / pitch
    cage = 0.5 * (1.0 - ratio)
    samples = int(duration_s * rate_hz)
    if family == "bearing_outer_race":
        times = impact_times(n * cage, speed_hz, duration_s, slip, rng)
        load = np.ones(times.size)
    elif family == "bearing_inner_race":
        times = impact_times(n * (1.0 - cage), speed_hz, duration_s, slip, rng)
        load = load_zone(2.0 * np.pi * speed_hz * times)
    else:
        times = impact_times(pitch / d * (1.0 - ratio * ratio), speed_hz, duration_s, slip, rng)
        load = load_zone(2.0 * np.pi * cage * speed_hz * times)
    load = load * (1.0 + 0.15 * rng.standard_normal(times.size))
    return ring(times, load, rate_hz, samples, mode_hz)


def load_zone(angle):
    """Stribeck's load zone with ε = 0.5: half the turn carries, with exponent 1.5."""
    return np.maximum(np.cos(angle), 0.0) ** 1.5


def machine_noise(speed_hz, rate_hz, samples, rng):
    """A healthy machine: white noise, shaft harmonics, mains lines, a gear with modulation."""
    t = np.arange(samples) / rate_hz
    x = rng.standard_normal(samples)
    for k in range(1, 6):
        x += rng.uniform(0.1, 1.0) / k * np.sin(2.0 * np.pi * k * speed_hz * t + rng.uniform(0, 6.28))
    for k in (1, 2, 6):
        x += rng.uniform(0.0, 0.3) * np.sin(2.0 * np.pi * 50.0 * k * t + rng.uniform(0, 6.28))
    mesh = 23 * speed_hz
    modulation = 1.0 + 0.4 * np.cos(2.0 * np.pi * speed_hz * t)
    x += rng.uniform(0.1, 1.0) * modulation * np.sin(2.0 * np.pi * mesh * t)
    return x
