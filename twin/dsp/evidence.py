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
one's lines and sidebands are silenced. The product of the three steps is its evidence; `confidence.py` makes a
confidence of it. Besides, chance must not explain the score at the false-alarm rate set (`chance.py`).

Tuning, stated openly: the middles of the three steps are round numbers, the same for every family and data
set, set while looking at half of three public collections (61 CWRU, 8 MFPT and 21 HIT-SM records); the other
half was never seen. Nothing is fitted to a record and nothing is learned. What set the depth: every labelled
race fault modulates by more than 0.6, while assemblies whose lines belong to another part than the label
says (CWRU balls, Smith & Randall 2015) and healthy machines stay below 0.53.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import FAMILIES, BearingGeometry
from twin.dsp.chance import any_of, cage_decoys, decoy_orders, tail_probability
from twin.dsp.confidence import calibrated
from twin.dsp.envelope import Band, EnvelopeSpectra
from twin.dsp.kernels.comb import (
    comb_scores,
    line_depths,
    patch_lines,
    silence_lines,
)
from twin.dsp.prominence import HARMONIC_WEIGHTS, prominences, silence_known

Array = NDArray[np.float64]

SLIP_TOLERANCE = 0.02
FREE_SLIP = 0.012
EDGE_PENALTY_DB = 20.0
SCORE_MIDDLE_DB = 7.5
DEPTH_MIDDLE = 0.55
CAGE_MIDDLE_DB = 12.0
WORTH = 1e-3
BELIEVED = 0.5
FAR = 0.01
"""False-alarm rate per record, over all families and bands."""
UNPROVEN = 0.3
"""Most confidence in a family that chance may explain at the rate set."""
UNNAMED = 0.45
"""Most confidence in a cage: lines at cage speed alone are a damaged ball's as often, so they never make a call."""


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
    p_value : probability that chance scores as high for any family in any band; see `chance`
    evidence : product of the steps for score, depth and margin, 0 … 1, before calibration
    margin_db : score less the best score of any other family once the lines of this one are silenced
    confidence : share of like statements that were right on the records it was calibrated on; see `confidence`
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
    p_value: float = 1.0
    evidence: float = 0.0


@dataclass(frozen=True, slots=True)
class _Searched:
    """What the search found: excess over chance [dB], slip, depth and merit, each float64[bands, families].

    `chance` : best excess of each decoy over the bands; `decoys` : their orders.
    """

    db: Array
    level: Array
    excess: Array
    slip: Array
    depth: Array
    merit: Array
    chance: Array
    decoys: Array


def max_order(bearing: BearingGeometry) -> float:
    """Highest shaft order the search looks at."""
    return (HARMONIC_WEIGHTS.size + 0.2) * max(bearing.orders().values()) * (1.0 + SLIP_TOLERANCE)


def score_families(spectra: EnvelopeSpectra, bearing: BearingGeometry, *, far: float = FAR) -> dict[str, LineScore]:
    """Score every bearing family; keys are `FAMILIES`.

    Parameters
    ----------
    spectra : of one record or window
    bearing : whose families
    far : false-alarm rate per record, over all families and bands; a family whose `p_value` is not below it
        keeps a confidence of at most `UNPROVEN`

    Raises
    ------
    ValueError
        If far is not in (0, 1).
    """
    if not 0.0 < far < 1.0:
        raise ValueError(f"far = {far:g} must be in (0, 1): the share of healthy records in which chance may be called")
    raw = prominences(spectra)
    searched = _search_all(spectra, bearing, raw)
    merit = searched.merit
    # The band is chosen by evidence and depth together: a faint line can stand far above an even fainter
    # floor.
    rows = np.argmax(merit + 1e-9 * searched.excess, axis=0)
    worth = np.array([bool(merit[row, m] > WORTH) for m, row in enumerate(rows)])
    rest = [_best_other(spectra, bearing, searched, m, int(row), worth=bool(worth[m])) for m, row in enumerate(rows)]
    own = np.array([merit[row, m] * _rise(searched.excess[row, m] - rest[m], 2.0, 0.8) for m, row in enumerate(rows)])
    cage = FAMILIES.index("bearing_cage")
    # Races and balls that are hurt modulate at cage speed too: the cage is named only when nothing else
    # speaks, however shallow.
    own[cage] *= _rise(searched.excess[rows[cage], cage], CAGE_MIDDLE_DB, 1.0) * (
        1.0 - float(_rise(np.delete(searched.excess, cage, axis=1).max(), SCORE_MIDDLE_DB, 1.0))
    )
    values = _probabilities(spectra, bearing, searched, rows, worth)
    return {
        family: _describe(
            spectra,
            raw,
            bearing,
            searched,
            m,
            int(rows[m]),
            rest[m],
            evidence=float(own[m]),
            p_value=values[m],
            far=far,
        )
        for m, family in enumerate(FAMILIES)
    }


def _confidence(own: float, p_value: float, far: float, most: float) -> float:
    confidence = min(calibrated(own), most)
    return confidence if p_value < far else min(confidence, UNPROVEN)


def _search_all(spectra: EnvelopeSpectra, bearing: BearingGeometry, raw: Array) -> _Searched:
    db = raw.copy()
    per_order = spectra.bins_per_order
    silence_known(db, per_order, spectra.speed_hz)
    orders = bearing.orders()
    bases = np.array([orders[family] for family in FAMILIES])
    unit = float(HARMONIC_WEIGHTS.sum())
    own, slip = _search(db, per_order, bases)
    decoys = decoy_orders(bearing)
    chance, _ = _search(db, per_order, decoys)
    level = np.median(chance, axis=1)
    depth = np.empty_like(own)
    # A damaged ball carries load as often as the cage turns, so much of its modulation is in the sidebands. Those
    # of a race do not count: whatever turns with the shaft spaces lines like that.
    spacings = np.array([bearing.ftf if family == "bearing_ball" else 0.0 for family in FAMILIES])
    line_depths(spectra.power, db, spectra.depth_gain, per_order, bases, spacings, slip, HARMONIC_WEIGHTS.size, depth)
    excess = (own - level[:, None]) / unit
    return _Searched(
        db=db,
        level=level,
        excess=excess,
        slip=slip,
        depth=depth,
        merit=_rise(excess, SCORE_MIDDLE_DB, 1.0) * _rise(depth, DEPTH_MIDDLE, 0.05),
        chance=(chance - level[:, None]).max(axis=0) / unit,
        decoys=decoys,
    )


def _probabilities(
    spectra: EnvelopeSpectra,
    bearing: BearingGeometry,
    searched: _Searched,
    rows: NDArray[np.intp],
    worth: NDArray[np.bool_],
) -> list[float]:
    """Probability, per family, that chance would have scored as high for any family in any band.

    The lines of damage reach decoys, too (sidebands of sidebands), and would make chance look stronger than
    it is: decoys are searched again where the lines of every family worth it have been patched over.
    """
    per_order = spectra.bins_per_order
    unit = float(HARMONIC_WEIGHTS.sum())
    db, chance = searched.db, searched.chance
    claimed = [_lines_of(spectra, bearing, m, float(searched.slip[rows[m], m])) for m in range(3) if worth[m]]
    if claimed:
        positions = np.concatenate(claimed)
        db = np.empty_like(searched.db)
        patch_lines(searched.db, positions, np.maximum(1.5, 0.002 * positions), np.empty(db.shape[1]), db)
        again, _ = _search(db, per_order, searched.decoys)
        chance = (again - searched.level[:, None]).max(axis=0) / unit
    # where a family stands deep enough to be believed, some of the decoys are lines of it that no patch foresaw
    soiled = any(searched.merit[rows[m], m] > BELIEVED for m in range(3))
    values = [tail_probability(float(searched.excess[rows[m], m]), chance, soiled=bool(soiled)) for m in range(3)]
    cage, _ = _search(db, per_order, cage_decoys(bearing))
    crowd = (cage - searched.level[:, None]).max(axis=0) / unit
    values.append(tail_probability(float(searched.excess[rows[3], 3]), crowd))
    return [any_of(value, len(FAMILIES)) for value in values]


def _lines_of(spectra: EnvelopeSpectra, bearing: BearingGeometry, m: int, slip: float) -> Array:
    """Where damage of family m may show [bins]: harmonics with sidebands of shaft and cage, and cage lines."""
    base = bearing.orders()[FAMILIES[m]] * (1.0 + slip)
    ftf = bearing.ftf
    if FAMILIES[m] == "bearing_ball":
        # one strike on each race: half orders; a ball is as often in the load zone as the cage turns
        offsets = [j * ftf for j in range(-3, 4)] + [0.5 * base + j * ftf for j in (-1, 0, 1)]
    else:
        offsets = [j + i * ftf for j in (0, -1, 1, -2, 2) for i in (0, -1, 1)]
    count = int(spectra.power.shape[1] / (base * spectra.bins_per_order)) + 2
    lines = np.array([k * base + offset for k in range(count) for offset in offsets] + [j * ftf for j in range(1, 8)])
    return np.asarray(lines[lines > 0.0] * spectra.bins_per_order)


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


def decoy_scores(spectra: EnvelopeSpectra, orders: Array) -> Array:
    """Score any base orders as families are: excess over their median [dB], best of the bands, float64[orders]."""
    db = prominences(spectra)
    silence_known(db, spectra.bins_per_order, spectra.speed_hz)
    score, _ = _search(db, spectra.bins_per_order, orders)
    return np.asarray((score - np.median(score, axis=1)[:, None]).max(axis=0) / float(HARMONIC_WEIGHTS.sum()))


def _search(db: Array, per_order: float, bases: Array) -> tuple[Array, Array]:
    score = np.empty((db.shape[0], bases.size))
    slip = np.empty_like(score)
    comb_scores(db, per_order, bases, SLIP_TOLERANCE, FREE_SLIP, EDGE_PENALTY_DB, HARMONIC_WEIGHTS, score, slip)
    return score, slip


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
    *,
    evidence: float,
    p_value: float,
    far: float,
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
        chance=float(np.mean(searched.chance >= score_db)),
        margin_db=score_db - rest,
        confidence=_confidence(evidence, p_value, far, UNNAMED if family == "bearing_cage" else 1.0),
        p_value=p_value,
        evidence=evidence,
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
