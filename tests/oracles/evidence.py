"""Slow counterparts of what weighs evidence, from the definitions."""

import math


def student_tail(t, freedom, steps=200_000, top=400.0):
    """P(T > t) of Student's t by the trapezoidal rule on its density (Abramowitz & Stegun 26.7.1)."""
    scale = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))
    width = (top - t) / steps
    values = [scale * (1 + (t + i * width) ** 2 / freedom) ** (-(freedom + 1) / 2) for i in range(steps + 1)]
    return width * (sum(values) - 0.5 * (values[0] + values[-1]))


def patched(row, centres, half_widths):
    """Replace the bins around the centres, one after the other, by the next free ones above, around the end."""
    n = len(row)
    hit = set()
    for centre, half in zip(centres, half_widths, strict=True):
        hit |= set(range(max(math.floor(centre - half), 0), min(math.ceil(centre + half), n - 1) + 1))
    out = list(row)
    if len(hit) == n:
        return [0.0] * n
    source = None
    for i in range(n):
        if i not in hit:
            source = None
            continue
        source = i if source is None else source
        source = (source + 1) % n
        while source in hit:
            source = (source + 1) % n
        out[i] = row[source]
    return out
