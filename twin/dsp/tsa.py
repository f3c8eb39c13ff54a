"""Time synchronous averaging: what repeats with every turn of a shaft, and what is left without it.

Source: Braun 1975 (Acustica 32); McFadden 1987 (MSSP 1, 83-95) for the interpolation before averaging.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.dsp.angular import to_angle
from twin.dsp.kernels.tsa import synchronous_average

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Average:
    """One turn of a shaft, averaged.

    Parameters
    ----------
    values : float64[samples_per_rev], the mean at each angle, NaN where nothing was read
    turns : fewest readings that any angle got
    effective_averages : number of equal-weight turns with the same variance; noise that is not locked to this
        shaft falls to 1/√effective_averages of its rms
    asynchronous_rms : rms of what was averaged away, unit of the signal; NaN below two turns
    """

    values: Array = field(repr=False)
    turns: int
    effective_averages: float
    asynchronous_rms: float

    @property
    def residual_rms(self) -> float:
        """Rms of the asynchronous part that is still in `values`: asynchronous_rms / √effective_averages."""
        return self.asynchronous_rms / math.sqrt(self.effective_averages) if self.effective_averages > 0 else math.nan


class SynchronousAverage:
    """Averages a stream of samples at equal angles, turn over turn.

    Parameters
    ----------
    samples_per_rev : whole samples per turn; feed what `AngularResampler` gives at this number
    weight : 0 for the block mean of all turns; in (0, 1) the exponential mean with this weight of the newest turn
        (a block mean until 1/n falls below it), whose effective number of averages goes to 2/weight - 1
    """

    __slots__ = ("_place", "_sums", "samples_per_rev", "weight")

    def __init__(self, samples_per_rev: int, *, weight: float = 0.0) -> None:
        if samples_per_rev < 2:
            raise ValueError(f"samples_per_rev = {samples_per_rev} must be at least 2")
        if not 0.0 <= weight < 1.0:
            raise ValueError(f"weight = {weight} must be in [0, 1); 0 for the block mean")
        self.samples_per_rev, self.weight = samples_per_rev, weight
        self.reset()

    def reset(self) -> None:
        """Forget all turns; the next sample is at angle zero."""
        self._sums: Array = np.zeros((4, self.samples_per_rev))
        self._place = 0

    def update(self, x: Array) -> None:
        """Take the next samples x : float64[n] at equal angles, NaN for no reading; any split gives the same bits."""
        self._place = synchronous_average(np.array(x, dtype=np.float64), self._place, self.weight, self._sums)

    def average(self) -> Average:
        """Show the mean so far; `values` is a copy."""
        mean, square, seen, weights = self._sums
        turns = int(seen.min())
        values = np.where(seen > 0.0, mean, math.nan)
        if turns < 1:
            return Average(values, 0, 0.0, math.nan)
        share = float(np.mean(weights))
        # E[mean square - mean²] = variance·(1 - sum of squared weights)
        spread = float(np.mean(np.maximum(square - mean * mean, 0.0)))
        rms = math.sqrt(spread / (1.0 - share)) if turns >= 2 else math.nan
        return Average(values, turns, 1.0 / share, rms)


def time_synchronous_average(
    x: Array, revs: Array, samples_per_rev: int, *, ratio: float = 1.0, weight: float = 0.0
) -> Average:
    """Average a record over the turns of a shaft.

    Parameters
    ----------
    x : float64[n], any unit; NaN spreads to the angles within reach of the interpolation and is left out there
    revs : float64[n], angle [rev] of the reference shaft at each sample, whole numbers at its reference pulse
        (`tacho.shaft_phase`: the turn then begins at the pulse, to a fraction of a sample)
    samples_per_rev : samples per turn of the averaged shaft
    ratio : turns of the averaged shaft per turn of the reference
    weight : see `SynchronousAverage`

    Raises
    ------
    ValueError
        If fewer than two whole turns lie in the record, or the angle is not finite or falls.
    """
    if not (math.isfinite(ratio) and ratio > 0.0):
        raise ValueError(f"ratio = {ratio} must be positive; turns of the averaged shaft per turn of the reference")
    angle = np.asarray(revs, dtype=np.float64) * ratio
    whole_turns = math.floor(angle[-1]) - math.ceil(angle[0]) if angle.size and np.all(np.isfinite(angle)) else 2
    if angle.size < 2 or whole_turns < 2:
        raise ValueError(
            f"the record holds {max(whole_turns, 0) if angle.size else 0} whole turns of the shaft; "
            "averaging needs two or more"
        )
    sampled = to_angle(x, angle, samples_per_rev)
    # the first output lies at the first multiple of 1/samples_per_rev: skip to the start of a turn
    skip = -math.ceil(float(angle[0]) * samples_per_rev) % samples_per_rev
    whole = (sampled.size - skip) // samples_per_rev * samples_per_rev
    averager = SynchronousAverage(samples_per_rev, weight=weight)
    averager.update(sampled[skip : skip + whole])
    return averager.average()


def remove_synchronous(x: Array, average: Average, *, first: int = 0) -> Array:
    """Take the averaged turn off every turn of x : float64[n], sampled at the same equal angles.

    `first` is the place in the turn of x[0]. Of n turns averaged, the remainder lacks 1/n of its own asynchronous
    power, which is in the average.
    """
    x = np.asarray(x, dtype=np.float64)
    return np.asarray(x - np.take(average.values, np.arange(first, first + x.size), mode="wrap"))
