"""Cyclic spectral coherence: how closely the spectrum at f repeats itself at f - alpha.

A part that is struck at the rate alpha makes X(f) and X(f - alpha) swing together, however random the strikes'
carrier is. Two estimators: the averaged cyclic periodogram for a few cyclic frequencies, and the fast spectral
correlation for the whole plane. Both take E[X(f) X(f - alpha)*], time zero at the first sample.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.cyclic import scanning_products
from twin.dsp.separation import effective_averages, random_part
from twin.dsp.spectrum import fast_length, hann

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

BLOW = 2.0
"""How many times the usual maximum of a period a frame's energy may reach."""


@dataclass(frozen=True, slots=True)
class CyclicCoherence:
    """Cyclic spectra of one record.

    Parameters
    ----------
    freq_hz : float64[bins], the upper of the two frequencies compared
    alpha_hz : float64[m], cyclic frequencies
    coherence : complex128[bins, m]; |coherence|² is near 1 where the carrier at f is wholly modulated. 0 in bins
        that hold no power. At alpha = 0 the fast form says 0 (the mean is taken out), the periodogram 1.
    density : float64[bins], power density of the analysed signal [unit²/Hz]
    null_variance : float64[m], expected |coherence|² of stationary Gaussian noise
    independent_bins : float64[m], how many bins of a mean over all f count as independent
    """

    freq_hz: Array
    alpha_hz: Array
    coherence: Complex
    density: Array
    null_variance: Array
    independent_bins: Array

    def threshold(self, false_alarm: float) -> Array:
        """Limit on |coherence|² that noise passes with the stated probability, per f, for each alpha.

        2 |gamma|²/v is chi-squared with 2 degrees of freedom for stationary noise, v its mean, so the limit is
        -v ln(false_alarm) (Antoni 2007, Mech. Syst. Signal Process. 21, 597-630). For m places searched at once
        divide the rate by m.

        Raises
        ------
        ValueError
            If the rate is not between 0 and 1.
        """
        check_rate_of_false_alarm(false_alarm)
        return np.asarray(-math.log(false_alarm) * self.null_variance)

    @property
    def correlation(self) -> Complex:
        """Cyclic spectral density complex128[bins, m] [unit²/Hz]: the coherence with the powers put back."""
        step = self.freq_hz[1] - self.freq_hz[0]
        lower = np.abs(self.freq_hz[:, None] - self.alpha_hz)
        # symmetric at 0 and at half the rate, as the spectrum of a real signal is
        other = np.interp(lower, np.arange(self.density.size) * step, self.density)
        return np.asarray(self.coherence * np.sqrt(self.density[:, None] * other))


def cyclic_periodogram(
    x: Array, rate_hz: float, alpha_hz: Array, segment: int = 256, *, overlap: float = 0.75, remove_lines: bool = False
) -> CyclicCoherence:
    """Averaged cyclic periodogram at chosen cyclic frequencies (Antoni 2007, Hann windows).

    The cyclic resolution is that of the whole record, rate/n; the spectral resolution is about rate/segment.
    With less than 3/4 overlap the squared window lets stationary noise through at alpha = rate/hop and makes
    it look modulated (Antoni 2007 on cyclic leakage).

    Parameters
    ----------
    x : float64[n]
    rate_hz : sample rate
    alpha_hz : float64[m], positive, below half the rate, and at least two resolutions, 2 rate/n
    segment : frame length, an even number of samples, long against the ringing, short against 1/alpha or not:
        alpha is resolved by the record, not by the segment
    overlap : share of a frame that the next one repeats
    remove_lines : analyse the random part only (`separation.random_part`)

    Raises
    ------
    ValueError
        If the record is constant, too short for 8 independent frames, holds NaN, or an alpha is out of range.
    """
    data = _checked(x, rate_hz, segment, remove_lines=remove_lines)
    alphas = np.atleast_1d(np.asarray(alpha_hz, dtype=np.float64))
    low, high = 2.0 * rate_hz / data.size, 0.5 * rate_hz
    if alphas.ndim != 1 or not alphas.size or not ((alphas >= low) & (alphas < high)).all():
        raise ValueError(
            f"alpha_hz must lie in [{low:g}, {high:g}) Hz for this record: two cyclic resolutions to half the rate"
        )
    if not 0.0 <= overlap < 1.0:
        raise ValueError(f"overlap = {overlap:g} must be in [0, 1); 0.75 is right for a Hann window")
    hop = max(1, round(segment * (1.0 - overlap)))
    window = hann(segment)
    bins = segment // 2 + 1
    count = (data.size - segment) // hop + 1
    averages = _enough(effective_averages(count, segment, hop), data.size, segment)
    upper: Complex = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(data, segment)[::hop] * window, axis=-1)
    power = np.sum(upper.real**2 + upper.imag**2, axis=0)
    live = _live(power)
    coherence: Complex = np.zeros((bins, alphas.size), dtype=np.complex128)
    time_s = np.arange(data.size) / rate_hz
    for m, alpha in enumerate(alphas):
        shifted = data * np.exp(2j * math.pi * alpha * time_s)
        frames = np.lib.stride_tricks.sliding_window_view(shifted, segment)[::hop] * window
        lower: Complex = np.fft.fft(frames, axis=-1)[:, :bins]
        cross = np.sum(upper * lower.conj(), axis=0)
        other = np.sum(lower.real**2 + lower.imag**2, axis=0)
        good = live & (other > 0.0)
        coherence[good, m] = cross[good] / np.sqrt(power[good] * other[good])
    density = _density(power / count, rate_hz, segment)
    # neighbouring bins under Hann: products correlate by (2/3)² one bin apart, by (1/6)² two apart
    independent = np.full(alphas.size, live.sum() / (1.0 + 2.0 * ((4 / 9) ** 2 + (1 / 36) ** 2)))
    freq_hz = np.arange(bins, dtype=np.float64) * (rate_hz / segment)
    return CyclicCoherence(freq_hz, alphas, coherence, density, np.full(alphas.size, 1.0 / averages), independent)


def spectral_coherence(
    x: Array,
    rate_hz: float,
    alpha_max_hz: float,
    segment: int = 256,
    *,
    blow_period_s: float | None = None,
    remove_lines: bool = False,
    revs: Array | None = None,
) -> CyclicCoherence:
    """Fast spectral coherence over the whole plane 0 … alpha_max.

    Antoni, Xin & Hamzaoui 2017, Mech. Syst. Signal Process. 92, 248-277, in the order of Borghesani &
    Antoni 2018, ibid. 111, 113-118: the frequency shifts are summed before the transform over time, so one
    transform per bin does for all shifts. Every bin is whitened first, which makes it the coherence.

    Parameters
    ----------
    x : float64[n]
    rate_hz : sample rate
    alpha_max_hz : highest cyclic frequency, 3 rate/segment … rate/8 (lower values cost no more precision: they are
        computed up to 3 rate/segment and cut)
    segment : frame length, a multiple of 4; rate/segment is the spectral resolution
    blow_period_s : given, frames more energetic than twice the usual maximum of so long a time are scaled down
        to it; a period of the slowest repetition of interest. A blow happens once, damage every period.
    remove_lines : analyse the random part only (`separation.random_part`)
    revs : float64[n], shaft angle of each sample [rev]; given when the speed moved. The carrier f stays in Hz, the
        cyclic frequency follows the shaft: alpha is the order times the mean speed. Phases then have no meaning.
        (Order-frequency spectral coherence: Abboud & Antoni 2017, Mech. Syst. Signal Process. 87, 229-258.)

    Returns
    -------
    CyclicCoherence
        alpha in steps of about half the cyclic resolution rate/n, so that no line falls between two

    Raises
    ------
    ValueError
        If the record is constant, too short, holds NaN, alpha_max_hz is out of range, or revs does not grow from
        sample to sample or is given together with remove_lines.
    """
    fastest = 1.0 if revs is None else _fastest(np.asarray(revs, dtype=np.float64), np.shape(x), segment)
    if revs is not None and remove_lines:
        raise ValueError("remove_lines needs steady lines; with revs take the lines out on the angle axis beforehand")
    data = _checked(x, rate_hz, segment, remove_lines=remove_lines)
    if segment % 4:
        raise ValueError(f"segment = {segment} must be a multiple of 4")
    if not 0.0 < alpha_max_hz * fastest <= rate_hz / 8.0:
        raise ValueError(
            f"alpha_max_hz = {alpha_max_hz:g} must be positive and at most an eighth of {rate_hz:g} Hz,"
            " at top speed too"
        )
    step_hz = rate_hz / segment
    top_hz = max(alpha_max_hz * fastest, 3.0 * step_hz)
    # images of alpha repeat every rate/hop: far enough that no window of the scan reaches one
    # (four times as dense where straight lines are drawn between frames: 5 % of loss at alpha_max)
    hop = max(1, int(rate_hz / ((2.0 if revs is None else 8.0) * top_hz)))
    shifts = math.ceil(top_hz / step_hz)
    window = hann(segment)
    frames = (data.size - segment) // hop + 1
    _enough(effective_averages(frames, segment, hop), data.size, segment)
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(data, segment)[::hop] * window, axis=-1)
    spectra = np.ascontiguousarray(spectra.T)
    # phases from the middle of the frame: the window's transform becomes real
    spectra[1::2] *= -1.0
    power = np.mean(spectra.real**2 + spectra.imag**2, axis=1)
    live = _live(power)
    white = _whitened(spectra, power, live)
    if blow_period_s is not None:
        white = _limit_blows(white, live, round(blow_period_s * rate_hz / hop))
    length = fast_length(2 * frames)
    products: Complex = np.zeros((white.shape[0], length), dtype=np.complex128)
    scanning_products(white, shifts, np.empty(frames, dtype=np.complex128), products)
    products[:, :frames] -= products[:, :frames].mean(axis=1, keepdims=True)
    if revs is not None:
        angle = np.asarray(revs, dtype=np.float64)[segment // 2 :: hop][:frames]
        even = np.linspace(angle[0], angle[-1], frames)
        for row in products:
            row[:frames] = np.interp(even, angle, row[:frames])
    alpha_hz = np.arange(length, dtype=np.float64) * (rate_hz / (hop * length))
    alpha_hz = alpha_hz[: int(np.searchsorted(alpha_hz, alpha_max_hz, side="right"))]
    response, variance, correlation = _noise_law(window, hop, shifts, frames, length, alpha_hz.size)
    scale = np.exp(-1j * math.pi * alpha_hz * (segment / rate_hz)) / (frames * response)
    coherence: Complex = np.fft.fft(products, axis=1)[:, : alpha_hz.size] * scale
    return CyclicCoherence(
        np.arange(white.shape[0], dtype=np.float64) * step_hz,
        alpha_hz,
        coherence,
        _density(power, rate_hz, segment),
        variance / response**2,
        live.sum() / (1.0 + 2.0 * correlation),
    )


def check_rate_of_false_alarm(false_alarm: float) -> None:
    """Raise ValueError unless the rate lies between 0 and 1."""
    if not 0.0 < false_alarm < 1.0:
        raise ValueError(f"false_alarm = {false_alarm:g} must lie between 0 and 1, such as 0.01")


def _fastest(revs: Array, shape: tuple[int, ...], segment: int) -> float:
    """Top speed over mean speed of an angle track."""
    if revs.shape != shape or revs.size <= segment:
        raise ValueError(f"revs has shape {revs.shape}, x {shape}; give the shaft angle of every sample")
    if not (np.isfinite(revs).all() and (np.diff(revs) > 0.0).all()):
        raise ValueError("revs must be finite and grow from sample to sample; is the speed zero or negative somewhere?")
    turned = float(np.max(revs[segment:] - revs[:-segment])) / segment
    return turned / (float(revs[-1] - revs[0]) / (revs.size - 1))


def _noise_law(
    window: Array, hop: int, shifts: int, frames: int, length: int, alphas: int
) -> tuple[Array, Array, Array]:
    """Give what noise that is flat within a few bins does: response, variance, and correlation of bins, per alpha.

    The product Z = X Y* of frames m hops and j bins apart has covariance r_X(m, j) r_Y(m, j)* (Isserlis), where Y
    is X weighted by window times the sum of the shifts' phasors; the transform over frames of that, tapered
    by (1 - m/frames), is the variance of the mean at alpha.
    """
    segment = window.size
    place = np.arange(segment) - segment // 2
    comb = window * np.exp(2j * math.pi / segment * np.outer(np.arange(shifts + 1), place)).sum(axis=0)
    power = float(np.dot(window, window))
    # the calibration of Antoni et al. 2017: sum over p of the squared window's transform at alpha - p df
    alpha_cycles = np.arange(alphas) / (hop * length)
    response = _transform(window * comb, place, alpha_cycles) / power
    reach = min(-(-segment // hop), frames)
    bins_apart = np.exp(2j * math.pi / segment * np.outer(np.arange(4), np.arange(segment)))
    series: Complex = np.zeros((4, length), dtype=np.complex128)
    for m in range(reach):
        ahead, behind = slice(m * hop, None), slice(0, segment - m * hop)
        taper = 1.0 - m / frames
        phasor = bins_apart[:, behind]
        r_x = phasor @ (window[ahead] * window[behind])
        r_y = phasor @ (comb[ahead] * comb[behind].conj())
        series[:, m] = taper * r_x * r_y.conj()
        if m:
            # the same pair taken the other way round
            turned = bins_apart[:, ahead]
            r_x = turned @ (window[ahead] * window[behind])
            r_y = turned @ (comb[behind] * comb[ahead].conj())
            series[:, length - m] = taper * r_x * r_y.conj()
    covariance = np.fft.ifft(series, axis=1)[:, :alphas] * (length / (power**2 * frames))
    variance = np.maximum(covariance[0].real, np.finfo(float).tiny)
    correlation = np.sum(np.abs(covariance[1:]) ** 2, axis=0) / variance**2
    return response, variance, correlation


def _transform(weights: Complex, place: NDArray[np.int64], cycles: Array) -> Array:
    """Real part of sum weights exp(-2 pi i cycles place), in pieces that stay small."""
    out = np.empty(cycles.size)
    for first in range(0, cycles.size, 1024):
        piece = slice(first, first + 1024)
        out[piece] = (np.exp(-2j * math.pi * np.outer(cycles[piece], place)) @ weights).real
    return out


def _whitened(spectra: Complex, power: Array, live: NDArray[np.bool_]) -> Complex:
    scale = np.zeros(power.size)
    scale[live] = 1.0 / np.sqrt(power[live])
    return np.asarray(spectra * scale[:, None])


def _limit_blows(white: Complex, live: NDArray[np.bool_], period: int) -> Complex:
    """Scale frames down whose energy is far above the usual maximum of a period, and whiten again."""
    energy = np.sum(white.real**2 + white.imag**2, axis=0)
    periods = energy.size // max(period, 1)
    if periods < 8:
        return white
    usual = float(np.median(energy[: periods * period].reshape(periods, -1).max(axis=1)))
    limited = white * np.sqrt(np.minimum(1.0, BLOW * usual / np.maximum(energy, np.finfo(float).tiny)))
    return _whitened(limited, np.mean(limited.real**2 + limited.imag**2, axis=1), live)


def _live(power: Array) -> NDArray[np.bool_]:
    """Tell bins that hold more than rounding."""
    return np.asarray(power > 1e-24 * power.max())


def _density(power: Array, rate_hz: float, segment: int) -> Array:
    density = power * (2.0 / (rate_hz * float(np.sum(hann(segment) ** 2))))
    density[[0, -1]] *= 0.5
    return np.asarray(density)


def _checked(x: Array, rate_hz: float, segment: int, *, remove_lines: bool) -> Array:
    data: Array = np.asarray(x, dtype=np.float64)
    if data.ndim != 1 or not data.size:
        raise ValueError(f"x has shape {data.shape}; give one record float64[n]")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"rate_hz = {rate_hz:g} must be positive and finite")
    bad = int(np.count_nonzero(~np.isfinite(data)))
    if bad:
        raise ValueError(f"x has {bad} NaN or infinite samples; cut or fill them: a frame's spectrum needs every one")
    if segment < 16 or segment % 2:
        raise ValueError(f"segment = {segment} must be an even number, 16 or more")
    if float(np.ptp(data)) == 0.0:
        raise ValueError(f"x is constant, {data[0]:g}: nothing in it can be modulated; is the sensor dead?")
    if remove_lines:
        data = random_part(data)
    return np.ascontiguousarray(data - data.mean())


def _enough(averages: float, samples: int, segment: int) -> float:
    if averages < 8.0:
        raise ValueError(
            f"x has {samples} samples, worth {averages:.1f} independent frames of {segment}; 8 are needed: with fewer"
            " everything looks coherent. Give a longer record or a shorter segment"
        )
    return averages
