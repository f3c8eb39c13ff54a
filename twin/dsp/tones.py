"""Supply frequency and the amplitudes of steady lines, free of leakage: least squares under a Hann window."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.dsp.spectrum import hann, line_amplitude

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

SEARCH_HZ = (4.0, 420.0)
"""Where a fundamental is looked for when none is named: inverter drives from crawl to spindle."""
MIN_PERIODS = 8.0
MIN_POWER_SHARE = 0.5
MIN_PROMINENCE_DB = 15.0


def hann_line(offset_bins: Array, n: int) -> Complex:
    """Discrete Fourier transform of a Hann-windowed unit line, `offset_bins` from it; 1 at zero.

    Exact for the periodic window of n samples: three Dirichlet kernels (Harris 1978).
    """

    def dirichlet(x: Array) -> Complex:
        below = n * np.sin(np.pi * x / n)
        safe = np.where(np.abs(below) < 1e-9, 1.0, below)
        ratio = np.where(np.abs(below) < 1e-9, 1.0, np.sin(np.pi * x) / safe)
        return np.asarray(ratio * np.exp(-1j * np.pi * x * (n - 1) / n))

    x = np.asarray(offset_bins, dtype=np.float64)
    return dirichlet(x) - 0.5 * (dirichlet(x - 1.0) + dirichlet(x + 1.0))


@dataclass(frozen=True, slots=True)
class LineSpectrum:
    """Complex Hann spectrum in which a steady line shows its peak phasor.

    Parameters
    ----------
    values : complex128[bins]; bins 0 … n/2 of a real signal, all n of a space vector (negative ones at the end)
    df_hz : bin spacing
    n : samples
    two_sided : whether the signal was a space vector
    """

    values: Complex
    df_hz: float
    n: int
    two_sided: bool

    @property
    def duration_s(self) -> float:
        """Length of the record."""
        return 1.0 / self.df_hz

    def take(self, bins: NDArray[np.int64]) -> Complex:
        """Values at signed bins."""
        return self.values[bins % self.values.size if self.two_sided else bins]

    def magnitude(self) -> Array:
        """Amplitude at frequency bins 0 … n/2; of a space vector both senses of rotation together, rms-wise."""
        half = self.n // 2 + 1
        forward = np.abs(self.values[:half])
        if not self.two_sided:
            return forward
        return np.asarray(np.hypot(forward, np.abs(self.values[-np.arange(half)])))

    def fit(self, freq_hz: Array, reach: int = 4) -> Complex:
        """Peak phasors at the first sample of steady lines at freq_hz : float64[m], fitted together.

        Least squares on the bins within `reach` of each line, with the exact transform of the window: exact
        for steady lines of known frequency at least two bins apart, wherever they lie between bins.
        """
        return self._fit(freq_hz, reach)[0]

    def residual(self, freq_hz: Array, phasors: Complex, bins: NDArray[np.int64]) -> Complex:
        """Take lines off and give what is left at signed bins."""
        offset = bins[:, None] - freq_hz[None, :] / self.df_hz
        return np.asarray(self.take(bins) - hann_line(offset, self.n) @ phasors)

    def _fit(self, freq_hz: Array, reach: int) -> tuple[Complex, NDArray[np.int64]]:
        position = np.asarray(freq_hz, dtype=np.float64) / self.df_hz
        near = np.round(position).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)[None, :]
        bins = np.unique(near)
        if not self.two_sided:
            bins = bins[(bins >= 0) & (bins < self.values.size)]
        model = hann_line(bins[:, None] - position[None, :], self.n)
        return np.asarray(np.linalg.lstsq(model, self.take(bins), rcond=None)[0]), bins


def line_spectrum(x: Array | Complex, rate_hz: float) -> LineSpectrum:
    """Hann spectrum of one current float64[n], or of a space vector complex128[n]; the mean is taken off."""
    n = x.size
    weighted = (x - x.mean()) * hann(n) * (2.0 / n)
    if np.iscomplexobj(x):
        return LineSpectrum(np.fft.fft(weighted), rate_hz / n, n, two_sided=True)
    return LineSpectrum(2.0 * np.fft.rfft(weighted), rate_hz / n, n, two_sided=False)


@dataclass(frozen=True, slots=True)
class Fundamental:
    """The supply line.

    Parameters
    ----------
    hz : frequency; steady lines are met to about a thousandth of a bin
    amplitude : peak, in the unit of the signal
    power_share : share of the alternating power that it carries
    prominence_db : over the median of the spectrum
    spectrum : what it was found in
    """

    hz: float
    amplitude: float
    power_share: float
    prominence_db: float
    spectrum: LineSpectrum = field(repr=False)


def fundamental(
    x: Array | Complex, rate_hz: float, nominal_hz: float | None = None, *, tolerance: float = 0.03
) -> Fundamental:
    """Find the supply line in one current float64[n] or a space vector complex128[n].

    Parameters
    ----------
    nominal_hz : 50, 60, or what the inverter was told; without it the strongest line from 4 to 420 Hz
    tolerance : how far from it the line may lie, relative

    Raises
    ------
    ValueError
        If numbers make no sense, samples are not finite, fewer than 8 periods are there, or no line stands
        out: under 15 dB above the median, less than half of the power, or not the strongest of all.
    """
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    if nominal_hz is not None and not (math.isfinite(nominal_hz) and 0.0 < nominal_hz < 0.45 * rate_hz):
        raise ValueError(f"supply frequency {nominal_hz:g} Hz must lie between 0 and 0.45 of the rate, {rate_hz:g} Hz")
    low, high = SEARCH_HZ if nominal_hz is None else (nominal_hz * (1.0 - tolerance), nominal_hz * (1.0 + tolerance))
    high = min(high, 0.45 * rate_hz)
    if x.ndim != 1 or x.size < MIN_PERIODS * rate_hz / (nominal_hz or high):
        raise ValueError(
            f"a current of shape {x.shape} at {rate_hz:g} Hz holds fewer than {MIN_PERIODS:g} supply periods: too short"
        )
    if not np.isfinite(x).all():
        raise ValueError("the current holds values that are not numbers: cut them out, or give another record")
    spectrum = line_spectrum(x, rate_hz)
    size = np.abs(spectrum.values[: x.size // 2 + 1])
    df = spectrum.df_hz
    total = float(np.vdot(spectrum.values, spectrum.values).real) / 1.5
    first, last = max(math.floor(low / df), 2), min(math.ceil(high / df), math.floor(0.45 * rate_hz / df) - 1)
    if total <= 0.0 or last < first:
        raise ValueError("the current does not alternate: a dead channel, or the wrong one")
    peak = first + int(np.argmax(size[first : last + 1]))
    amplitude, position = line_amplitude(size, float(peak), 0.0)
    if position < MIN_PERIODS:
        raise ValueError(
            f"the record holds {position:.1f} periods of its strongest line, {position * df:.4g} Hz: too short,"
            f" {MIN_PERIODS:g} are the least"
        )
    overall = 2 + int(np.argmax(size[2:]))
    share = min(amplitude**2 / total, 1.0)
    floor = float(np.median(size[2:]))
    prominence = 20.0 * math.log10(amplitude / floor) if floor > 0.0 and amplitude > 0.0 else math.inf
    where = f"between {low:g} and {high:g} Hz"
    if abs(overall - peak) > 2:
        raise ValueError(
            f"no supply line stands out {where}: the strongest line lies at {overall * df:.6g} Hz;"
            " check supply frequency and sample rate"
        )
    near = np.abs(spectrum.values[first : last + 1])
    if share < MIN_POWER_SHARE <= float(near @ near) / 1.5 / total:
        raise ValueError(
            f"the supply line {where} is no steady line: its frequency moves within the record; cut a steady piece"
        )
    if share < MIN_POWER_SHARE or prominence < MIN_PROMINENCE_DB:
        raise ValueError(
            f"no supply line stands out {where}: the strongest carries {100 * share:.0f} % of the power,"
            f" {prominence:.0f} dB over the floor; is this a motor current, and the motor running?"
        )
    return Fundamental(_refine(x, rate_hz, position * df), amplitude, share, prominence, spectrum)


def supply_frequency(x: Array | Complex, rate_hz: float, nominal_hz: float | None = None) -> float:
    """Frequency of the supply line [Hz]; arguments and errors as `fundamental`."""
    return fundamental(x, rate_hz, nominal_hz).hz


def _refine(x: Array | Complex, rate_hz: float, freq_hz: float) -> float:
    """Frequency from the phase that the line gains between the two halves of the record.

    The interpolated peak is right to a fraction of a bin, so the phase is free of whole turns; both halves
    see the same window and the same neighbours, so what they add cancels (McMahon and Barrett 1987).
    """
    half = x.size // 2
    gap = x.size - half
    window = hann(half)
    time = np.arange(half) / rate_hz
    for _ in range(3):
        table = window * np.exp(-2j * np.pi * freq_hz * time)
        first, second = complex(x[:half] @ table), complex(x[gap:] @ table)
        turn = second * first.conjugate() * np.exp(-2j * np.pi * math.fmod(freq_hz * gap / rate_hz, 1.0))
        step = float(np.angle(turn)) / (2.0 * math.pi * gap / rate_hz)
        freq_hz += step
        if abs(step) * x.size / rate_hz < 1e-3:
            break
    return freq_hz
