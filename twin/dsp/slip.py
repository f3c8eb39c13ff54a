"""Slip of an induction motor, from its speed or from lines of the current: rotor slots and rotation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.slots import slot_scores
from twin.dsp.spectrum import line_amplitude
from twin.dsp.tones import LineSpectrum

Array = NDArray[np.float64]

SLIP_RANGE = (0.0005, 0.08)
"""Slips looked for: motors of 1 kW to 1 MW run at full load with less than 8 %."""
SPEED_TOLERANCE = 0.001
"""What a stated speed is trusted to, relative: one revolution a minute in a thousand."""
BARS = range(12, 101)
"""Numbers of rotor bars tried when none is known."""
SLOT_SIGNS = (-7, -5, -3, -1, 1, 3, 5, 7)
"""Time harmonics nu of the slot lines."""
COUNTED_DB, CEILING_DB = 9.0, 30.0
LEAST_DB, MARGIN_DB = 12.0, 8.0


@dataclass(frozen=True, slots=True)
class Slip:
    """Slip, with where it comes from; `slip` is None where it cannot be told.

    Parameters
    ----------
    slip : 1 - p f_r / f_1
    tolerance : how far the true one may lie from it
    rotation_hz : shaft speed that follows
    source : "speed", "lines" (rotor slots and rotation), or "none"
    confidence : 0 … 1
    bars : rotor bars, where they were given
    reason : one sentence
    """

    slip: float | None
    tolerance: float
    rotation_hz: float | None
    source: str
    confidence: float
    bars: int | None
    reason: str


def pole_pairs(poles: int) -> int:
    """Pole pairs of a motor.

    Raises
    ------
    ValueError
        If poles is not an even number from 2.
    """
    if poles != int(poles) or poles < 2 or poles % 2:
        raise ValueError(f"poles = {poles} must be an even number from 2 (4 for a motor of nearly 1500 rpm at 50 Hz)")
    return int(poles) // 2


def slip_from_speed(supply_hz: float, speed_hz: float, poles: int, *, tolerance: float = SPEED_TOLERANCE) -> Slip:
    """Slip of a motor turning at speed_hz, known to `tolerance` (relative).

    Raises
    ------
    ValueError
        If the speed is not positive, over the synchronous one, or below half of it: speed, poles and supply
        frequency do not fit together.
    """
    p = pole_pairs(poles)
    if not (math.isfinite(speed_hz) and speed_hz > 0.0):
        raise ValueError(f"speed {speed_hz * 60:g} rpm must be positive")
    slip = 1.0 - p * speed_hz / supply_hz
    if slip < -tolerance or slip > 0.5:
        fits = max(2, 2 * math.floor(supply_hz / speed_hz * (1.0 + tolerance)))
        raise ValueError(
            f"speed {speed_hz * 60:.6g} rpm does not fit {poles} poles at {supply_hz:.6g} Hz"
            f" (synchronous {supply_hz / p * 60:.6g} rpm): check speed, poles ({fits} would fit) and supply frequency"
        )
    return Slip(
        max(slip, 0.0), tolerance, speed_hz, "speed", 1.0, None, f"slip {100 * slip:.3g} % from the stated speed"
    )


def slot_lines(supply_hz: float, slip: float, bars: int, poles: int, *, order: int = 1, eccentric: int = 0) -> Array:
    """Rotor slot lines [(k N_b ± n_d)(1-s)/p ± nu] f_1 [Hz], sorted, for nu in 1, 3, 5, 7 and k = `order`.

    n_d = `eccentric` is 0 for the principal lines of a sound motor and 1, 2 … for dynamic eccentricity (Nandi,
    Toliyat and Li 2005; static eccentricity raises the principal ones).
    """
    p = pole_pairs(poles)
    return np.unique(
        np.array(
            [
                abs((order * bars + sign * eccentric) * (1.0 - slip) / p + nu) * supply_hz
                for sign in (-1, 1)
                for nu in SLOT_SIGNS
            ]
        )
    )


def slip_from_lines(
    spectrum: LineSpectrum,
    supply_hz: float,
    poles: int,
    bars: int | Sequence[int] | None = None,
    *,
    slip_range: tuple[float, float] = SLIP_RANGE,
) -> Slip:
    """Find the slip at which rotor slot lines and the rotation pair f_1 ± f_r stand out together.

    Every slip of the range (and every number of bars, when none is given) gets the sum of the decibels, over
    the local median, of its lines; supply harmonics are silenced first. Without a number of bars the rotation
    pair is asked first, alone. Where a second, different slip scores nearly as high, the answer is None: slot
    lines alone cannot tell bars from slip.

    Raises
    ------
    ValueError
        If poles, bars or range make no sense.
    """
    p = pole_pairs(poles)
    low, high = slip_range
    if not 0.0 < low < high < 1.0:
        raise ValueError(f"slip range {slip_range} must rise within (0, 1)")
    counts = [bars] if isinstance(bars, int) else list(BARS if bars is None else bars)
    if not counts or min(counts) < 2 * p:
        raise ValueError(f"rotor bars {bars} must be at least the {2 * p} poles")
    prominence = _prominence(spectrum, supply_hz)
    # half a bin where the highest line moves fastest
    step = 0.5 * spectrum.df_hz * p / (max(counts) * supply_hz)
    slips = np.arange(low, high + step, step)
    pair = [_beyond(prominence, spectrum.df_hz, supply_hz * (1.0 + sign * (1.0 - slips) / p)) for sign in (-1, 1)]
    rotation = 2.0 * np.minimum(pair[0], pair[1])  # one line alone may be anybody's
    # the pair moves by a bin where the slip moves by this
    coarse = spectrum.df_hz * p / supply_hz
    if not isinstance(bars, int):
        alone = _peak(slips, rotation, coarse)
        if alone.score >= LEAST_DB and alone.margin >= MARGIN_DB:
            sharp = replace(alone, slip=_between_bins(spectrum, supply_hz, p, alone.slip))
            return _found(sharp, 0.5 * coarse, supply_hz, p, "the rotation pair", None)
    slots = np.empty(slips.size)
    which = np.empty(slips.size, dtype=np.int64)
    per_pair = np.array(counts, dtype=np.float64) / p
    signs = np.array(SLOT_SIGNS, dtype=np.float64)
    slot_scores(prominence, supply_hz / spectrum.df_hz, slips, per_pair, signs, COUNTED_DB, CEILING_DB, slots, which)
    best = _peak(slips, slots + rotation, coarse)
    if best.score < LEAST_DB:
        return _none("no rotor slot or rotation lines stand out of the current's floor: slip unknown")
    if best.margin < MARGIN_DB:
        return _none(
            f"slip is ambiguous: {100 * best.slip:.3g} % and {100 * best.other:.3g} % explain the lines alike;"
            " give the speed" + (" or the number of rotor bars" if bars is None else "")
        )
    fine = 1.5 * coarse / (counts[int(which[best.at])] if slots[best.at] > 0.0 else 1.0)
    return _found(
        best,
        max(best.width, 2.0 * step, fine),
        supply_hz,
        p,
        "rotor slot lines",
        bars if isinstance(bars, int) else None,
    )


@dataclass(frozen=True, slots=True)
class _Peak:
    """Best slip of a score, the best other one, and by how much it wins."""

    at: int
    slip: float
    width: float
    score: float
    other: float
    margin: float


def _peak(slips: Array, score: Array, coarse: float) -> _Peak:
    at = int(np.argmax(score))
    # a flat top is met in its middle
    top = np.flatnonzero((score > score[at] - 0.5) & (np.abs(slips - slips[at]) < 3.0 * coarse))
    slip = float(slips[top].mean())
    apart = np.abs(slips - slip) > max(4.0 * coarse, 0.02 * slip)
    others = np.where(apart, score, -np.inf)
    other = int(np.argmax(others))
    second = float(score[other]) if apart.any() else 0.0
    return _Peak(at, slip, float(np.ptp(slips[top])), float(score[at]), float(slips[other]), float(score[at]) - second)


def _between_bins(spectrum: LineSpectrum, supply_hz: float, p: int, slip: float) -> float:
    """Slip from the rotation pair's distance, each line interpolated to a fraction of a bin."""
    size = spectrum.magnitude()
    places = [
        line_amplitude(size, supply_hz * (1.0 + sign * (1.0 - slip) / p) / spectrum.df_hz, 2.5)[1] for sign in (-1, 1)
    ]
    return 1.0 - p * 0.5 * (places[1] - places[0]) * spectrum.df_hz / supply_hz


def _found(peak: _Peak, tolerance: float, supply_hz: float, p: int, what: str, bars: int | None) -> Slip:
    return Slip(
        peak.slip,
        tolerance,
        (1.0 - peak.slip) * supply_hz / p,
        "lines",
        1.0 / (1.0 + math.exp(-(peak.margin - MARGIN_DB) / 3.0)),
        bars,
        f"slip {100 * peak.slip:.3g} % from {what} in the current",
    )


def _none(reason: str) -> Slip:
    return Slip(None, math.nan, None, "none", 0.0, None, reason)


def _prominence(spectrum: LineSpectrum, supply_hz: float) -> Array:
    """Decibels over the median of 20 Hz of neighbours; supply harmonics silenced; wider by a bin each way."""
    power = spectrum.magnitude() ** 2
    width = max(int(20.0 / spectrum.df_hz), 16)
    blocks = -(-power.size // width)
    padded = np.pad(power, (0, blocks * width - power.size), mode="edge").reshape(blocks, width)
    centres = (np.arange(blocks) + 0.5) * width
    floor = np.interp(np.arange(power.size), centres, np.median(padded, axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        db = 10.0 * np.log10(np.where(floor > 0.0, power / floor, 1.0))
    db = np.where(np.isfinite(db), db, 0.0)
    # Hann skirts fall by 18 dB an octave: 60 dB lie below the floor some 12 bins away
    reach = max(12, round(0.3 / spectrum.df_hz))
    for harmonic in range(int(power.size * spectrum.df_hz / supply_hz) + 1):
        centre = round(harmonic * supply_hz / spectrum.df_hz)
        db[max(centre - reach, 0) : centre + reach + 1] = 0.0
    wide = db.copy()
    wide[1:] = np.maximum(wide[1:], db[:-1])
    wide[:-1] = np.maximum(wide[:-1], db[1:])
    return wide


def _beyond(prominence: Array, df_hz: float, line_hz: Array) -> Array:
    """Give what a line shows beyond chance [dB], counted from 9 dB and up to 30."""
    bins = np.round(np.abs(line_hz) / df_hz).astype(np.int64)
    db = prominence[np.minimum(bins, prominence.size - 1)]
    counted = (bins < 0.95 * prominence.size) & (db > COUNTED_DB)
    return np.asarray(np.where(counted, np.minimum(db, CEILING_DB) - COUNTED_DB, 0.0))
