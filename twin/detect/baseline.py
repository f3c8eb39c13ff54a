"""Commissioning: how far this machine stands from its data sheet while it is known to be healthy.

Per relation the healthy residual is modelled as β0 + β1·(q² − 0.9) + β2·(n − 1), q and n being relative flow and speed,
by Bayesian linear regression: the prior on β is as wide as sensor class and data-sheet tolerance allow, learning
narrows it where the machine has run. The prediction therefore widens again by itself away from the learned region,
and a correction is never larger than ±3 % of the relation's span. Learning happens in cells of (speed, flow);
each cell is learned once, for a limited time, and then frozen, so that a slow fault cannot be learned away.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BOUND_OF_SPAN = 0.03
SPEED_CELL = 0.06
FLOW_CELL = 0.12
PRIOR_SHARES = (1.0, 0.7, 0.7)
"""Prior σ of level, flow dependence and speed dependence, in tolerances."""


@dataclass(slots=True)
class Cell:
    """One learned operating region: relative speed, relative flow, seconds of learning spent."""

    speed: float
    flow: float
    frames: int = 0


@dataclass(slots=True)
class Baseline:
    """Healthy offsets of m relations and what is not known about them.

    Parameters
    ----------
    spans, tolerances, noise
        float64[m], in each relation's unit: full scale, prior σ of the healthy offset, σ of one frame's noise.
    frames_first, frames_next
        Frames spent on the first operating cell (commissioning) and on each later one.
    """

    spans: Floats
    tolerances: Floats
    noise: Floats
    frames_first: int = 40
    frames_next: int = 12
    cells: list[Cell] = field(default_factory=list)
    mean: Floats = field(init=False)
    covariance: Floats = field(init=False)

    def __post_init__(self) -> None:
        m = self.spans.shape[0]
        self.mean = np.zeros((m, 3))
        self.covariance = np.zeros((m, 3, 3))
        for i, share in enumerate(PRIOR_SHARES):
            self.covariance[:, i, i] = (share * self.tolerances) ** 2

    @property
    def commissioned(self) -> bool:
        """Whether the first cell has been learned in full."""
        return bool(self.cells) and self.cells[0].frames >= self.frames_first

    def cell(self, speed: float, flow: float) -> Cell | None:
        """Return the learned cell this operating point lies in, if any."""
        return next(
            (c for c in self.cells if abs(c.speed - speed) < SPEED_CELL and abs(c.flow - flow) < FLOW_CELL),
            None,
        )

    def open_for(self, speed: float, flow: float) -> bool:
        """Whether this operating point may still be learned."""
        known = self.cell(speed, flow)
        if known is None:
            return not self.cells or self.commissioned
        return known.frames < (self.frames_first if known is self.cells[0] else self.frames_next)

    def learn(self, residual: Floats, speed: float, flow: float) -> None:
        """Take one healthy frame's residuals float64[m] at relative speed and flow (NaN entries are left out)."""
        known = self.cell(speed, flow)
        if known is None:
            known = Cell(speed, flow)
            self.cells.append(known)
        known.frames += 1
        u = np.array([1.0, flow * flow - 0.9, speed - 1.0])
        for i in np.flatnonzero(~np.isnan(residual)):
            p = self.covariance[i]
            # A frame's systematic part repeats: 20 frames of one cell must not count as 20 proofs.
            variance = (3.0 * self.noise[i]) ** 2 + (0.05 * self.tolerances[i]) ** 2
            gain = p @ u / (u @ p @ u + variance)
            self.mean[i] += gain * (residual[i] - u @ self.mean[i])
            self.covariance[i] = p - np.outer(gain, u @ p)

    def predict(self, speed: float, flow: float) -> tuple[Floats, Floats]:
        """Return (healthy residual, its σ), float64[m] each, at relative speed and flow."""
        u = np.array([1.0, flow * flow - 0.9, speed - 1.0])
        bound = BOUND_OF_SPAN * self.spans
        expected = np.clip(self.mean @ u, -bound, bound)
        sigma = np.sqrt(np.einsum("i,mij,j->m", u, self.covariance, u))
        return expected, sigma
