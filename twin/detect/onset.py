"""Onset of damage in a life of slow features (rms, peak, kurtosis, band rms of one snapshot after another).

How it decides, one reading after another and never looking ahead:

1. Every feature becomes a rise in decibels over its median in the first readings of the life, the *baseline*.
2. The features are fused by consensus: per sensor direction the lower median of rms, peak, kurtosis and strongest
   band, but never more than the rms itself; then the largest of the directions. Wear lifts energy and everything
   with it; a knock or an electrical burst lifts peak and kurtosis only, running-in lifts one band only, and both
   are outvoted.
3. The reference is the baseline's median of the fused rise and follows downwards only: running-in makes a machine
   quieter, and the quiet state is the one to compare with. A slow fault cannot pull it up.
4. The rise over the reference is whitened (AR(1) learned on the baseline) and put on a CUSUM that is tuned to
   half the smallest growth worth an alarm, with its limit from the run length asked for
   (:func:`twin.detect.charts.cusum_run_length`, Siegmund's approximation). One reading can fill at most a quarter
   of the limit, so that heavy tails do not alarm by themselves.
5. An alarm is raised when the sum is beyond its limit *and* the median of the last readings stands above half the
   growth: it must persist. It is retracted when the median of three times as many readings has gone back.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.detect.charts import CusumBank, Whitener, cusum_run_length

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]

AT_REST_DB = 20.0
"""An rms this far below its baseline is a machine that stands still: no reading."""
LEAST_H = 4.0


@dataclass(frozen=True, slots=True)
class OnsetSettings:
    """What an onset is, in this machine.

    Parameters
    ----------
    baseline : readings the baseline is learned from
    growth_db : smallest lasting growth of the fused rise worth an alarm; more is asked where the baseline is noisy.
        2 dB is the quarter that ISO 20816 calls a significant change
    growth_sigma : the growth is never smaller than this many σ of the baseline
    run_length : mean number of healthy readings to a false alarm of the CUSUM
    persistence : readings whose median must stand above half the growth
    """

    baseline: int = 100
    growth_db: float = 2.0
    growth_sigma: float = 6.0
    run_length: float = 1e6
    persistence: int = 20

    def __post_init__(self) -> None:
        if self.baseline < 20:
            raise ValueError(f"baseline = {self.baseline} readings must be 20 or more: its spread could not be told")
        if self.persistence < 1:
            raise ValueError(f"persistence = {self.persistence} readings must be 1 or more")
        if 3 * self.persistence > self.baseline:
            raise ValueError(
                f"persistence = {self.persistence} readings must be at most a third of the baseline of {self.baseline}"
            )
        for name in ("growth_db", "growth_sigma", "run_length"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ValueError(f"{name} = {value:g} must be positive and finite")


@dataclass(frozen=True, slots=True)
class Episode:
    """An alarm: readings are counted from 0; `retracted` is None while it stands.

    `began` is where the sum left zero for the last time, the most likely beginning of the change.
    """

    began: int
    alarmed: int
    retracted: int | None = None


@dataclass(frozen=True, slots=True)
class Onset:
    """What a life showed.

    Parameters
    ----------
    episodes : every alarm, in order
    rise_db : float64[n], fused rise over the reference; NaN where there was no reading
    growth_db : growth that was asked for, of this baseline
    sigma_db, phi : spread and lag-one correlation of the baseline's fused rise
    h : limit of the CUSUM in σ
    """

    episodes: tuple[Episode, ...]
    rise_db: Floats = field(repr=False)
    growth_db: float
    sigma_db: float
    phi: float
    h: float

    @property
    def standing(self) -> Episode | None:
        """The alarm that still stood at the last reading."""
        return self.episodes[-1] if self.episodes and self.episodes[-1].retracted is None else None

    @property
    def retracted(self) -> tuple[Episode, ...]:
        """Alarms that were taken back."""
        return tuple(episode for episode in self.episodes if episode.retracted is not None)


class OnsetDetector:
    """Takes one reading of every feature at a time.

    Parameters
    ----------
    names : feature names `<kind>` or `<kind>_<direction>` or `<kind>_<direction>_<band>`; kind is rms, peak or kurt
        (kurtosis, 3 when normal); an rms with a band is a band rms. Other names are ignored.
    settings : see `OnsetSettings`

    Raises
    ------
    ValueError
        If no direction has an rms.
    """

    def __init__(self, names: tuple[str, ...], settings: OnsetSettings | None = None) -> None:
        self.settings = settings or OnsetSettings()
        self.directions = _directions(names)
        self.names = names
        self.count = 0
        self.episodes: list[Episode] = []
        self.ready = False
        self.growth_db = self.sigma_db = self.h = math.nan
        self._early: list[Floats] = []
        self._middle: Floats = np.zeros(len(names))
        self._recent: deque[float] = deque(maxlen=self.settings.baseline)
        self._reference = 0.0
        self._whitener = Whitener(1)
        self._chart = CusumBank(1)

    @property
    def phi(self) -> float:
        """Lag-one correlation of the baseline."""
        return float(self._whitener.phi[0])

    def update(self, reading: Floats) -> float:
        """Take a reading float64[features], all positive, NaN where missing; return the rise over the reference [dB].

        NaN while the baseline is being learned, and for a reading without any rms or of a machine at rest.
        """
        index = self.count
        self.count += 1
        with np.errstate(divide="ignore", invalid="ignore"):
            level = 20.0 * np.log10(np.asarray(reading, dtype=np.float64))
        level[~np.isfinite(level)] = np.nan
        if not self.ready:
            self._learn(level)
            return math.nan
        fused = self._fuse(level - self._middle)
        if math.isnan(fused):
            return math.nan
        self._recent.append(fused)
        if len(self._recent) == self.settings.baseline and self._standing is None:
            self._reference = min(self._reference, float(np.median(self._recent)))
        rise = fused - self._reference
        self._judge(index, rise)
        return rise

    @property
    def _standing(self) -> Episode | None:
        return self.episodes[-1] if self.episodes and self.episodes[-1].retracted is None else None

    def _learn(self, level: Floats) -> None:
        if np.isnan(level).all():
            return
        self._early.append(level)
        if len(self._early) < self.settings.baseline:
            return
        early = np.array(self._early)
        self._early.clear()
        self._middle = np.array([_median(column) for column in early.T])
        fused = np.array([self._fuse(row - self._middle) for row in early])
        self._reference = _median(fused)
        if math.isnan(self._reference):
            return  # nothing usable so far: go on learning
        residual = fused - _line(fused)  # running-in is a trend, neither spread nor correlation
        self._whitener.learn(residual[:, None])
        self.sigma_db = max(1.4826 * _median(np.abs(residual)), 0.1)
        self._tune()
        self.ready = True

    def _tune(self) -> None:
        self.growth_db = max(self.settings.growth_db, self.settings.growth_sigma * self.sigma_db)
        phi = self.phi
        # A lasting shift of δ σ is δ·√((1−φ)/(1+φ)) in the innovations.
        k = 0.5 * self.growth_db / self.sigma_db * math.sqrt((1.0 - phi) / (1.0 + phi))
        # Beyond k = 3 the least limit lasts longer than any machine, and the closed form overflows.
        low, high = LEAST_H, 200.0
        while high - low > 0.01:
            middle = 0.5 * (low + high)
            # one side only: the two-sided run length counts twice
            if 2.0 * cusum_run_length(min(k, 3.0), middle) < self.settings.run_length:
                low = middle
            else:
                high = middle
        self.h = high
        self._chart = CusumBank(1, k, self.h)

    def _fuse(self, rise: Floats) -> float:
        best = math.nan
        for rms, others, bands in self.directions:
            if math.isnan(rise[rms]) or rise[rms] < -AT_REST_DB:
                continue
            values = [rise[rms], *(rise[i] for i in others if not math.isnan(rise[i]))]
            band = [rise[i] for i in bands if not math.isnan(rise[i])]
            if band:
                values.append(max(band))
            values.sort()
            agreed = min(rise[rms], values[(len(values) - 1) // 2])
            best = agreed if math.isnan(best) or agreed > best else best
        return float(best)

    def _judge(self, index: int, rise: float) -> None:
        settings = self.settings
        z = self._whitener.update(np.array([rise])) / self.sigma_db
        np.minimum(z, self._chart.k + 0.25 * self.h, out=z)
        self._chart.update(z)
        standing = self._standing
        above = [value - self._reference for value in self._recent]
        if standing is None:
            lately = above[-settings.persistence :]
            lasting = len(lately) == settings.persistence and float(np.median(lately)) > 0.5 * self.growth_db
            if lasting and self._chart.high[0] > self.h:
                self.episodes.append(Episode(max(index - int(self._chart.steps_up[0]) + 1, 0), index))
        elif (
            index - standing.alarmed >= 3 * settings.persistence
            and float(np.median(above[-3 * settings.persistence :])) < 0.25 * self.growth_db
        ):
            self.episodes[-1] = Episode(standing.began, standing.alarmed, index)
            self._chart.reset()


def find_onset(features: Mapping[str, Floats], settings: OnsetSettings | None = None) -> Onset:
    """Judge a whole life, reading after reading.

    Parameters
    ----------
    features : name (see `OnsetDetector`) → float64[n], n the same for all
    settings : see `OnsetSettings`

    Raises
    ------
    ValueError
        If lengths differ, no direction has an rms, or the life is not longer than its baseline.
    """
    names = tuple(features)
    lengths = {np.asarray(values).shape for values in features.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise ValueError(f"features must be one-dimensional and of one length, not of shapes {sorted(lengths)}")
    detector = OnsetDetector(names, settings)
    table = np.stack([np.asarray(features[name], dtype=np.float64) for name in names], axis=1)
    if table.shape[0] <= detector.settings.baseline:
        raise ValueError(
            f"{table.shape[0]} readings are no more than the baseline of {detector.settings.baseline};"
            " give a longer life or a shorter baseline"
        )
    rise = np.array([detector.update(row) for row in table])
    return Onset(tuple(detector.episodes), rise, detector.growth_db, detector.sigma_db, detector.phi, detector.h)


def _directions(names: tuple[str, ...]) -> list[tuple[int, list[int], list[int]]]:
    """Per direction: index of its rms, of its peak and kurtosis, and of its band rms."""
    rms: dict[str, int] = {}
    others: dict[str, list[int]] = {}
    bands: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        kind, _, rest = name.partition("_")
        direction, _, band = rest.partition("_")
        if kind == "rms" and not band:
            rms[direction] = i
        elif kind == "rms":
            bands.setdefault(direction, []).append(i)
        elif kind in ("peak", "kurt"):
            others.setdefault(direction, []).append(i)
    if not rms:
        raise ValueError(f"features {', '.join(names) or '(none)'} hold no rms; name one rms, rms_h, rms_v, …")
    return [(i, others.get(direction, []), bands.get(direction, [])) for direction, i in rms.items()]


def _line(values: Floats) -> Floats:
    """Straight line through the medians of the first and the last third (Tukey's resistant line)."""
    third = max(values.size // 3, 1)
    first, last = _median(values[:third]), _median(values[-third:])
    if math.isnan(first) or math.isnan(last):
        return np.full(values.size, _median(values))
    slope = (last - first) / max(values.size - third, 1)
    straight = slope * (np.arange(values.size) - 0.5 * (values.size - 1))
    return np.asarray(straight + _median(np.asarray(values - straight, dtype=np.float64)), dtype=np.float64)


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else math.nan
