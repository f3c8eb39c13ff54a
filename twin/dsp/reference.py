"""Has this record changed against healthy ones of the same point? A score with a stated false-alarm probability.

No cause is named: a change of speed, load, mounting or sensor is a change too. Compare like with like.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.dsp.features import time_features
from twin.dsp.quality import signal_flags
from twin.dsp.spectrum import hann

Array = NDArray[np.float64]

Name = tuple[str, int, tuple[float, float] | None]

MIN_SEGMENT = 256
"""Samples a segment must hold for its bands to be worth comparing."""
SEGMENTS = 32
"""Segments a record is cut into, if the false-alarm probability does not ask for more."""
BANDS = 20
"""Most bands, of equal width on a logarithmic axis from 8 lines of a segment's spectrum to 0.45 of the sample rate."""
TOP = 0.45
"""Share of the sample rate where the bands end: beyond lies the anti-alias filter."""
SCALE_FLOOR_DB = 0.25
"""Scatter below which none is believed: a reference cannot be known better than this."""
CLIP = 10.0
"""Standard deviations beyond which one band's oddness counts no further."""
NOTABLE = 4.0
"""Standard deviations of a record's median from which a band or feature is shown as evidence."""
ENOUGH = 3
"""References from which their own scatter is known well enough to set the limit."""
MEDIAN_NOISE = 1.2533
"""Standard error of a median of n normal values, times √n / their standard deviation: √(π/2)."""
SHAPES = ("crest", "kurtosis", "clearance")
LEVELS = ("rms", "peak")


@dataclass(frozen=True, slots=True)
class Change:
    """One band or feature that differs from the references.

    Parameters
    ----------
    name : "rms", "kurtosis", … or "band"
    channel : row of x it was seen in
    band_hz : edges of the band, None for a feature
    change_db : median of the record over median of the references, 20 log10 of amplitudes (kurtosis: 10 log10)
    z : the same in standard deviations of a healthy record's median (its sampling, and the references' scatter)
    """

    name: str
    channel: int
    band_hz: tuple[float, float] | None
    change_db: float
    z: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing a record with healthy ones showed.

    Parameters
    ----------
    outcome : "changed", "same" (segments as among the references), or "cannot say": unreadable, too short, or off by no
        more than the references may be from each other
    score : how far the record's typical segment lies off the references, in robust standard deviations of their
        segments along the direction in which the record is off; near 0 when nothing changed, NaN when not judged
    limit : score that one more reference would exceed with the false-alarm probability asked for (three references or
        more; the larger of two; -inf with one)
    p_value : probability of segments at least as unusual among the references'; never below `smallest_p`
    smallest_p : 2 / (1 + reference segments): what so many segments can state at best
    distance_db : root mean square difference of the band levels
    reference_scores : score of each reference against the others; empty for a single one
    changes : evidence, the most unusual first
    reason : one sentence
    """

    outcome: Literal["same", "changed", "cannot say"]
    score: float
    limit: float
    p_value: float
    smallest_p: float
    distance_db: float
    reference_scores: tuple[float, ...]
    changes: tuple[Change, ...]
    reason: str


def compare(
    x: Array,
    references: Sequence[Array],
    rate_hz: float,
    *,
    false_alarm: float = 0.02,
    ignore_level: bool = False,
) -> Comparison:
    """Compare a record x : float64[n] or [channels, n] with healthy records of the same point.

    Each record is cut into segments; each segment gives levels in bands and time features, in dB, as robust z values
    (median and MAD of all reference segments). Half of the record's segments say in which direction it is off; the
    other half is measured along that direction, beside the references' segments. Two questions follow:

    - Are the segments unusual? A segment's p value is the share of reference segments at least as far off (conformal
      prediction: Vovk, Gammerman & Shafer 2005, ch. 2). Segments of one record are alike, so their p values are joined
      by a rule that holds under any dependence, twice their median (Rüger 1978; Vovk & Wang 2020, Biometrika 107, 791).
    - Is the record further off than healthy records are from each other? Each reference is scored against the others
      in the same way; the limit is the prediction bound for one more of them (Student, as many as there are less one).

    With three references or more the second decides, with fewer both must agree. What the references never did -
    another load, day or mounting - has no place in either: the probability holds for records taken like them, and for
    no others.

    Parameters
    ----------
    references : healthy records, same channels, unit and rate; several, over the loads and days that are usual
    rate_hz : sample rate of all of them
    false_alarm : probability of calling an unchanged record changed, in [0.001, 0.2]
    ignore_level : take the record's own level away from every band and leave rms and peak out: only the shape counts

    Raises
    ------
    ValueError
        If there is no reference, shapes do not fit, or rate or probability cannot be.
    """
    if not 0.0 < rate_hz < math.inf:
        raise ValueError(f"rate_hz = {rate_hz} must be positive and finite: samples per second")
    if not 0.001 <= false_alarm <= 0.2:
        raise ValueError(f"false_alarm = {false_alarm} must be in [0.001, 0.2]: a probability")
    if not references:
        raise ValueError("references is empty: give one or more healthy records of the same point")
    records = [_lines(record) for record in (x, *references)]
    if len({record.shape[0] for record in records}) > 1:
        raise ValueError(f"records have {[record.shape[0] for record in records]} channels: all must have the same")
    for place, record in enumerate(records):
        flags = _flags(record)
        if flags:
            which = "the record" if place == 0 else f"reference {place}"
            return _cannot_say(f"{which} is {', '.join(flags)}: nothing can be read from it")
    count = max(SEGMENTS, math.ceil(2.0 / false_alarm / len(references)))
    size = min(record.shape[1] for record in records) // count
    if size < MIN_SEGMENT:
        return _cannot_say(
            f"{count} segments of {size} samples are too short (below {MIN_SEGMENT}): a false-alarm probability of"
            f" {false_alarm:g} needs records of {count * MIN_SEGMENT} samples, or more references"
        )
    edges = _edges(size)
    tables = [_describe(record, size, edges, ignore_level) for record in records]
    return _judge(tables[0], tables[1:], _names(records[0].shape[0], edges, rate_hz / size, ignore_level), false_alarm)


def _judge(record: Array, references: list[Array], names: list[Name], alpha: float) -> Comparison:
    pooled = np.vstack(references)
    centre, scale = _centre(pooled)
    score, beaten = _score(record, pooled, centre, scale)
    # Rüger: n/k times the k-th smallest of n dependent p values is one, here with k the half of them
    p = (1.0 + np.sort(beaten)) / (1.0 + pooled.shape[0])
    half = (p.size + 1) // 2
    p_value = min(1.0, float(p[half - 1]) * p.size / half)
    smallest = p.size / half / (1.0 + pooled.shape[0])
    among = []
    for k, held in enumerate(references if len(references) > 1 else []):
        others = np.vstack([reference for j, reference in enumerate(references) if j != k])
        among.append(_score(held, others, *_centre(others))[0])
    limit = _limit(np.array(among), alpha, record.shape[0])
    median = np.median(record, axis=0)
    bands = np.array([band_hz is not None for _, _, band_hz in names])
    distance = float(np.sqrt(np.mean((median - centre)[bands] ** 2)))
    outcome, reason = _verdict(p_value, alpha, score, limit, len(references))
    medians = np.array([np.median(reference, axis=0) for reference in references])
    between = medians.std(axis=0, ddof=1) if len(references) > 1 else np.zeros(median.size)
    apart = np.hypot(between, scale * (MEDIAN_NOISE / math.sqrt(record.shape[0])))
    changes = _evidence(median - centre, apart, names)
    return Comparison(outcome, score, limit, p_value, smallest, distance, tuple(among), changes, reason)


def _score(record: Array, references: Array, centre: Array, scale: Array) -> tuple[float, Array]:
    """Score of a record, and for each of its segments how many reference segments are at least as far off.

    The direction is learned from every other segment and used on those between, then the other way round: what it
    finds in its own noise does not help it.
    """
    own = np.clip((record - centre) / scale, -CLIP, CLIP)
    theirs = np.clip((references - centre) / scale, -CLIP, CLIP)
    beaten = np.empty(record.shape[0])
    off = 0.0
    for half in (0, 1):
        typical = np.median(own[half::2], axis=0)
        noise = 2.0 * MEDIAN_NOISE / math.sqrt(own[half::2].shape[0])
        direction = np.sign(typical) * np.maximum(np.abs(typical) - noise, 0.0)
        if not direction.any():
            direction = typical
        here = own[1 - half :: 2] @ direction
        there = theirs @ direction
        beaten[1 - half :: 2] = np.sum(there[None, :] >= here[:, None], axis=1)
        middle = float(np.median(there))
        spread = 1.4826 * float(np.median(np.abs(there - middle)))
        off += 0.5 * (float(np.median(here)) - middle) / max(spread, float(np.finfo(np.float64).tiny))
    return off, beaten


def _limit(among: Array, alpha: float, segments: int) -> float:
    """Give the score that one more reference would exceed with probability alpha: prediction bound of normal scores."""
    if among.size < ENOUGH:
        return float(among.max()) if among.size else -math.inf
    from scipy.special import stdtrit

    spread = max(float(among.std(ddof=1)), MEDIAN_NOISE / math.sqrt(segments))
    quantile = float(stdtrit(among.size - 1, 1.0 - alpha))
    return float(among.mean()) + quantile * spread * math.sqrt(1.0 + 1.0 / among.size)


def _verdict(
    p_value: float, alpha: float, score: float, limit: float, references: int
) -> tuple[Literal["same", "changed", "cannot say"], str]:
    far = score > limit
    if references >= ENOUGH and far:
        return "changed", f"score {score:.2f}, where another reference would stay below {limit:.2f}; p = {p_value:.2g}"
    if references < ENOUGH and far and p_value <= alpha:
        return "changed", f"p = {p_value:.2g}; how far healthy records differ cannot be known from {references}"
    if p_value <= alpha:
        why = f"segments differ (p = {p_value:.2g}), but so may healthy records: score {score:.2f} below {limit:.2f}"
        return "cannot say", why
    return "same", f"score {score:.2f}, with {limit:.2f} the limit; p = {p_value:.2g}"


def _describe(record: Array, size: int, edges: NDArray[np.int64], ignore_level: bool) -> Array:
    """Levels and features of each segment of each channel, in dB: float64[segments, channels x (bands + features)]."""
    channels = record.shape[0]
    count = record.shape[1] // size
    pieces = record[:, : count * size].reshape(channels, count, size)
    pieces = pieces - pieces.mean(axis=2, keepdims=True)
    power = np.abs(np.fft.rfft(pieces * hann(size), axis=2)) ** 2
    sums = np.add.reduceat(power, edges, axis=2)[:, :, :-1]
    features = time_features(pieces).as_dict()
    tiny = np.finfo(np.float64).tiny
    levels = 10.0 * np.log10(np.maximum(sums, tiny))
    rows = [20.0 * np.log10(np.maximum(features[name], tiny)) for name in _features(ignore_level)]
    if ignore_level:
        levels -= 10.0 * np.log10(np.maximum(sums.sum(axis=2, keepdims=True), tiny))
    table = np.concatenate([levels, np.stack(rows, axis=2)], axis=2)
    return np.ascontiguousarray(table.transpose(1, 0, 2).reshape(count, -1))


def _features(ignore_level: bool) -> tuple[str, ...]:
    return SHAPES if ignore_level else (*LEVELS, *SHAPES)


def _edges(size: int) -> NDArray[np.int64]:
    """First lines of the bands, and the first line after the last one; every band is at least 4 lines wide."""
    wanted = np.geomspace(8.0, TOP * size, BANDS + 1)
    edges = [8]
    for line in wanted[1:]:
        if line - edges[-1] >= 4.0:
            edges.append(int(line))
    return np.array(edges, dtype=np.int64)


def _names(channels: int, edges: NDArray[np.int64], df_hz: float, ignore_level: bool) -> list[Name]:
    names: list[Name] = []
    for channel in range(channels):
        names += [("band", channel, (float(a * df_hz), float(b * df_hz))) for a, b in itertools.pairwise(edges)]
        names += [(name, channel, None) for name in _features(ignore_level)]
    return names


def _centre(table: Array) -> tuple[Array, Array]:
    centre = np.median(table, axis=0)
    scale = 1.4826 * np.median(np.abs(table - centre), axis=0)  # MAD to standard deviation for normal scatter
    return centre, np.maximum(scale, SCALE_FLOOR_DB)


def _evidence(change: Array, apart: Array, names: list[Name]) -> tuple[Change, ...]:
    z = change / apart
    order = np.argsort(-np.abs(z))
    found = []
    for i in (int(i) for i in order if abs(z[i]) >= NOTABLE):
        name, channel, band_hz = names[i]
        # the table keeps 20 log10 of everything; kurtosis is a power already
        change_db = float(change[i]) * (0.5 if name == "kurtosis" else 1.0)
        found.append(Change(name, channel, band_hz, change_db, float(z[i])))
    return tuple(found)


def _lines(record: Array) -> Array:
    lines = np.atleast_2d(np.asarray(record, dtype=np.float64))
    if lines.ndim != 2:
        raise ValueError(f"a record has shape {lines.shape} and must be [n] or [channels, n]")
    return lines


def _flags(record: Array) -> tuple[str, ...]:
    if record.shape[1] == 0:
        return ("empty",)
    found: dict[str, None] = {}
    for line in record:
        missing = int(np.count_nonzero(np.isnan(line)))
        low, high = (-math.inf, math.inf) if missing else (float(line.min()), float(line.max()))
        found |= dict.fromkeys(signal_flags(line, nan_count=missing, low=low, high=high))
    return tuple(found)


def _cannot_say(reason: str) -> Comparison:
    return Comparison("cannot say", math.nan, math.nan, math.nan, math.nan, math.nan, (), (), reason)
