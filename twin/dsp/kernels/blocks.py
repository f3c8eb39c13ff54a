"""Filtering blocks of many channels, sample-major, by the kernels of `lanes`."""

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import LANES, ahead, load, store
from twin.dsp.kernels.lanes import lane_biquads, lane_fir

TILE = 64


@kernel
def _gather(x, channels, row, rows, end, column, tile, at):
    if column + LANES <= channels:
        for i in range(rows):
            # rows of many channels lie far apart: no hardware guesses the next one
            ahead(x, min(row + i + TILE, end - 1) * channels + column)
            store(tile, at + LANES * i, load(x, (row + i) * channels + column))
    else:
        for i in range(rows):
            for lane in range(channels - column):
                tile[at + LANES * i + lane] = x[(row + i) * channels + column + lane]


@kernel
def _scatter(tile, channels, row, rows, column, out):
    if column + LANES <= channels:
        for i in range(rows):
            store(out, (row + i) * channels + column, load(tile, LANES * i))
    else:
        for i in range(rows):
            for lane in range(channels - column):
                out[(row + i) * channels + column + lane] = tile[LANES * i + lane]


@kernel
def sos_block(x, channels, n, coefficients, state, tile, out):
    """Filter x : [n * channels] through the sections of each group into out (may be x); see `lane_biquads`."""
    for g in range(coefficients.shape[0]):
        for row in range(0, n, TILE):
            rows = min(TILE, n - row)
            _gather(x, channels, row, rows, n, g * LANES, tile, 0)
            lane_biquads(coefficients[g], state[g], tile, rows)
            _scatter(tile, channels, row, rows, g * LANES, out)


@kernel
def fir_block(x, channels, n, taps, history, skip, factor, tile, out):
    """FIR of x : [n * channels], keeping every factor-th output; returns how many rows of out were filled."""
    filled = 0
    past = (taps.shape[0] - 1) * LANES
    for g in range(history.shape[0]):
        filled = 0
        wait = skip
        for row in range(0, n, TILE):
            rows = min(TILE, n - row)
            _gather(x, channels, row, rows, n, g * LANES, history[g], past)
            kept = lane_fir(taps, history[g], rows, wait, factor, tile, 0, LANES)
            wait += kept * factor - rows
            _scatter(tile, channels, filled, kept, g * LANES, out)
            filled += kept
    return filled


def examples():
    """Tiny calls with the types of the real ones, for `warmup`: float32 and float64."""

    def sos(dtype):
        return sos_block(
            np.zeros(16, dtype), 16, 1, np.zeros((1, 80), dtype), np.zeros((1, 32), dtype), np.zeros(1024, dtype),
            np.zeros(16, dtype),
        )  # fmt: skip

    def fir(dtype):
        return fir_block(
            np.zeros(16, dtype), 16, 1, np.ones(3, dtype), np.zeros((1, 66 * 16), dtype), 0, 1, np.zeros(1024, dtype),
            np.zeros(16, dtype),
        )  # fmt: skip

    return [
        ("sos_block", lambda: (sos(np.float32), sos(np.float64))),
        ("fir_block", lambda: (fir(np.float32), fir(np.float64))),
    ]
