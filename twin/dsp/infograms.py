"""Infogram: negentropy of the squared envelope and of its spectrum in every node of the kurtogram's tree.

Negentropy in time finds bursts as kurtosis does, and a lone blow wins it, too. Negentropy in frequency finds
periodic envelopes; a hum wins it, and so does a blow strong enough to fill the spectrum. Their average asks for
both (Antoni 2016). `bands.choose_band` asks for repetition off the shaft's and the mains' pace.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.dsp.envelope import Band

Array = NDArray[np.float64]
Kind = Literal["envelope", "spectrum", "average"]

GAUSSIAN = 1.0 - 0.5772156649015329
"""Both negentropies of stationary Gaussian noise: <r ln r> = 1 - γ for an exponential r."""
DEFAULT_LEVELS = 6
LEAST = 64


@dataclass(frozen=True, slots=True)
class Infogram:
    """Negentropies of the nodes of a 1/3-binary tree.

    Parameters
    ----------
    envelope, spectrum : one float64[bands] per row (whole band, halves, thirds, quarters, sixths, …): <r ln r>
        of the squared envelope r, and of the squared magnitude r of its spectrum, both over their mean;
        0.42 for stationary noise, 0 for a constant; NaN without energy
    rate_hz : sample rate
    """

    envelope: tuple[Array, ...]
    spectrum: tuple[Array, ...]
    rate_hz: float

    @property
    def average(self) -> tuple[Array, ...]:
        """Mean of both."""
        return tuple(0.5 * (a + b) for a, b in zip(self.envelope, self.spectrum, strict=True))

    @property
    def levels(self) -> tuple[float, ...]:
        """Level of each row: log2 of the number of its bands."""
        return tuple(math.log2(row.size) for row in self.envelope)

    def rows(self, kind: Kind = "average") -> tuple[Array, ...]:
        """One of the three infograms."""
        if kind not in ("envelope", "spectrum", "average"):
            raise ValueError(f"kind = {kind!r} must be 'envelope', 'spectrum' or 'average'")
        rows: tuple[Array, ...] = getattr(self, kind)
        return rows

    def best(self, kind: Kind = "average") -> tuple[Band, float, float]:
        """Band, level and value of the largest negentropy.

        Raises
        ------
        ValueError
            If no band holds energy, or there is no such kind.
        """
        rows = self.rows(kind)
        tops = [float(np.max(row, initial=-math.inf, where=~np.isnan(row))) for row in rows]
        row = int(np.argmax(tops))
        if not math.isfinite(tops[row]):
            raise ValueError("infogram of a constant signal: no band holds energy, so none can be best")
        index = int(np.nanargmax(rows[row]))
        width = 0.5 * self.rate_hz / rows[row].size
        return Band(index * width, (index + 1) * width), self.levels[row], tops[row]


def infogram(x: Array, rate_hz: float, levels: int | None = None) -> Infogram:
    """Infogram of a record (Antoni 2016, eqs. 13-15 and 19), mean removed.

    Bands are slices of the spectrum with sharp edges, at a rate that equals their width: the same nodes as the
    kurtogram's, without the overlap of its short filters. The record is cut at its end (by less than a tenth)
    so that every node has an equal number of bins.

    Parameters
    ----------
    x : float64[n], any unit, without NaN
    rate_hz : sample rate
    levels : how often bands are halved; when None 6, or as many as leave 64 values to a node

    Raises
    ------
    ValueError
        If x is not one finite record, the rate is not positive, or the record is too short for the levels.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"x of shape {x.shape} must be one record that is not empty")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"rate_hz = {rate_hz} must be positive and finite")
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinite values; cut the gaps out or fill them first")
    room = int(math.log2(max(x.size // (2 * LEAST), 1)))
    levels = min(DEFAULT_LEVELS, room) if levels is None else levels
    if not 1 <= levels <= room:
        raise ValueError(
            f"levels = {levels} with {x.size} samples: must be 1 … {room}, so that the narrowest bands"
            f" keep {LEAST} values"
        )
    unit = 6 * 2**levels
    bins = _round_below(x.size // unit) * unit // 2
    spectrum = np.fft.rfft(x[: 2 * bins] - x[: 2 * bins].mean())[:bins]
    parts = sorted([2**k for k in range(levels + 1)] + [3 * 2**k for k in range(levels - 1)])
    both = [_negentropies(np.fft.ifft(spectrum.reshape(count, -1), axis=-1)) for count in parts]
    return Infogram(tuple(pair[0] for pair in both), tuple(pair[1] for pair in both), rate_hz)


def _negentropies(analytic: NDArray[np.complex128]) -> tuple[Array, Array]:
    squared = analytic.real**2 + analytic.imag**2
    line = np.fft.rfft(squared, axis=-1)[:, 1 : (squared.shape[-1] + 1) // 2]
    return _negentropy(squared), _negentropy(line.real**2 + line.imag**2)


def _negentropy(values: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = values / values.mean(axis=-1, keepdims=True)
        # r ln r goes to 0 with r
        return np.asarray((ratio * np.log(np.where(ratio > 0.0, ratio, 1.0))).mean(axis=-1))


def _round_below(n: int) -> int:
    """Largest number not above n with no prime factor above 5."""
    while True:
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n -= 1
