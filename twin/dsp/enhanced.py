"""Enhanced envelope spectrum: the cyclic coherence averaged over the carrier, with the odds that it is noise.

The squared envelope spectrum weighs carriers by their power, so the loudest source writes it. The coherence
counts every carrier alike: a faint resonance that a defect modulates is heard beside a loud one that it does not
(Antoni, Xin & Hamzaoui 2017, Mech. Syst. Signal Process. 92, 248-277; Abboud & Antoni 2017, ibid. 87, 229-258).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from twin.dsp.cyclic import CyclicCoherence, check_rate_of_false_alarm
from twin.dsp.kernels.comb import local_background

Array = NDArray[np.float64]

RAYLEIGH_SHAPE = math.pi / (4.0 - math.pi)
"""Squared mean over variance of a Rayleigh variate, the |coherence| of noise in one bin."""
_LOW = 0.1
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class EnvelopeLine:
    """The strongest place near a cyclic frequency.

    Parameters
    ----------
    alpha_hz : where it stands
    amplitude : mean |coherence| there, 0 … 1
    background : what noise shows there
    p_value : probability that noise shows as much somewhere in the stretch searched
    """

    alpha_hz: float
    amplitude: float
    background: float
    p_value: float


@dataclass(frozen=True, slots=True)
class EnhancedEnvelope:
    """Enhanced envelope spectrum of one record.

    Parameters
    ----------
    alpha_hz : float64[m]
    amplitude : float64[m], (weighted) mean over f of |coherence|
    background : float64[m], local median; noise fluctuates about it
    shape : how little it fluctuates: shape of the gamma law of amplitude/background, that of as many independent
        bins as were averaged or, where the record itself scatters more, what its quiet places show
    """

    alpha_hz: Array
    amplitude: Array
    background: Array
    shape: float

    def threshold(self, false_alarm: float) -> Array:
        """Amplitude that noise passes with the stated probability at each alpha.

        Raises
        ------
        ValueError
            If the rate is not between 0 and 1.
        """
        check_rate_of_false_alarm(false_alarm)
        return np.asarray(self.background * _gamma_ratio(self.shape, _NORMAL.inv_cdf(1.0 - false_alarm)))

    def line(self, alpha_hz: float, tolerance: float = 0.01) -> EnvelopeLine:
        """Look for a line within `tolerance` (relative) of a cyclic frequency; the odds count every place tried.

        Raises
        ------
        ValueError
            If the stretch is not inside the axis, or the tolerance is not in [0, 0.5).
        """
        if not 0.0 <= tolerance < 0.5:
            raise ValueError(f"tolerance = {tolerance:g} must be in [0, 0.5), such as 0.01 for 1 % of slip")
        step = float(self.alpha_hz[1] - self.alpha_hz[0])
        half = max(tolerance * alpha_hz, step)
        if not (step < alpha_hz - half and alpha_hz + half <= self.alpha_hz[-1]):
            raise ValueError(
                f"alpha_hz = {alpha_hz:g} ± {half:g} must lie within {step:g} … {self.alpha_hz[-1]:g} Hz;"
                " raise alpha_max_hz or give a longer record"
            )
        first = math.ceil((alpha_hz - half - self.alpha_hz[0]) / step)
        last = math.floor((alpha_hz + half - self.alpha_hz[0]) / step)
        at = first + int(np.argmax(self.amplitude[first : last + 1] / self.background[first : last + 1]))
        root = float(self.amplitude[at] / self.background[at]) ** (1.0 / 3.0)
        # Wilson-Hilferty read backwards
        centre = 1.0 - 1.0 / (9.0 * self.shape)
        once = _NORMAL.cdf(-(root - 1.0) * centre * 3.0 * math.sqrt(self.shape))
        p_value = -math.expm1((last - first + 1) * math.log1p(-min(once, 1.0 - 1e-16)))
        return EnvelopeLine(float(self.alpha_hz[at]), float(self.amplitude[at]), float(self.background[at]), p_value)


def enhanced_envelope(
    plane: CyclicCoherence, *, band_hz: tuple[float, float] | None = None, weights: Array | None = None
) -> EnhancedEnvelope:
    """Average |coherence| over the carrier frequency: over all of it, a band, or with weights (improved form).

    Parameters
    ----------
    plane : from `spectral_coherence`, with 64 or more evenly spaced cyclic frequencies
    band_hz : (low, high), average only there: the improved envelope spectrum of Abboud & Antoni 2017
    weights : float64[bins], 0 or more, such as `informative_weights`; together with band_hz they multiply

    Raises
    ------
    ValueError
        If no bin with power is left, the weights do not fit, or the axis of alpha is too short.
    """
    if plane.alpha_hz.size < 64:
        raise ValueError(
            f"the plane has {plane.alpha_hz.size} cyclic frequencies; 64 are needed to know what noise shows;"
            " take spectral_coherence with a higher alpha_max_hz or a longer record"
        )
    share: Array = np.ones(plane.freq_hz.size) if weights is None else np.array(weights, dtype=np.float64)
    if share.shape != plane.freq_hz.shape or not np.isfinite(share).all() or (share < 0.0).any():
        raise ValueError(f"weights must be float64[{plane.freq_hz.size}], finite, 0 or more")
    live = plane.density > 0.0
    share *= live
    if band_hz is not None:
        share *= (plane.freq_hz >= band_hz[0]) & (plane.freq_hz <= band_hz[1])
    total = float(share.sum())
    if total <= 0.0:
        raise ValueError(f"no bin with power and weight is left; the plane spans 0 … {plane.freq_hz[-1]:g} Hz")
    share /= total
    amplitude = share @ np.abs(plane.coherence)
    amplitude[0] = 0.0
    # relative to what stationary noise shows, so that the median is taken over something level
    noise = np.sqrt(0.25 * math.pi * plane.null_variance)
    relative = amplitude / noise
    level = _local_median(relative)
    bins = float(np.median(plane.independent_bins)) / live.sum() / float(np.dot(share, share))
    shape = min(RAYLEIGH_SHAPE * max(bins, 1.0), _observed_shape(relative[1:] / level[1:]))
    return EnhancedEnvelope(plane.alpha_hz, amplitude, level * noise, shape)


def informative_weights(plane: CyclicCoherence, *, false_alarm: float = 0.01) -> Array:
    """Weights float64[bins] by how far lines stand out along alpha in each bin, blind to where they stand.

    For noise |gamma|²/v is exponential, so its mean square is twice its squared mean; what is beyond that, and
    beyond what chance gives any bin with the stated probability, is the weight. All bins weigh alike when none
    stands out.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1.
    """
    check_rate_of_false_alarm(false_alarm)
    power = np.abs(plane.coherence[:, 1:]) ** 2 / plane.null_variance[1:]
    mean = power.mean(axis=1)
    live = mean > 0.0
    excess = np.zeros(mean.size)
    excess[live] = (power[live] ** 2).mean(axis=1) / mean[live] ** 2 / 2.0 - 1.0
    # alpha is sampled twice as finely as it is resolved: half the places are independent. The variance of
    # mean(e²)/mean(e)²/2 over n exponential variates is 1/n (delta method).
    spread = math.sqrt(2.0 / power.shape[1])
    limit = spread * _NORMAL.inv_cdf(1.0 - false_alarm / mean.size)
    return np.where(excess > limit, excess, 0.0) if (excess > limit).any() else live.astype(np.float64)


def _gamma_ratio(shape: float, z: float) -> float:
    """Quantile of a gamma law over its median, z the normal quantile (Wilson & Hilferty 1931)."""
    centre = 1.0 - 1.0 / (9.0 * shape)
    return (max(centre + z / (3.0 * math.sqrt(shape)), 0.0) / centre) ** 3


def _observed_shape(relative: Array) -> float:
    """Shape of the gamma law whose 10 % quantile over its median is that of the record: lines only add above."""
    low = float(np.quantile(relative, _LOW) / np.median(relative))
    drop = 1.0 - math.cbrt(max(low, 0.0))
    if drop <= 0.0:
        return math.inf
    z = -_NORMAL.inv_cdf(_LOW)
    # drop = z 3u/(9u² - 1), u = sqrt(shape)
    root = (3.0 * z + math.sqrt(9.0 * z * z + 36.0 * drop * drop)) / (18.0 * drop)
    return root * root


def _local_median(values: Array) -> Array:
    block = max(64, values.size // 8)
    medians, out = np.empty(2 + 2 * values.size // block), np.empty(values.size)
    local_background(values, min(block, values.size), np.empty(block), medians, out)
    return out
