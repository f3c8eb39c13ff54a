"""How much later one channel follows another, to a part of a sample."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.cross import Cross, cross_spectrum
from twin.dsp.density import channels

Array = NDArray[np.float64]

UPSAMPLING = 8
"""Points per sample at which the correlation is searched before the parabola."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Delay of y behind x.

    Parameters
    ----------
    delay_s : positive when y follows; NaN when the channels are not coherent: cannot say
    std_s : standard error of the phase slope; NaN with the delay
    coarse_s : what the correlation's peak alone says (GCC-PHAT), which the phase slope then refined
    bins : how many bins were coherent beyond chance at the false-alarm rate asked for and carried the estimate;
        fewer than chance gives once in 10 000 records are no evidence
    band_hz : lowest and highest of them
    """

    delay_s: float
    std_s: float
    coarse_s: float
    bins: int
    band_hz: tuple[float, float]


def gcc_phat(pair: Cross, false_alarm_rate: float = 1e-3) -> tuple[Array, Array]:
    """Generalised cross-correlation with phase transform (Knapp & Carter 1976 eq. 25) of one averaged pair.

    Parameters
    ----------
    pair : of one pair of channels
    false_alarm_rate : bins whose coherence chance reaches at this rate or more are left out: with all bins at
        equal weight, those that hold only noise would drown the others

    Returns
    -------
    lag_s, correlation : float64[lags] each, `UPSAMPLING` points a sample over ± half a segment; 1 at the peak
        when every bin agrees
    """
    if pair.density.ndim != 1:
        raise ValueError(f"one pair at a time; this holds {pair.density.shape[:-1]}")
    return _correlation(pair, _usable(pair, false_alarm_rate))


def delay(
    x: ArrayLike,
    y: ArrayLike,
    rate_hz: float,
    segment: int,
    *,
    band_hz: tuple[float, float] | None = None,
    false_alarm_rate: float = 1e-3,
) -> Delay:
    """Delay of y behind x: correlation peak first, then the slope of the phase once the peak is undone.

    Parameters
    ----------
    x, y : float64[n], any units; segments with a missing reading are left out
    rate_hz : sample rate
    segment : samples of the averaged segments; delays well below half of it are found
    band_hz : where to look; everywhere when None. One narrow band around a tone leaves the delay ambiguous by
        periods of the tone
    false_alarm_rate : of the coherence in one bin

    Raises
    ------
    ValueError
        As of `twin.dsp.cross.cross_spectrum`, or if x and y are not single channels, or the band is not rising.
    """
    left, right = channels(x), channels(y)
    if left.ndim != 1 or right.ndim != 1:
        raise ValueError(f"x {left.shape} and y {right.shape} must be single channels")
    if band_hz is not None and not 0.0 <= band_hz[0] < band_hz[1]:
        raise ValueError(f"band_hz = {band_hz} must be two rising frequencies")
    if left.size < 2 * segment:
        raise ValueError(f"segment = {segment} must be at most half the signal, {left.size}: coherence needs averages")
    coarse = sign = 0.0
    lag = 0
    pair, use = _coherent(left, right, rate_hz, segment, band_hz, false_alarm_rate)
    enough = _beyond_chance(false_alarm_rate * pair.freq_hz.size)
    # a second look at aligned channels: the coherence that a delay hides comes back
    for look in range(2):
        if int(use.sum()) < enough:
            return Delay(math.nan, math.nan, math.nan, int(use.sum()), (math.nan, math.nan))
        lags, curve = _correlation(pair, use)
        rest, sign = _peak(lags, curve)
        coarse = lag / rate_hz + rest
        if look == 0:
            lag = round(coarse * rate_hz)
            late, early = max(lag, 0), max(-lag, 0)
            size = left.size - abs(lag)
            pair, use = _coherent(
                left[early : early + size], right[late : late + size], rate_hz, segment, band_hz, false_alarm_rate
            )
    shift, std = _slope(pair, use, coarse - lag / rate_hz, sign)
    found = pair.freq_hz[use]
    return Delay(lag / rate_hz + shift, std, coarse, int(use.sum()), (float(found[0]), float(found[-1])))


def _coherent(
    x: Array, y: Array, rate_hz: float, segment: int, band_hz: tuple[float, float] | None, false_alarm_rate: float
) -> tuple[Cross, NDArray[np.bool_]]:
    """Spectra of a pair and the bins that may be used."""
    pair = cross_spectrum(x, y, rate_hz, segment)
    use = _usable(pair, false_alarm_rate)
    if band_hz is not None:
        use &= (pair.freq_hz >= band_hz[0]) & (pair.freq_hz <= band_hz[1])
    return pair, use


def _usable(pair: Cross, false_alarm_rate: float) -> NDArray[np.bool_]:
    use = pair.significant(false_alarm_rate) & (np.abs(pair.density) > 0.0)
    use[0] = False
    if pair.window.values.size % 2 == 0:
        use[-1] = False
    return use


def _beyond_chance(expected: float) -> int:
    """How many coherent bins chance gives once in 10 000 records, when it gives so many on average.

    Poisson's law for pairs of bins, since under a Hann window a bin rarely passes alone; at least 3.
    """
    term = tail = math.exp(-expected)
    count = 0
    while 1.0 - tail > 1e-4:
        count += 1
        term *= expected / count
        tail += term
    return max(2 * (count + 1), 3)


def _correlation(pair: Cross, use: NDArray[np.bool_]) -> tuple[Array, Array]:
    segment = pair.window.values.size
    phase = np.where(use, pair.density / np.where(use, np.abs(pair.density), 1.0), 0.0)
    length = UPSAMPLING * segment
    curve = np.fft.irfft(phase, length) * (length / (2.0 * max(int(use.sum()), 1)))
    lags = (np.arange(length) - length // 2) / (UPSAMPLING * segment * float(pair.freq_hz[1]))
    return np.asarray(lags, np.float64), np.fft.fftshift(curve)


def _peak(lags: Array, curve: Array) -> tuple[float, float]:
    """Place of the largest magnitude by a parabola through three points, and its sign (-1: polarity turned)."""
    size = np.abs(curve)
    k = min(max(int(np.argmax(size)), 1), size.size - 2)
    below, top, above = size[k - 1], size[k], size[k + 1]
    bend = below - 2.0 * top + above
    offset = 0.0 if bend >= 0.0 else 0.5 * (below - above) / bend
    return float(lags[k] + offset * (lags[1] - lags[0])), math.copysign(1.0, curve[k])


def _slope(pair: Cross, use: NDArray[np.bool_], near_s: float, sign: float) -> tuple[float, float]:
    """Delay near a first guess by weighted least squares of the phase, and its standard error.

    The phase of a bin scatters by (1-γ²)/(2γ²N) (Bendat & Piersol 2010 table 9.6), which gives the weights.
    """
    omega = 2.0 * np.pi * pair.freq_hz[use]
    phase = np.angle(sign * pair.density[use] * np.exp(1j * omega * near_s))
    seen = np.minimum(pair.coherence()[use], 1.0 - 1e-12)
    weight = seen / (1.0 - seen)
    total = float(weight @ omega**2)
    # Hann bins 1 and 2 apart correlate by 2/3 and 1/6: that many bins count as one
    together = 1.0 + 2.0 * (4.0 / 9.0 + 1.0 / 36.0)
    std = math.sqrt(together / (2.0 * float(pair.effective_averages) * total))
    return near_s - float(weight @ (omega * phase)) / total, std
