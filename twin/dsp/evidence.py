"""Weighing harmonic families in squared envelope spectra against chance.

For each fault family the prominences (decibels over the local background, cut at a ceiling) of its first
harmonics are added, with one slip common to all of them. What chance alone can reach is measured in the same
spectra: the same search is run for decoy orders that no part of the machine repeats at. A family's score is
its prominence per harmonic above the decoys' median, in the band where that is largest; the decoys pass
through the same choice of band.

Lines with a known deterministic cause are silenced first: shaft harmonics and mains multiples.

A family is believed (confidence towards 1) when three things hold together: its score is far above chance,
its lines modulate the envelope deeply (more than about half of its mean: healthy machines show faint lines,
too, and long averages lift them far out of the floor), and no other family keeps a like score once this
one's lines and sidebands are silenced.

Tuning, stated openly: the middles of the three steps are round numbers, the same for every family and data
set, set while looking at half of three public collections (61 CWRU, 8 MFPT and 21 HIT-SM records); the other
half was never seen. Nothing is fitted to a record and nothing is learned. What set the depth: every labelled
race fault modulates by more than 0.6, while assemblies whose lines belong to another part than the label
says (CWRU balls, Smith & Randall 2015) and healthy machines stay below 0.53.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import FAMILIES, BearingGeometry
from twin.dsp.envelope import Band, EnvelopeSpectra
from twin.dsp.kernels.comb import (
    comb_scores,
    line_depths,
    local_background,
    prominence_db,
    silence_lines,
)

Array = NDArray[np.float64]

SLIP_TOLERANCE = 0.02
FREE_SLIP = 0.012
EDGE_PENALTY_DB = 20.0
CEILING_DB = 25.0
HARMONIC_WEIGHTS: Array = np.array([1.0, 0.6, 0.6, 0.6])
HARMONIC_WEIGHTS.flags.writeable = False
MAINS_HZ = (50.0, 60.0)
SCORE_MIDDLE_DB = 7.5
DEPTH_MIDDLE = 0.55
CAGE_MIDDLE_DB = 12.0
WORTH = 1e-3


@dataclass(frozen=True, slots=True)
class LineScore:
    """Evidence for one family of lines.

    Parameters
    ----------
    family : fault name
    score_db : mean prominence of its harmonics above what chance reaches, in the band chosen
    f_hz, expected_hz : found and kinematic base frequency
    harmonics : prominence of harmonics 1… [dB], after known causes were silenced
    sidebands : prominence [dB] of the pair below and above the first harmonic (spaced by shaft or cage speed)
    depth : amplitude of the harmonics together (root of the sum of squares) relative to the mean squared
        envelope
    chance : share of decoys that score as high
    margin_db : score less the best score of any other family once the lines of this one are silenced
    confidence : 0 … 1, see `confidence`
    band_hz : where the signal was demodulated
    band : row of that band in the spectra
    """

    family: str
    score_db: float
    f_hz: float
    expected_hz: float
    harmonics: tuple[float, ...]
    sidebands: tuple[float, ...]
    depth: float
    chance: float
    margin_db: float
    confidence: float
    band_hz: tuple[float, float]
    band: int


@dataclass(frozen=True, slots=True)
class _Searched:
    """What the search found: excess over chance [dB], slip and depth, each float64[bands, families]."""

    db: Array
    level: Array
    excess: Array
    slip: Array
    depth: Array
    decoy_best: Array


def max_order(bearing: BearingGeometry) -> float:
    """Highest shaft order the search looks at."""
    return (HARMONIC_WEIGHTS.size + 0.2) * max(bearing.orders().values()) * (1.0 + SLIP_TOLERANCE)


def score_families(spectra: EnvelopeSpectra, bearing: BearingGeometry) -> dict[str, LineScore]:
    """Score every bearing family; keys are `FAMILIES`."""
    raw = prominences(spectra)
    searched = _search_all(spectra, bearing, raw)
    # The band is chosen by evidence and depth together: a faint line can stand far above an even fainter
    # floor.
    merit = _rise(searched.excess, SCORE_MIDDLE_DB, 1.0) * _rise(searched.depth, DEPTH_MIDDLE, 0.05)
    rows = np.argmax(merit + 1e-9 * searched.excess, axis=0)
    rest = [
        _best_other(spectra, bearing, searched, m, int(row), worth=bool(merit[row, m] > WORTH))
        for m, row in enumerate(rows)
    ]
    own = np.array([merit[row, m] * _rise(searched.excess[row, m] - rest[m], 2.0, 0.8) for m, row in enumerate(rows)])
    cage = FAMILIES.index("bearing_cage")
    # Races and balls that are hurt modulate at cage speed too: the cage is named only when nothing else
    # speaks.
    own[cage] *= _rise(searched.excess[rows[cage], cage], CAGE_MIDDLE_DB, 1.0) * (
        1.0 - float(np.delete(own, cage).max())
    )
    return {
        family: _describe(spectra, raw, bearing, searched, m, int(rows[m]), rest[m], float(own[m]))
        for m, family in enumerate(FAMILIES)
    }


def _search_all(spectra: EnvelopeSpectra, bearing: BearingGeometry, raw: Array) -> _Searched:
    db = raw.copy()
    per_order = spectra.bins_per_order
    _silence_known(db, per_order, spectra.speed_hz)
    orders = bearing.orders()
    bases = np.array([orders[family] for family in FAMILIES])
    unit = float(HARMONIC_WEIGHTS.sum())
    own, slip = _search(db, per_order, bases)
    chance, _ = _search(db, per_order, decoy_orders(bearing))
    level = np.median(chance, axis=1)
    depth = np.empty_like(own)
    line_depths(spectra.power, spectra.depth_gain, per_order, bases, slip, HARMONIC_WEIGHTS.size, depth)
    return _Searched(
        db=db,
        level=level,
        excess=(own - level[:, None]) / unit,
        slip=slip,
        depth=depth,
        decoy_best=(chance - level[:, None]).max(axis=0) / unit,
    )


def _best_other(
    spectra: EnvelopeSpectra, bearing: BearingGeometry, searched: _Searched, m: int, row: int, *, worth: bool
) -> float:
    """Best score [dB] among the races and balls but m, once the lines and sidebands of m are silenced."""
    others = [k for k in range(3) if k != m]
    if FAMILIES[m] == "bearing_cage" or not worth:
        # Cage lines are everyone's sidebands: silencing them would hide the true cause. And a family that
        # will not be believed anyway is spared the second search.
        return float(searched.excess[:, others].max())
    per_order = spectra.bins_per_order
    orders = bearing.orders()
    base = orders[FAMILIES[m]] * (1.0 + searched.slip[row, m])
    spacing = _sideband_spacing(bearing, FAMILIES[m])
    count = int(searched.db.shape[1] / (base * per_order)) + 1
    centres = np.array([k * base + j * spacing for k in range(1, count + 1) for j in (0, -1, 1, -2, 2)])
    positions = centres[centres > 0.0] * per_order
    db = searched.db.copy()
    silence_lines(db, positions, np.maximum(1.5, 0.003 * positions))
    left, _ = _search(db, per_order, np.array([orders[FAMILIES[k]] for k in others]))
    return float((left - searched.level[:, None]).max()) / float(HARMONIC_WEIGHTS.sum())


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
    """Give base orders at which nothing repeats: off every family, its fractions, multiples and sidebands."""
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
    bearing: BearingGeometry,
    searched: _Searched,
    m: int,
    row: int,
    rest: float,
    confidence: float,
) -> LineScore:
    family = FAMILIES[m]
    expected = bearing.orders()[family]
    base = expected * (1.0 + float(searched.slip[row, m]))
    per_order = spectra.bins_per_order
    spacing = _sideband_spacing(bearing, family)
    score_db = float(searched.excess[row, m])
    band: Band = spectra.bands[row]
    return LineScore(
        family=family,
        score_db=score_db,
        f_hz=base * spectra.speed_hz,
        expected_hz=expected * spectra.speed_hz,
        harmonics=tuple(_peak(searched.db[row], (h + 1) * base * per_order) for h in range(HARMONIC_WEIGHTS.size)),
        sidebands=tuple(_peak(raw[row], (base + j * spacing) * per_order) for j in (-1, 1)),
        depth=float(searched.depth[row, m]),
        chance=float(np.mean(searched.decoy_best >= score_db)),
        margin_db=score_db - rest,
        confidence=min(max(confidence, 0.0), 1.0),
        band_hz=(band.low_hz, band.high_hz),
        band=row,
    )


def _rise(value: Array, middle: float, width: float) -> Array:
    """Logistic step from 0 to 1."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip((value - middle) / width, -60.0, 60.0))))


def _peak(values: Array, position: float) -> float:
    half = max(1.0, 0.002 * position)
    first, last = max(round(position - half), 0), min(round(position + half) + 1, values.size)
    return float(values[first:last].max()) if last > first else 0.0
