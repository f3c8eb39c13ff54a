"""Weighing harmonic families in squared envelope spectra against chance.

For each fault family the prominences (decibels over the local background, cut at a ceiling) of its first harmonics are
added, with one slip common to all of them. What chance alone can reach is measured in the same spectra: the same search is
run for decoy orders that no part of the machine repeats at. A family's score is its prominence per harmonic above the
decoys' median, in the band where that is largest; the decoys pass through the same choice of band.

Lines with a known deterministic cause are silenced first: shaft harmonics and mains multiples. The sidebands of a stronger
family are silenced before a weaker one may speak.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import FAMILIES, BearingGeometry
from twin.dsp.envelope import Band, EnvelopeSpectra
from twin.dsp.kernels.comb import comb_scores, local_background, prominence_db, silence_lines

Array = NDArray[np.float64]

SLIP_TOLERANCE = 0.02
FREE_SLIP = 0.012
EDGE_PENALTY_DB = 20.0
CEILING_DB = 25.0
HARMONIC_WEIGHTS: Array = np.array([1.0, 0.6, 0.6, 0.6])
HARMONIC_WEIGHTS.flags.writeable = False
MAINS_HZ = (50.0, 60.0)


@dataclass(frozen=True, slots=True)
class LineScore:
    """Evidence for one family of lines.

    Parameters
    ----------
    family : fault name
    score_db : mean prominence of its harmonics above what chance reaches, in the best band
    f_hz, expected_hz : found and kinematic base frequency
    harmonics : prominence of harmonics 1… [dB], after known causes were silenced
    sidebands : prominence [dB] of the pair below and above the first harmonic (spaced by shaft or cage speed)
    depth : amplitude of the first harmonic relative to the mean squared envelope
    chance : share of decoys that score as high
    band_hz : where the signal was demodulated
    """

    family: str
    score_db: float
    f_hz: float
    expected_hz: float
    harmonics: tuple[float, ...]
    sidebands: tuple[float, ...]
    depth: float
    chance: float
    band_hz: tuple[float, float]
    band: int


def max_order(bearing: BearingGeometry) -> float:
    """Highest shaft order the search looks at."""
    return (HARMONIC_WEIGHTS.size + 0.2) * max(bearing.orders().values()) * (1.0 + SLIP_TOLERANCE)


def score_families(spectra: EnvelopeSpectra, bearing: BearingGeometry) -> dict[str, LineScore]:
    """Score every bearing family; keys are `FAMILIES`."""
    raw = prominences(spectra)
    db = raw.copy()
    per_order = spectra.bins_per_order
    _silence_known(db, per_order, spectra.speed_hz)
    orders = bearing.orders()
    bases = np.array([orders[family] for family in FAMILIES])
    decoys = decoy_orders(bearing)
    own, slips = _search(db, per_order, bases)
    chance, _ = _search(db, per_order, decoys)
    level = np.median(chance, axis=1)
    unit = float(HARMONIC_WEIGHTS.sum())
    decoy_best = (chance - level[:, None]).max(axis=0) / unit
    excess = (own - level[:, None]) / unit
    found: dict[str, LineScore] = {}
    for m, family in enumerate(FAMILIES):
        row = int(np.argmax(excess[:, m]))
        found[family] = _describe(spectra, raw, db, bearing, family, row, float(slips[row, m]), float(excess[row, m]), decoy_best)
    return found


def explained_by(spectra: EnvelopeSpectra, bearing: BearingGeometry, cause: LineScore) -> dict[str, float]:
    """Score every family again [dB per harmonic] once the lines and sidebands of `cause` are silenced."""
    db = prominences(spectra)
    per_order = spectra.bins_per_order
    _silence_known(db, per_order, spectra.speed_hz)
    decoys = decoy_orders(bearing)
    chance, _ = _search(db, per_order, decoys)
    level = np.median(chance, axis=1)
    base = cause.f_hz / spectra.speed_hz
    spacing = _sideband_spacing(bearing, cause.family)
    count = int(db.shape[1] / (base * per_order)) + 1
    centres = [k * base + j * spacing for k in range(1, count + 1) for j in (0, -1, 1, -2, 2)]
    positions = np.array([c for c in centres if c > 0.0]) * per_order
    silence_lines(db, positions, np.maximum(1.5, 0.003 * positions))
    orders = bearing.orders()
    own, _ = _search(db, per_order, np.array([orders[family] for family in FAMILIES]))
    best = (own - level[:, None]).max(axis=0) / float(HARMONIC_WEIGHTS.sum())
    return {family: float(best[m]) for m, family in enumerate(FAMILIES)}


def prominences(spectra: EnvelopeSpectra) -> Array:
    """Decibels of every bin over its local background, float64[bands, bins]."""
    rows, bins = spectra.power.shape
    block = min(max(int(1.2 * spectra.bins_per_order), 21), bins)
    scratch = np.empty(block)
    medians = np.empty(2 * bins // block + 4)
    background = np.empty(bins)
    db = np.empty((rows, bins))
    for row in range(rows):
        local_background(spectra.power[row], block, scratch, medians, background)
        prominence_db(spectra.power[row], background, CEILING_DB, db[row])
    return db


def decoy_orders(bearing: BearingGeometry) -> Array:
    """Give base orders at which nothing repeats: off every family, its simple fractions and multiples, and its sidebands."""
    orders = bearing.orders()
    low, high = 0.6 * bearing.bpfo, 1.45 * bearing.bpfi
    decoys = np.exp(np.linspace(math.log(low), math.log(high), 121))
    taken = [orders[family] * factor for family in FAMILIES[:3] for factor in (1.0, 0.5, 2.0, 1 / 3, 1.5, 2 / 3)]
    taken += [bearing.bpfi + j for j in (-2, -1, 1, 2)] + [bearing.bpfo + j for j in (-1, 1)]
    gap = np.abs(decoys[:, None] / np.array(taken)[None, :] - 1.0).min(axis=1)
    free = decoys[gap > 1.25 * SLIP_TOLERANCE]
    return free if free.size >= 20 else decoys


def _search(db: Array, per_order: float, bases: Array) -> tuple[Array, Array]:
    score = np.empty((db.shape[0], bases.size))
    slip = np.empty_like(score)
    comb_scores(db, per_order, bases, SLIP_TOLERANCE, FREE_SLIP, EDGE_PENALTY_DB, HARMONIC_WEIGHTS, score, slip)
    return score, slip


def _silence_known(db: Array, per_order: float, speed_hz: float) -> None:
    bins = db.shape[1]
    shaft = np.arange(0, int(bins / per_order) + 1) * per_order
    silence_lines(db, shaft, np.maximum(1.5, 0.003 * shaft))
    for mains in MAINS_HZ:
        step = mains / speed_hz * per_order
        lines = np.arange(1, int(bins / step) + 1) * step
        silence_lines(db, lines, np.full(lines.size, 1.0))


def _sideband_spacing(bearing: BearingGeometry, family: str) -> float:
    return bearing.ftf if family == "bearing_ball" else 1.0


def _describe(
    spectra: EnvelopeSpectra,
    raw: Array,
    db: Array,
    bearing: BearingGeometry,
    family: str,
    row: int,
    slip: float,
    score_db: float,
    decoy_best: Array,
) -> LineScore:
    expected = bearing.orders()[family]
    base = expected * (1.0 + slip)
    per_order = spectra.bins_per_order
    harmonics = tuple(_peak(db[row], (h + 1) * base * per_order) for h in range(HARMONIC_WEIGHTS.size))
    spacing = _sideband_spacing(bearing, family)
    sidebands = tuple(_peak(raw[row], (base + j * spacing) * per_order) for j in (-1, 1))
    band: Band = spectra.bands[row]
    return LineScore(
        family=family,
        score_db=score_db,
        f_hz=base * spectra.speed_hz,
        expected_hz=expected * spectra.speed_hz,
        harmonics=harmonics,
        sidebands=sidebands,
        depth=_peak(spectra.depth(row), base * per_order),
        chance=float(np.mean(decoy_best >= score_db)),
        band_hz=(band.low_hz, band.high_hz),
        band=row,
    )


def _peak(values: Array, position: float) -> float:
    half = max(1.0, 0.002 * position)
    first, last = max(round(position - half), 0), min(round(position + half) + 1, values.size)
    return float(values[first:last].max()) if last > first else 0.0
