"""A small classifier: logistic regression on standardised features, fitted by Newton steps. Two classes."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RIDGE = 1.0
"""Penalty on the square of the weights, in records: chosen once, a round number."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """The boundary: weights of standardised features float64[k], and what standardises them."""

    mean: Array
    std: Array
    weights: Array
    bias: float

    @classmethod
    def fit(cls, x: Array, positive: NDArray[np.bool_], ridge: float = RIDGE) -> Self:
        """Fit to x : float64[n, k]; both classes weigh the same, however many records they have.

        Raises
        ------
        ValueError
            If a class has no record.
        """
        count = int(positive.sum())
        if count in (0, positive.size):
            raise ValueError(f"{count} of {positive.size} records are of one class: nothing to tell apart")
        mean, std = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
        a = np.column_stack([(x - mean) / std, np.ones(len(x))])
        share = np.where(positive, 0.5 * positive.size / count, 0.5 * positive.size / (positive.size - count))
        penalty = np.diag([*np.full(x.shape[1], ridge), 1e-9])
        w = np.zeros(a.shape[1])
        for _ in range(50):
            p = 1.0 / (1.0 + np.exp(-np.clip(a @ w, -40.0, 40.0)))
            gradient = a.T @ (share * (p - positive)) + penalty @ w
            curvature = (a * (share * p * (1.0 - p))[:, None]).T @ a + penalty
            step = np.linalg.solve(curvature, gradient)
            w = w - step
            if np.abs(step).max() < 1e-9:
                break
        return cls(mean, std, w[:-1], float(w[-1]))

    def probability(self, x: Array) -> Array:
        """Give the probability of the positive class, float64[n]."""
        z = ((x - self.mean) / self.std) @ self.weights + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -40.0, 40.0))))


def wilson(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson 1927)."""
    if count == 0:
        return 0.0, 1.0
    share = right / count
    middle = share + z * z / (2.0 * count)
    half = z * math.sqrt(share * (1.0 - share) / count + z * z / (4.0 * count * count))
    scale = 1.0 + z * z / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
