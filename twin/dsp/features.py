"""Time-domain features of a window or a stream: level, peaks, shape and crossings, in one pass.

Which samples count: every finite or infinite one. NaN means "no reading": it is counted in `nan_count` and never
averaged. An infinity is a reading nobody can average: the mean and what stands on it are NaN then, the peak is inf.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.kernels.features import (
    STATE,
    VALUES,
    features_batch,
    features_merge,
    features_settle,
    features_update,
    features_values,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimeFeatures:
    """Features of one or many windows, each float64[...] (0-dimensional for a single window).

    Every field is NaN where it means nothing: all of them without readings; `crest`, `shape`, `impulse` and
    `clearance` for silence; `skewness` and `kurtosis` for a constant.

    Parameters
    ----------
    count, nan_count : readings, and samples that were none
    mean, std, rms, peak, peak_to_peak : unit of the samples; std of the population, rms about zero, peak = max |x|
    crest : peak / rms; √2 for a sine
    skewness, kurtosis : standardised central moments, population form; kurtosis is 3 for normal noise, 1.5 for a sine
    shape : rms / mean |x|; π/(2√2) = 1.1107 for a sine
    impulse : peak / mean |x|
    clearance : peak / (mean √|x|)²
    crossings : how often the signal passed the level. A reading at or above the level is on the upper side, one below
        it on the lower; each change of side between a reading and the next one is a crossing. Missing readings are
        skipped: the side before the gap is compared with the side after it.
    crossings_per_s : crossings over the time spanned by all samples, missing ones too; NaN without a rate
    """

    count: Array
    nan_count: Array
    mean: Array
    std: Array
    rms: Array
    peak: Array
    peak_to_peak: Array
    crest: Array
    skewness: Array
    kurtosis: Array
    shape: Array
    impulse: Array
    clearance: Array
    crossings: Array
    crossings_per_s: Array

    def as_dict(self) -> dict[str, Array]:
        """Give name → value, in the order of the fields."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def time_features(x: ArrayLike, rate_hz: float | None = None, level: float = 0.0) -> TimeFeatures:
    """Compute the features of each window of x : [..., n], over its last axis.

    Parameters
    ----------
    x : samples in any unit; converted to float64
    rate_hz : sample rate, needed only for `crossings_per_s`
    level : what `crossings` counts passages of, in the unit of x; 0 suits a signal without offset

    Raises
    ------
    ValueError
        If x has no axis of samples, or the rate is not positive and finite, or the level is not finite.

    Notes
    -----
    An empty window gives NaN features and a count of 0, not an error: a stream has windows without readings.
    Definitions after Randall, Vibration-based Condition Monitoring (2021), §2; clearance factor after Lei et al.,
    Mech. Syst. Signal Process. 21 (2007) 2280, table 1. Method: Chan, Golub & LeVeque 1983 and Pébay SAND2008-6212.
    """
    samples = np.ascontiguousarray(x, dtype=np.float64)
    if np.ndim(x) == 0:
        raise ValueError("x has no axis of samples: it must be an array [n] or [..., n], not a single number")
    _check(rate_hz, level)
    shape = samples.shape[:-1]
    rows = math.prod(shape)
    state = np.empty((rows, STATE))
    _clear(state)
    with np.errstate(invalid="ignore"):
        features_batch(samples.reshape(rows, samples.shape[-1]), level, state)
    return _features(state.reshape(*shape, STATE), rate_hz)


class FeatureStream:
    """Features of a signal that arrives in blocks. Any split of the samples gives the same bits.

    Parameters
    ----------
    level : what crossings are counted of, in the unit of the samples

    Raises
    ------
    ValueError
        If the level is not finite.
    """

    __slots__ = ("_copy", "_other", "_state", "level")

    def __init__(self, level: float = 0.0) -> None:
        _check(None, level)
        self.level = level
        self._state: Array = np.empty(STATE)
        self._copy: Array = np.empty(STATE)
        self._other: Array = np.empty(STATE)
        self.reset()

    def reset(self) -> None:
        """Start again with no samples."""
        _clear(self._state)

    def update(self, x: Array) -> None:
        """Add samples x : float64[n] (another type is converted, which costs a copy).

        Raises
        ------
        ValueError
            If x is not one line of samples.
        """
        samples = np.ascontiguousarray(x, dtype=np.float64)
        if np.ndim(x) != 1:
            raise ValueError(f"x has shape {np.shape(x)} and must be one line of samples, [n]")
        with np.errstate(invalid="ignore"):
            features_update(samples, self.level, self._state)

    def merge(self, other: "FeatureStream") -> None:
        """Add what another stream has seen *after* this one: as one pass over both, to rounding (1e-12).

        Raises
        ------
        ValueError
            If the two counted crossings of different levels.
        """
        if other.level != self.level:
            raise ValueError(f"levels {self.level:g} and {other.level:g} differ: their crossings cannot be added")
        self._other[:] = other._state  # noqa: SLF001 - the same class
        with np.errstate(invalid="ignore"):
            features_settle(self._other)
            features_settle(self._state)
            features_merge(self._state, self._other)

    def features(self, rate_hz: float | None = None) -> TimeFeatures:
        """Give the features of everything seen so far; looking changes nothing."""
        _check(rate_hz, self.level)
        self._copy[:] = self._state
        with np.errstate(invalid="ignore"):
            features_settle(self._copy)
        return _features(self._copy, rate_hz)


def _clear(state: Array) -> None:
    state[...] = 0.0
    state[..., 5] = math.inf
    state[..., 6] = -math.inf


def _check(rate_hz: float | None, level: float) -> None:
    if rate_hz is not None and not (0.0 < rate_hz < math.inf):
        raise ValueError(f"rate_hz = {rate_hz} must be positive and finite: samples per second")
    if not math.isfinite(level):
        raise ValueError(f"level = {level} must be finite: the value whose passages are counted")


def _features(state: Array, rate_hz: float | None) -> TimeFeatures:
    """Name what settled states : float64[..., 29] hold."""
    values = np.empty((*state.shape[:-1], len(VALUES)))
    features_values(state.reshape(-1, STATE), values.reshape(-1, len(VALUES)))
    count, missing, crossings = state[..., 0].copy(), state[..., 7].copy(), state[..., 10].copy()
    per_s = np.full(count.shape, np.nan)
    if rate_hz is not None:
        np.divide(crossings * rate_hz, count + missing, out=per_s, where=count > 0.0)
    named = {name: values[..., k] for k, name in enumerate(VALUES)}
    return TimeFeatures(count=count, nan_count=missing, crossings=crossings, crossings_per_s=per_s, **named)
