"""Windows as sums of cosines, with the numbers by which their spectra are read."""

import difflib
import functools
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

COSINES: dict[str, tuple[float, ...]] = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "blackman": (0.42, 0.5, 0.08),
    "blackman-harris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flat-top": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
"""w[i] = a0 - a1 cos(2πi/n) + a2 cos(4πi/n) - …: Harris 1978 table 1; flat top of D'Antona & Ferrero 2006."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window and what it does to a spectrum.

    Parameters
    ----------
    name : as given to `window`
    values : float64[n], periodic, read-only
    coherent_gain : mean of the values; a line's height is divided by it
    enbw_bins : equivalent noise bandwidth; a power spectrum is divided by it to be a density
    scalloping_db : what the highest bin of a line half way between two bins is too low, negative
    separation_bins : distance (6 dB width of the main lobe) from which two equal lines show two peaks
    """

    name: str
    values: Array = field(repr=False)
    coherent_gain: float
    enbw_bins: float
    scalloping_db: float
    separation_bins: float


@functools.lru_cache(maxsize=64)
def hann(n: int) -> Array:
    """Periodic Hann window float64[n], read-only: one array serves every caller."""
    values = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    values.flags.writeable = False
    return values


@functools.lru_cache(maxsize=64)
def window(name: str, n: int) -> Window:
    """Window of n values by name: rectangular, hann, blackman, blackman-harris or flat-top.

    Raises
    ------
    ValueError
        If the name is unknown (the nearest is offered) or n is below 1.
    """
    terms = cosines(name)
    if n < 1:
        raise ValueError(f"window length = {n} must be at least 1")
    if name == "hann":
        values = hann(n)
    else:
        angle = 2.0 * np.pi * np.arange(n) / n
        values = sum(((-1.0) ** k * a * np.cos(k * angle) for k, a in enumerate(terms)), np.zeros(n))
        values.flags.writeable = False
    gain = terms[0]
    return Window(
        name=name,
        values=values,
        coherent_gain=gain,
        enbw_bins=(gain**2 + 0.5 * sum(a * a for a in terms[1:])) / gain**2,
        scalloping_db=20.0 * math.log10(response(name, 0.5)),
        separation_bins=_separation(name),
    )


def cosines(name: str) -> tuple[float, ...]:
    """Coefficients of a window; a name close to a known one is answered with it."""
    if name not in COSINES:
        near = difflib.get_close_matches(name, COSINES, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(COSINES)}"
        raise ValueError(f"unknown window {name!r}{hint}")
    return COSINES[name]


def response(name: str, bins: float) -> float:
    """Height of a line's spectrum `bins` away from it, relative to its top (n large; Harris 1978 eq. 20)."""
    terms = cosines(name)
    total = terms[0] * np.sinc(bins)
    for k, a in enumerate(terms[1:], start=1):
        # seen from the middle of the window every cosine counts positive: two lines k bins to the sides
        total += 0.5 * a * (np.sinc(bins - k) + np.sinc(bins + k))
    return abs(float(total)) / terms[0]


@functools.lru_cache(maxsize=16)
def _separation(name: str) -> float:
    low, high = 0.0, float(len(cosines(name)))
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if response(name, middle) > 0.5 else (low, middle)
    return 2.0 * low


@functools.lru_cache(maxsize=64)
def overlap_correlation(name: str, n: int, hop: int) -> Array:
    """Correlation of the power of segments 1, 2, … hops apart, float64[lags] (Welch 1967 eq. 10)."""
    values = window(name, n).values
    # sums, not products of vectors: BLAS would wake its threads for them, which costs more where cores are busy
    total = float(np.sum(values**2))
    shared = [float(np.sum(values[lag:] * values[: n - lag])) / total for lag in range(hop, n, hop)]
    return np.array(shared) ** 2
