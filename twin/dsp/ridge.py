"""The ridge of a family of harmonics in short-time spectra: scores of candidate speeds, and the best path.

A frame is warped in time by a few relative slopes first, which makes the harmonics of a changing speed lines
again (fan chirp transform: Képesi & Weruaga 2006, Speech Communication 48). A speed scores the logarithm of the
power at its harmonics over the power half-way between them, so coloured noise cancels and half or double the
speed score less. The path through the frames is dynamic programming (Viterbi 1967) under a limit on the slope.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.spectrum import fast_length, hann

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

BETWEEN = (0.4, 0.5, 0.6)
"""Where, in steps of the family, the power beside a harmonic is read: clear of a Hann main lobe."""
MOST_WARPS = 31
NULL_RECORDS = 12


@dataclass(frozen=True, slots=True)
class RidgeGrid:
    """How a record is cut into frames and which speeds are tried.

    Parameters
    ----------
    rate_hz : sample rate of the (band-limited) signal
    size, hop : samples in a frame and between frames
    speeds_hz : float64[speeds], equally spaced
    slopes : float64[warps], relative slopes tried [1/s]
    orders : float64[harmonics]
    spacing : distance of neighbouring harmonics in orders
    reach : most cells of speeds_hz between frames
    """

    rate_hz: float
    size: int
    hop: int
    speeds_hz: Array
    slopes: Array
    orders: Array
    spacing: float
    reach: int


def ridge_grid(rate_hz: float, low_hz: float, high_hz: float, orders: Array, max_slope_hz_s: float) -> RidgeGrid:
    """Choose the frame: six periods of the family's spacing at the lowest speed, longer where the slope allows."""
    spacing = float(np.min(np.diff(np.concatenate([[0.0], orders]))))
    top = float(orders[-1])
    window_s = max(6.0 / (spacing * low_hz), math.sqrt(1.0 / (top * max_slope_hz_s)))
    size = round(window_s * rate_hz)
    cell_hz = 1.0 / (4.0 * window_s * top)
    speeds = np.asarray(low_hz + cell_hz * np.arange(math.floor((high_hz - low_hz) / cell_hz) + 1))
    steepest = max_slope_hz_s / low_hz
    # half a step of slope smears the highest harmonic by a bin
    half_count = math.ceil(steepest * top * high_hz * window_s**2 / 2.0)
    half_count = min(half_count, MOST_WARPS // 2)
    hop = max(size // 5, 1)
    reach = math.ceil(max_slope_hz_s * hop / rate_hz / cell_hz) + 1  # a cell more for the noise of the ridge
    slopes = np.linspace(-steepest, steepest, 2 * half_count + 1)
    return RidgeGrid(
        rate_hz, size, hop, np.asarray(speeds), np.asarray(slopes, dtype=np.float64), orders, spacing, reach
    )


def ridge_scores(x: Array, grid: RidgeGrid) -> Array:
    """Score of each candidate speed in each frame, float64[frames, speeds]: mean log ratio, best over the slopes."""
    frames = np.lib.stride_tricks.sliding_window_view(x, grid.size)[:: grid.hop]
    window = hann(grid.size)
    length = fast_length(4 * grid.size)
    bin_per_hz = length / grid.rate_hz
    lines = [grid.speeds_hz * (order * bin_per_hz) for order in grid.orders]
    sides = [
        [
            grid.speeds_hz * (max(order + sign * part * grid.spacing, 0.0) * bin_per_hz)
            for sign in (-1, 1)
            for part in BETWEEN
        ]
        for order in grid.orders
    ]
    best = np.full((frames.shape[0], grid.speeds_hz.size), -np.inf)
    for slope in grid.slopes:
        power = np.abs(np.fft.rfft(_warped(frames, slope, grid.rate_hz) * window, length)) ** 2 + np.finfo(float).tiny
        score = np.zeros(best.shape)
        for line, around in zip(lines, sides, strict=True):
            beside = np.mean([_read(power, place) for place in around], axis=0)
            score += np.log(_read(power, line) / beside)
        np.maximum(best, score / len(lines), out=best)
    return best


def _read(power: Array, place: Array) -> Array:
    return np.asarray(power[:, np.minimum(np.rint(place).astype(np.int64), power.shape[1] - 1)])


def _warped(frames: Array, slope: float, rate_hz: float) -> Array:
    """Frames on a time axis on which a speed that grows as 1 + slope·t is constant; four-point Lagrange."""
    if slope == 0.0:
        return frames
    size = frames.shape[1]
    s = (np.arange(size) - 0.5 * (size - 1)) / rate_hz
    # s = t + slope t²/2, solved for t
    root = np.sqrt(np.maximum(1.0 + 2.0 * slope * s, 0.25))
    place = np.clip(2.0 * s / (1.0 + root) * rate_hz + 0.5 * (size - 1), 1.0, size - 2.001)
    whole = place.astype(np.int64)
    u = place - whole
    out = frames[:, whole - 1] * (-u * (u - 1.0) * (u - 2.0) / 6.0)
    out += frames[:, whole] * ((u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0)
    out -= frames[:, whole + 1] * ((u + 1.0) * u * (u - 2.0) / 2.0)
    out += frames[:, np.minimum(whole + 2, size - 1)] * ((u + 1.0) * u * (u - 1.0) / 6.0)
    return np.asarray(out)


def best_path(scores: Array, reach: int) -> tuple[IntArray, float]:
    """Cells float64[frames] of the path with the largest mean score whose steps are at most `reach` cells."""
    frames, cells = scores.shape
    back = np.zeros((frames, cells), dtype=np.int64)
    total = scores[0].copy()
    for k in range(1, frames):
        padded = np.pad(total, reach, constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
        step = windows.argmax(axis=1)
        back[k] = np.arange(cells) + step - reach
        total = windows[np.arange(cells), step] + scores[k]
    path = np.empty(frames, dtype=np.int64)
    path[-1] = int(total.argmax())
    for k in range(frames - 1, 0, -1):
        path[k - 1] = back[k, path[k]]
    return path, float(total.max()) / frames


def null_scores(grid: RidgeGrid, frames: int) -> tuple[float, float]:
    """Mean and standard deviation of the best path's score in white noise of the same length, simulated.

    Records of more than 64 frames are judged by 64: a longer mean only spreads less. Fixed seed; the answer for a
    grid is kept.
    """
    speeds = (float(grid.speeds_hz[0]), float(grid.speeds_hz[-1]), grid.speeds_hz.size)
    slopes = (float(grid.slopes[0]), float(grid.slopes[-1]), grid.slopes.size)
    key = (grid.rate_hz, grid.size, grid.hop, grid.spacing, grid.reach)
    return _null(key, speeds, slopes, tuple(float(order) for order in grid.orders), min(frames, 64))


@functools.lru_cache(maxsize=64)
def _null(
    key: tuple[float, int, int, float, int],
    speeds: tuple[float, float, int],
    slopes: tuple[float, float, int],
    orders: tuple[float, ...],
    frames: int,
) -> tuple[float, float]:
    rate_hz, size, hop, spacing, reach = key
    grid = RidgeGrid(
        rate_hz, size, hop, np.linspace(*speeds), np.linspace(*slopes), np.array(orders, dtype=float), spacing, reach
    )
    rng = np.random.default_rng(20201)
    found = [
        best_path(ridge_scores(rng.standard_normal(size + (frames - 1) * hop), grid), reach)[1]
        for _ in range(NULL_RECORDS)
    ]
    return float(np.mean(found)), float(np.std(found, ddof=1))
