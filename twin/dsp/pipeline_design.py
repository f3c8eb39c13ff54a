"""What a pipeline is made from: its points, checked, and their filters in the layout the kernels read."""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import BearingGeometry
from twin.dsp.kernels._simd import LANES
from twin.dsp.kernels.pipeline import TILE

Array = NDArray[np.float64]
Single = NDArray[np.float32]

STOP_BAND_DB = 40.0
"""Of the FIR alone; at its stop edge the band-pass before it adds ten decibels or more."""
SOLO_SECTIONS = 5


@dataclass(frozen=True, slots=True)
class MeasuringPoint:
    """What is known of a point before it is followed.

    Parameters
    ----------
    name : what findings call it
    band_hz : band in which the envelope is taken, for instance from `choose_band`
    bearing : geometry of the bearing nearby; None: features and spectrum only
    scale : factor from samples to the unit of the features (for instance 9.80665 from g to m/s²)
    """

    name: str
    band_hz: tuple[float, float]
    bearing: BearingGeometry | None = None
    scale: float = 1.0


def check(
    points: Sequence[MeasuringPoint],
    rate_hz: float,
    window_s: float,
    high_pass_hz: float,
    order: int,
    envelope_hz: float,
    far: float,
    threads: int,
) -> None:
    """Refuse what cannot work, with the reason.

    Raises
    ------
    ValueError
        Naming the value, the rule and the way out.
    """
    if not points:
        raise ValueError("a pipeline needs at least one measuring point")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    if not (math.isfinite(window_s) and window_s * rate_hz >= TILE):
        raise ValueError(f"window of {window_s:g} s must hold {TILE} samples or more at {rate_hz:g} Hz")
    if not 0.0 < high_pass_hz < 0.1 * rate_hz:
        raise ValueError(f"high-pass of {high_pass_hz:g} Hz must lie between 0 and a tenth of the rate {rate_hz:g} Hz")
    if order < 4 or order % 4:
        raise ValueError(f"band-pass order {order} must be a multiple of 4: two flanks of even order")
    if not 0.0 < envelope_hz < 0.25 * rate_hz:
        raise ValueError(f"envelope_hz = {envelope_hz:g} must lie between 0 and a quarter of the rate {rate_hz:g} Hz")
    if not 0.0 < far < 1.0:
        raise ValueError(f"false-alarm rate far = {far:g} must lie between 0 and 1")
    if threads < 1:
        raise ValueError(f"threads = {threads} must be 1 or more")
    for point in points:
        low, high = point.band_hz
        if not 0.0 < low < high <= 0.48 * rate_hz:
            raise ValueError(
                f"point {point.name!r}: band {low:g} … {high:g} Hz must lie between 0 and 0.48 of the"
                f" rate {rate_hz:g} Hz"
            )
        if not (math.isfinite(point.scale) and point.scale != 0.0):
            raise ValueError(f"point {point.name!r}: scale = {point.scale} must be a number other than zero")


def highest_factor(rate_hz: float, bands: Sequence[tuple[float, float]], envelope_hz: float) -> int:
    """Largest decimation whose rate still holds the widest band and the envelope frequencies beside it."""
    widest = max(high - low for low, high in bands)
    return max(int(rate_hz / (1.25 * widest + envelope_hz)), 1)


def demodulator(
    rate_hz: float, band_hz: tuple[float, float], factor: int, envelope_hz: float
) -> NDArray[np.complex128]:
    """Complex FIR that passes a band and nothing that decimation would fold into it; newest sample first.

    A Kaiser window (Kaiser 1974: attenuation and width give the length) on the ideal low-pass of half the band's
    width, turned to the band's middle.
    """
    low, high = band_hz
    width = high - low
    stop = rate_hz / factor - 0.5 * width if factor > 1 else 0.5 * width + envelope_hz
    transition = max(stop - 0.5 * width, 0.25 * envelope_hz) / rate_hz
    count = math.ceil((STOP_BAND_DB - 7.95) / (2.285 * 2.0 * math.pi * transition)) + 1
    beta = 0.5842 * (STOP_BAND_DB - 21.0) ** 0.4 + 0.07886 * (STOP_BAND_DB - 21.0)
    cutoff = 0.5 * width / rate_hz + 0.5 * transition
    k = np.arange(count) - 0.5 * (count - 1)
    low_pass = 2.0 * cutoff * np.sinc(2.0 * cutoff * k) * np.kaiser(count, beta)
    # twice: of a real signal only one of its two sides is kept, and the envelope is to be that of the signal
    return np.asarray(2.0 * low_pass * np.exp(2j * math.pi * 0.5 * (low + high) / rate_hz * k))


def lane_sections(filters: Sequence[Array], dtype: Any) -> NDArray[Any]:
    """Sections [b0 b1 b2 1 a1 a2] of each channel as [groups, sections * 5 * 16] of b0 b1 b2 -a1 -a2 side by side."""
    groups = -(-len(filters) // LANES)
    sections = filters[0].shape[0]
    out = np.zeros((groups, sections, 5, LANES), dtype)
    for c, sos in enumerate(filters):
        out[c // LANES, :, :, c % LANES] = np.column_stack([sos[:, :3], -sos[:, 4:]])
    return out.reshape(groups, -1)


def unit_sections(filters: Sequence[Array], dtype: Any, *, with_gain: bool) -> tuple[NDArray[Any], Array]:
    """Sections with b0 = b2 as [groups, sections * 3 * 16] of b1 / b0, -a1, -a2, and each channel's gain.

    Designs of even order have such sections only. with_gain : b0 of each section stands before its three.
    """
    scaled = [np.column_stack([sos[:, 0], sos[:, 1] / sos[:, 0], -sos[:, 4], -sos[:, 5]]) for sos in filters]
    groups = -(-len(filters) // LANES)
    out = np.zeros((groups, scaled[0].shape[0], 4, LANES), dtype)
    for c, rows in enumerate(scaled):
        out[c // LANES, :, :, c % LANES] = rows
    chosen = out if with_gain else out[:, :, 1:]
    return np.ascontiguousarray(chosen).reshape(groups, -1), np.array([float(rows[:, 0].prod()) for rows in scaled])


def solo_sections(sos: Array) -> tuple[Array, Array]:
    """Give the same for one channel, filled up to passes of five with sections that change nothing; gains b0 apart."""
    count = -(-sos.shape[0] // SOLO_SECTIONS) * SOLO_SECTIONS
    out = np.tile([0.0, 0.0, -1.0], (count, 1))
    out[: sos.shape[0]] = np.column_stack([sos[:, 1] / sos[:, 0], -sos[:, 4], -sos[:, 5]])
    return out.reshape(-1), np.asarray(sos[:, 0])


def settled_state(sos: Array, start: Single, state: Array, *, side_by_side: bool) -> None:
    """Fill the state of sections as if each channel had stood at `start` for ever."""
    value = start.astype(np.float64)
    for s, (b0, b1, b2, _, a1, a2) in enumerate(sos):
        settled = value * (b0 + b1 + b2) / (1.0 + a1 + a2)
        second = b2 * value - a2 * settled
        first = b1 * value - a1 * settled + second
        if side_by_side:
            state[:, 32 * s : 32 * s + 16] = first.reshape(-1, LANES)
            state[:, 32 * s + 16 : 32 * s + 32] = second.reshape(-1, LANES)
        else:
            state[:, 2 * s] = first
            state[:, 2 * s + 1] = second
        value = settled


def padded(values: int) -> int:
    """Power of two that holds the values."""
    return max(1 << (values - 1).bit_length(), 32)


def twiddles(size: int) -> tuple[Single, Single]:
    """Factors of a complex transform of `size`, and those that make a real one of twice the length of it."""

    def turn(count: int, step: complex) -> Single:
        angles = np.array([cmath.exp(step * k) for k in range(count)])
        return np.column_stack([angles.real, angles.imag]).astype(np.float32).reshape(-1)

    return turn(size, -2j * math.pi / size), turn(size + 1, -1j * math.pi / size)
