"""Slow, obvious counterparts for time features, velocity and kinematics, written from the book."""

import itertools
import math


def time_features(x, level=0.0):
    """Every feature by its definition, one reading after the other, in exact sums."""
    readings = [float(v) for v in x if not math.isnan(v)]
    n = len(readings)
    mean = math.fsum(readings) / n
    central = [math.fsum((v - mean) ** k for v in readings) / n for k in (2, 3, 4)]
    rms = math.sqrt(math.fsum(v * v for v in readings) / n)
    peak = max(abs(v) for v in readings)
    absolute = math.fsum(abs(v) for v in readings) / n
    root = math.fsum(math.sqrt(abs(v)) for v in readings) / n
    above = [v >= level for v in readings]
    return {
        "count": n,
        "nan_count": len(x) - n,
        "mean": mean,
        "std": math.sqrt(central[0]),
        "rms": rms,
        "peak": peak,
        "peak_to_peak": max(readings) - min(readings),
        "crest": peak / rms,
        "skewness": central[1] / central[0] ** 1.5,
        "kurtosis": central[2] / central[0] ** 2,
        "shape": rms / absolute,
        "impulse": peak / absolute,
        "clearance": peak / root**2,
        "crossings": sum(a != b for a, b in itertools.pairwise(above)),
    }


def velocity_rms_of_tones(tones, low_hz, high_hz):
    """Velocity rms [m/s] of accelerations (peak m/s², Hz): those within the band, each divided by its 2 pi f."""
    return math.sqrt(sum((a / (2 * math.pi * f)) ** 2 / 2 for a, f in tones if low_hz <= f <= high_hz))


def bearing_rates(elements, d, D, angle_deg, inner_hz, outer_hz):
    """Roll without slip: surface speeds at the two contacts give the cage's and the element's own turning."""
    alpha = math.radians(angle_deg)
    inner_radius = (D - d * math.cos(alpha)) / 2
    outer_radius = (D + d * math.cos(alpha)) / 2
    inner_speed = 2 * math.pi * inner_hz * inner_radius
    outer_speed = 2 * math.pi * outer_hz * outer_radius
    cage_hz = (inner_speed + outer_speed) / 2 / (2 * math.pi * (D / 2))
    # in the cage's frame the element's surface runs with the inner race
    spin_hz = abs((inner_hz - cage_hz) * inner_radius / (d / 2))
    return {
        "cage": abs(cage_hz),
        "outer": elements * abs(outer_hz - cage_hz),
        "inner": elements * abs(inner_hz - cage_hz),
        "spin": spin_hz,
    }
