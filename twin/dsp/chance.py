"""What chance reaches: decoy orders, and the probability that a score is no more than that.

Nothing of a machine repeats at the decoy orders, so the best scores found there are draws from what the same
search finds by chance, in the same spectra, with the same interference and the same choice among bands. A new
draw from the same population exceeds the mean of N draws by t standard deviations with the probability of
Student's t (the prediction interval of a normal sample). The decoys overlap, so far fewer than N of them are
independent; the degrees of freedom stand for those. What the tail promises is held against simulations
(`tests/twin/dsp/test_chance.py`, `docs/dsp/figures/evidence.py`).
"""

import math

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import FAMILIES, BearingGeometry

Array = NDArray[np.float64]

FREEDOM = 8.0
"""Degrees of freedom of the tail: the spread of some sixty decoys that overlap is known no better."""
LEAST_SPREAD_DB = 0.3
"""Spread below which decoys are not believed (all of them in silenced places)."""


def decoy_orders(bearing: BearingGeometry) -> Array:
    """Give base orders at which nothing repeats: off every family, its fractions, multiples and sidebands."""
    orders = bearing.orders()
    low, high = 0.6 * bearing.bpfo, 1.45 * bearing.bpfi
    taken = [orders[family] * factor for family in FAMILIES[:3] for factor in (1.0, 0.5, 2.0, 1 / 3, 1.5, 2 / 3)]
    taken += [bearing.bpfi + j for j in (-2, -1, 1, 2)] + [bearing.bpfo + j for j in (-1, 1)]
    return _free(np.exp(np.linspace(math.log(low), math.log(high), 121)), taken, 20)


def cage_decoys(bearing: BearingGeometry) -> Array:
    """Give base orders for the cage, whose lines crowd below the shaft's, where fewer places exist."""
    ftf = bearing.ftf
    taken = [ftf * factor for factor in (0.5, 1 / 3, 2 / 3, 0.75, 1.0, 4 / 3, 1.5, 2.0)]
    return _free(np.exp(np.linspace(math.log(0.55 * ftf), math.log(1.9 * ftf), 60)), taken, 10)


def _free(decoys: Array, taken: list[float], least: int) -> Array:
    gap = np.abs(decoys[:, None] / np.array(taken)[None, :] - 1.0).min(axis=1)
    free = decoys[gap > 0.025]
    return free if free.size >= least else decoys


def tail_probability(score: float, decoys: Array, *, soiled: bool = False) -> float:
    """Probability that chance reaches `score`, where it has reached `decoys`.

    Student's t prediction: P(T > (score - mean) / (s √(1 + 1/N))), and never less than the share of decoys
    that did reach it.

    Parameters
    ----------
    score : what is to be explained by chance
    decoys : float64[n], what chance reached
    soiled : damage is believed to be present, so that some decoys are lines of it and no chance. A few of them
        inflate the standard deviation but not the median absolute deviation (Rousseeuw & Croux 1993, J. Am.
        Stat. Assoc. 88, 1273, eq. 1.2 and 1.3); the tail is then the smaller of those by either pair, mean and
        standard deviation or median and 1.4826 MAD.
    """
    from scipy.special import stdtr

    distance = _standing(score, float(decoys.mean()), float(decoys.std(ddof=1)), decoys.size)
    if soiled:
        middle = float(np.median(decoys))
        spread = 1.4826 * float(np.median(np.abs(decoys - middle)))
        distance = max(distance, _standing(score, middle, spread, decoys.size))
    return max(float(stdtr(FREEDOM, -distance)), float(np.mean(decoys >= score)))


def _standing(score: float, middle: float, spread: float, count: int) -> float:
    return (score - middle) / (max(spread, LEAST_SPREAD_DB) * math.sqrt(1.0 + 1.0 / count))


def any_of(probability: float, trials: int) -> float:
    """Probability that the best of so many trials is as good by chance (Šidák 1967)."""
    return -math.expm1(trials * math.log1p(-min(probability, 1.0 - 1e-16)))
