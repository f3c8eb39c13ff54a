"""Compile or load every kernel once, one at a time, so that a command line can show its progress."""

from collections.abc import Callable

import numpy as np


def kernels() -> list[tuple[str, Callable[[], object]]]:
    """List kernel names with a call each that compiles it (or loads it from the cache) on tiny inputs."""
    from twin.dsp.kernels import biquad, comb, moments, orders

    def line(n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.linspace(0.0, 1.0, n)

    grid = np.ones((2, 64))
    window = line(16)
    window.flags.writeable = False
    weights = np.ones(4)
    weights.flags.writeable = False
    return [
        (
            "biquad_cascade",
            lambda: biquad.biquad_cascade(np.ones((1, 6)), np.zeros((1, 2)), line(4), line(4)),
        ),
        ("moments_update", lambda: moments.moments_update(line(4), np.zeros(8))),
        ("moments_merge", lambda: moments.moments_merge(np.ones(8), np.ones(8), np.ones(8))),
        ("angular_resample", lambda: orders.angular_resample(line(8), line(8), 0.1, np.empty(8))),
        (
            "order_amplitudes",
            lambda: orders.order_amplitudes(line(16), window, line(16), line(2), np.empty(2)),
        ),
        ("revolutions", lambda: orders.revolutions(line(8), 10.0, np.empty(8))),
        (
            "local_background",
            lambda: comb.local_background(line(64), 16, np.empty(16), np.empty(16), np.empty(64)),
        ),
        ("prominence_db", lambda: comb.prominence_db(line(8), line(8), 25.0, np.empty(8))),
        ("silence_lines", lambda: comb.silence_lines(grid, line(2), line(2))),
        (
            "line_depths",
            lambda: comb.line_depths(grid, line(2), 4.0, line(2), np.zeros((2, 2)), 4, np.empty((2, 2))),
        ),
        (
            "comb_scores",
            lambda: comb.comb_scores(grid, 4.0, line(2), 0.02, 0.01, 20.0, weights, np.empty((2, 2)), np.empty((2, 2))),
        ),
    ]
