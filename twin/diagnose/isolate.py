"""Which fault explains a vector of residuals: structured hypotheses, generalised least squares, honest doubt.

Each hypothesis is a direction d in residual space: what one unit of that fault would add to every relation here
and now (finite differences of the twin's own models). For residuals r with covariance Σ, amplitudes a of the set of
faults F minimise (r − D a)ᵀ Σ⁻¹ (r − D a). A hypothesis is kept when what remains is typical of a healthy machine;
hypotheses within odds of ten of the best form the ambiguous set; when none fits, the honest answer is "unknown".

A sensor fault breaks only the relations that contain the sensor; a process fault only those that contain the part.
Two hypotheses with parallel directions cannot be told apart at this operating point, whatever the data.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ODDS_OF_TEN = 2.0 * math.log(10.0)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One possible fault.

    Parameters
    ----------
    name
        ``role`` of a sensor, or a process fault's name.
    direction
        float64[m]: residual change per unit of amplitude.
    low, high
        Amplitudes that are physically possible, in the hypothesis' own unit.
    prior
        −2 log of prior odds: larger is less likely.
    minimum
        A fault is not named before its amplitude has passed this.
    """

    name: str
    direction: Floats
    low: float
    high: float
    prior: float = 0.0
    minimum: float = 0.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A set of hypotheses with the amplitudes that explain the residuals best.

    `rest` is the χ² that remains on `freedom` degrees, `cost` includes the priors.
    """

    names: tuple[str, ...]
    amplitudes: tuple[float, ...]
    rest: float
    freedom: int
    cost: float

    @property
    def typical(self) -> bool:
        """Whether what remains could be a healthy machine.

        σ are limits of systematic error rather than noise, so healthy remainders lie far below their degrees of
        freedom; the 84 % point of χ² is ample.
        """
        return self.rest <= chi2_limit(max(1, self.freedom), 1.0)


def chi2_limit(freedom: int, normal: float) -> float:
    """Wilson-Hilferty: χ² value with `freedom` degrees at a one-sided standard normal deviate."""
    k = 2.0 / (9.0 * freedom)
    return float(freedom * (1.0 - k + normal * math.sqrt(k)) ** 3)


def explain(r: Floats, sigma: Floats, chosen: tuple[Hypothesis, ...]) -> Explanation:
    """Fit the amplitudes of `chosen` to residuals r float64[m] with standard deviations sigma float64[m]."""
    seen = ~np.isnan(r) & (sigma > 0.0)
    y = r[seen] / sigma[seen]
    m = int(seen.sum())
    if not chosen:
        rest = float(y @ y)
        return Explanation((), (), rest, m, rest)
    design = np.stack([h.direction[seen] / sigma[seen] for h in chosen], axis=1)
    low, high = np.array([h.low for h in chosen]), np.array([h.high for h in chosen])
    amplitudes = np.linalg.lstsq(design, y, rcond=None)[0]
    for _ in range(len(chosen)):  # active-set sweep for the bounds; exact for one, good for two or three
        outside = (amplitudes < low) | (amplitudes > high)
        if not outside.any():
            break
        amplitudes = np.clip(amplitudes, low, high)
        free = ~outside
        if free.any():
            left = y - design[:, outside] @ amplitudes[outside]
            amplitudes[free] = np.linalg.lstsq(design[:, free], left, rcond=None)[0]
    amplitudes = np.clip(amplitudes, low, high)
    error = y - design @ amplitudes
    rest = float(error @ error)
    # Each further fault must pay for itself: the price of one more free amplitude (BIC) and its prior.
    price = sum(h.prior for h in chosen) + len(chosen) * math.log(max(2, m)) + 8.0 * max(0, len(chosen) - 1)
    return Explanation(
        tuple(h.name for h in chosen),
        tuple(float(a) for a in amplitudes),
        rest,
        m - len(chosen),
        rest + price,
    )


@dataclass(frozen=True, slots=True)
class Isolation:
    """The outcome of a search: the best explanation, its rivals and its posterior share."""

    best: Explanation | None
    rivals: tuple[Explanation, ...]
    share: float


def isolate(
    r: Floats, sigma: Floats, hypotheses: tuple[Hypothesis, ...], known: tuple[str, ...] = (), most: int = 2
) -> Isolation:
    """Search for the set of faults that explains r, keeping those already `known`.

    Up to `most` new faults are added, fewer first. Returns no best explanation when nothing fits (unknown).
    """
    by_name = {h.name: h for h in hypotheses}
    base = tuple(by_name[name] for name in known if name in by_name)
    others = [h for h in hypotheses if h.name not in known and np.any(np.abs(h.direction) > 0.0)]
    for count in range(1, most + 1):
        found: list[Explanation] = []
        for extra in itertools.combinations(others, count):
            candidate = explain(r, sigma, base + extra)
            if candidate.typical:
                found.append(candidate)
        if found:
            found.sort(key=lambda e: (e.cost, e.names))
            best = found[0]
            rivals = tuple(e for e in found[1:] if e.cost - best.cost < ODDS_OF_TEN)
            weight = sum(math.exp(-0.5 * (e.cost - best.cost)) for e in found)
            return Isolation(best, rivals, 1.0 / weight)
    return Isolation(None, (), 0.0)
