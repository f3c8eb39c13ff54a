"""Choosing the band to demodulate, knowing the shaft speed and nothing about the bearing.

What damage has and a lone blow, a hum or a burst of noise has not is repetition that is locked neither to the
shaft nor to the mains. So every candidate band's squared envelope spectrum is searched blindly for a harmonic
series of any base order: the prominences of its first four harmonics are added, and the score of a band is

    (prominence above what a series in the same spectrum reaches by chance) [dB] · (modulation depth)

The first factor asks for repetition, whatever its strength; the second for an envelope that really moves: a
line may stand far above an even lower floor and yet belong to nobody. It is a protrugram (Barszcz &
Jabłoński 2011) that counts a series instead of the largest line and needs no named line, or a log-cycle ratio
without a known cycle. Kurtosis (`kurtogram`) and negentropy (`infogram`) ask neither question.

Silenced beforehand: shaft harmonics (imbalance, gears on this shaft and their amplitude modulation, anything
else deterministic that keeps the shaft's pace) and mains multiples. What is far above the usual maximum of a
revolution is cut by `envelope_spectra`, so that one blow neither wins nor hides the rest.

Constants: harmonics, their weights and the ceiling are those with which `evidence.py` weighs a known bearing
(round numbers, set there on half of three public collections); CHANCE_DB comes from simulated noise. The rule
was chosen among five (excess alone, and excess times several functions of depth) while looking at all of the
shared CWRU, MFPT and HIT records: the plain product, the only one without a constant of its own, was best. The
rule on sidebands came last, from one CWRU record (170), and is blind to the data otherwise. No record of these
sets is unseen.

Limits: a machine's other periodic parts (a second shaft, a pump's vanes on it, a converter's beat) repeat as
damage does; a chooser that knows no bearing can only rank them by strength. `BandChoice.candidates` keeps the
whole ranking so that a later step, which knows the bearing, can weigh several bands.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.envelope import FULL_TREE, Band, EnvelopeSpectra, candidate_bands, envelope_spectra
from twin.dsp.prominence import HARMONIC_WEIGHTS as WEIGHTS
from twin.dsp.prominence import prominences, silence_known

Array = NDArray[np.float64]

MAX_ORDER = 40.0
"""Highest shaft order looked at; four harmonics of BPFI of a bearing with 16 elements."""
LOWEST_BASE = 1.2
"""Lowest base order searched: below lie the cage and its harmonics, which are everyone's sidebands."""
SEGMENT_REVS = 80.0
"""Length of the averaged segments [rev]: parts neighbouring lines, short enough for random slip."""
MIN_REVS = 12.0
"""Fewer revolutions tell nothing about lines that repeat a few times a turn."""
SIDEBANDS = 3
"""How many turns aside a stronger line makes a line its sideband; more change nothing on the records."""
CHANCE_DB = 7.0
"""Excess of the best band in stationary noise is above this about once in a hundred records (simulated: 100 of
2 … 10 s at 12 … 48 kHz and 10 … 50 rev/s; median 4.9, 99th percentile 6.8, largest 7.2)."""


@dataclass(frozen=True, slots=True)
class BandScore:
    """How much a band's envelope repeats.

    Parameters
    ----------
    band : edges [Hz]
    score : excess_db · depth, by which candidates are ranked
    excess_db : weighted mean prominence of the best harmonic series above the median series in this spectrum
    depth : amplitude of its harmonics together, relative to the mean squared envelope
    order : base of that series [shaft orders]
    """

    band: Band
    score: float
    excess_db: float
    depth: float
    order: float


@dataclass(frozen=True, slots=True)
class BandChoice:
    """Candidate bands, best first.

    Parameters
    ----------
    candidates : all of them
    above_chance : whether the best repeats more clearly than noise does; if not, no band deserves
        preference and the whole band comes first
    """

    candidates: tuple[BandScore, ...]
    above_chance: bool

    @property
    def best(self) -> Band:
        """The band to demodulate."""
        return self.candidates[0].band

    def bands(self, count: int) -> tuple[Band, ...]:
        """Give the best few, for `envelope_spectra(..., bands=...)`."""
        return tuple(candidate.band for candidate in self.candidates[:count])


def choose_band(
    x: Array,
    rate_hz: float,
    speed_hz: float,
    *,
    max_order: float = MAX_ORDER,
    tree: tuple[int, ...] = FULL_TREE,
    segment_revs: float = SEGMENT_REVS,
) -> BandChoice:
    """Rank the whole band and those of the tree by how clearly and deeply their envelope repeats.

    Parameters
    ----------
    x : float64[n], any unit, without NaN, at steady speed
    rate_hz, speed_hz : sample rate and mean shaft speed
    max_order : highest shaft order looked at; base orders up to a quarter of it are searched
    tree : divisions of the whole band; bands narrower than 20 shaft orders are left out
    segment_revs : length of the averaged segments

    Raises
    ------
    ValueError
        If x is not one finite, varying record of at least 12 revolutions, rate or speed are not positive, or
        max_order leaves nothing to search.
    """
    x = np.asarray(x, dtype=np.float64)
    _check(x, rate_hz, speed_hz, max_order)
    candidates = [band for band in candidate_bands(rate_hz, speed_hz, tree) if not band.whitened]
    spectra = envelope_spectra(
        x, rate_hz, speed_hz, max_order=max_order, bands=candidates, segment_s=segment_revs / speed_hz
    )
    return rank_bands(spectra)


def rank_bands(spectra: EnvelopeSpectra) -> BandChoice:
    """Rank bands whose squared envelope spectra are at hand already; the first is taken for the whole band."""
    order, excess, depth = _blind_series(spectra)
    # each band speaks with its best series
    top = np.argmax(excess * depth, axis=1)
    scores = []
    for row, band in enumerate(spectra.bands):
        at = int(top[row])
        db, deep = float(excess[row, at]), float(depth[row, at])
        scores.append(BandScore(band, max(db, 0.0) * deep, db, deep, float(order[at])))
    above = max(float(excess[row].max()) for row in range(len(scores))) > CHANCE_DB
    ranked = sorted(scores, key=lambda score: -score.score)
    if not above:
        ranked.remove(scores[0])
        ranked.insert(0, scores[0])
    return BandChoice(tuple(ranked), above)


def _blind_series(spectra: EnvelopeSpectra) -> tuple[Array, Array, Array]:
    """Give base orders [m], and excess [dB] and depth of the series on each of them, float64[bands, m]."""
    db = _unexplained(spectra)
    bins = db.shape[1]
    per_order = spectra.bins_per_order
    # a third of a bin per step is finer than any line, at the fourth harmonic too
    base = np.arange(LOWEST_BASE * per_order, (bins - 1) / (WEIGHTS.size + 0.1), 1.0 / 3.0)
    total = np.zeros((db.shape[0], base.size))
    squares = np.zeros_like(total)
    for harmonic, weight in enumerate(WEIGHTS, start=1):
        at = harmonic * base
        # random slip broadens lines in proportion to their order
        half = np.maximum(1.0, 0.002 * at)
        first = np.round(at - half).astype(np.intp)
        last = np.minimum(np.round(at + half).astype(np.intp), bins - 1)
        peak = np.zeros_like(total)
        power = np.zeros_like(total)
        for step in range(int((last - first).max()) + 1):
            place = np.minimum(first + step, last)
            np.maximum(peak, db[:, place], out=peak)
            np.maximum(power, np.where(db[:, place] > 0.0, spectra.power[:, place], 0.0), out=power)
        total += weight * peak
        squares += power
        if harmonic == 1:
            sideband = _is_sideband(power, base, per_order)
    excess = (total - np.median(total, axis=1, keepdims=True)) / WEIGHTS.sum()
    excess[sideband] = 0.0
    return base / per_order, excess, np.sqrt(squares) * spectra.depth_gain[:, None]


def _is_sideband(power: Array, base: Array, per_order: float) -> NDArray[np.bool_]:
    """Mark bases whose own line is lower than one a turn or two per turn beside it: they are its sidebands.

    A race that turns through the load zone surrounds its line with pairs at shaft speed. The lower ones make a
    harmonic series, too (k·base = k·true - k·j), yet one that a band may show without the line itself.
    """
    step = base[1] - base[0]
    marked = np.zeros(power.shape, dtype=np.bool_)
    for turns in range(1, SIDEBANDS + 1):
        shift = round(turns * per_order / step)
        if shift < base.size:
            marked[:, shift:] |= power[:, shift:] < power[:, :-shift]
            marked[:, :-shift] |= power[:, :-shift] < power[:, shift:]
    return marked


def _unexplained(spectra: EnvelopeSpectra) -> Array:
    """Decibels over the local background, shaft and mains harmonics silenced; float64[bands, bins]."""
    db = prominences(spectra)
    silence_known(db, spectra.bins_per_order, spectra.speed_hz)
    return db


def _check(x: Array, rate_hz: float, speed_hz: float, max_order: float) -> None:
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"x of shape {x.shape} must be one record that is not empty; choose a band per channel")
    for name, value in (("rate_hz", rate_hz), ("speed_hz", speed_hz)):
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} = {value} must be positive and finite")
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinite values; cut the gaps out or fill them first")
    if np.ptp(x) == 0.0:
        raise ValueError("x is constant: no band holds anything; check the sensor")
    if not 22.0 * speed_hz < 0.49 * rate_hz:
        raise ValueError(
            f"speed_hz = {speed_hz:g} is too high for rate_hz = {rate_hz:g}: no band holds 20 shaft orders; check both"
        )
    revs = x.size / rate_hz * speed_hz
    if revs < MIN_REVS:
        raise ValueError(f"x lasts {revs:.1f} revolutions, fewer than {MIN_REVS:g}; give a longer record")
    if not max_order > 2.0 * LOWEST_BASE * WEIGHTS.size:
        raise ValueError(
            f"max_order = {max_order:g} must exceed {2.0 * LOWEST_BASE * WEIGHTS.size:g}, twice the lowest"
        )
