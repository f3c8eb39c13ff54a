"""Power density by averaging periodograms of overlapping segments, of a whole record or of a stream."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.kernels.density import add_power, slide, take_segments
from twin.dsp.windows import Window, overlap_correlation, window

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Detrend = Literal["none", "constant", "linear"]

DETREND: dict[str, int] = {"none": 0, "constant": 1, "linear": 2}


@dataclass(frozen=True, slots=True)
class Welch:
    """Averaged one-sided power spectral density of one or many channels.

    Parameters
    ----------
    freq_hz : float64[bins]
    density : float64[..., bins] [unit²/Hz]; NaN for a channel of which no segment could be used
    segments, skipped : int64[...], segments averaged, and left out for a reading that was missing (NaN, Inf)
    effective_averages : float64[...], how many independent segments would scatter as little (Welch 1967)
    window : shape, coherent gain and equivalent noise bandwidth in bins
    """

    freq_hz: Array
    density: Array
    segments: Counts
    effective_averages: Array
    skipped: Counts
    window: Window = field(repr=False)

    @property
    def enbw_hz(self) -> float:
        """Equivalent noise bandwidth of a bin [Hz]."""
        return self.window.enbw_bins * float(self.freq_hz[1])

    def amplitude(self) -> Array:
        """Peak amplitude of a line in each bin, float64[..., bins] [unit]; between bins it loses `scalloping_db`."""
        both_sides = np.full(self.freq_hz.size, 2.0)
        _halve_ends(both_sides, self.window.values.size)
        return np.asarray(np.sqrt(self.density * (both_sides * self.enbw_hz)))

    def interval(self, confidence: float = 0.95) -> tuple[Array, Array]:
        """Lower and upper bound of the true density, float64[..., bins] each, for Gaussian noise.

        The estimate scatters as chi-square with 2K degrees of freedom, K effective averages; K in the first
        and in an even segment's last bin, which are real (Bendat & Piersol 2010 eq. 8.159).
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence = {confidence} must lie between 0 and 1, as 0.95")
        from scipy.special import gammaincinv

        degrees = np.full(self.freq_hz.size, 2.0)
        _halve_ends(degrees, self.window.values.size)
        half = 0.5 * degrees * self.effective_averages[..., None]
        tail = 0.5 * (1.0 - confidence)
        low = self.density * half / gammaincinv(half, 1.0 - tail)
        return np.asarray(low), np.asarray(self.density * half / gammaincinv(half, tail))


def welch(
    x: ArrayLike,
    rate_hz: float,
    segment: int,
    *,
    window: str = "hann",
    overlap: float = 0.5,
    detrend: Detrend = "constant",
) -> Welch:
    """Power density by Welch's method.

    Parameters
    ----------
    x : float64[..., n], any unit; a segment with a reading that is not finite is left out and counted
    rate_hz : sample rate
    segment : samples of a segment; the bins are rate_hz / segment apart
    window : see `twin.dsp.windows.window`
    overlap : shared part of neighbouring segments, 0 to below 1
    detrend : what each segment loses first: nothing, its mean, or its straight line

    Raises
    ------
    ValueError
        If a signal is shorter than one segment, or a parameter is out of its range.
    """
    data = channels(x)
    plan = Segments(rate_hz, segment, window, overlap, detrend)
    count = plan.count(data.shape[-1])
    rows = data.reshape(-1, data.shape[-1])
    power = np.zeros((rows.shape[0], plan.bins))
    stats = plan.stats(rows.shape[0])
    from scipy import fft  # transforms several rows at once with vector instructions, which numpy does not

    work, good = plan.work(rows.shape[0] * count)
    for first in range(0, rows.shape[0] * count, work.shape[0]):
        size = min(work.shape[0], rows.shape[0] * count - first)
        take_segments(rows, first, count, plan.hop, plan.window.values, plan.detrend, work[:size], good[:size])
        add_power(fft.rfft(work[:size], axis=-1), good[:size], first, count, 1.0, plan.rho, power, stats)
    return plan.result(power, stats, data.shape[:-1])


class Segments:
    """How a signal is cut, windowed and scaled; shared by spectra of records, of streams and of pairs.

    Parameters
    ----------
    rate_hz, segment, window, overlap, detrend : as of `welch`
    """

    __slots__ = ("bins", "detrend", "hop", "rate_hz", "rho", "segment", "window")

    def __init__(self, rate_hz: float, segment: int, name: str, overlap: float, detrend: str) -> None:
        check_rate(rate_hz)
        if segment < 2:
            raise ValueError(f"segment = {segment} must be at least 2 samples")
        if not 0.0 <= overlap < 1.0:
            raise ValueError(f"overlap = {overlap} must be at least 0 and below 1; half a segment is 0.5")
        if detrend not in DETREND:
            raise ValueError(f"detrend = {detrend!r} must be one of {', '.join(DETREND)}")
        self.rate_hz = rate_hz
        self.segment = segment
        self.window = window(name, segment)
        self.hop = max(segment - int(overlap * segment), 1)
        self.detrend = DETREND[detrend]
        self.rho = overlap_correlation(name, segment, self.hop)
        self.bins = segment // 2 + 1

    def count(self, samples: int) -> int:
        """Segments in a record; at least one."""
        if samples < self.segment:
            raise ValueError(f"segment = {self.segment} must be between 2 and the length of the signal, {samples}")
        return (samples - self.segment) // self.hop + 1

    def work(self, most: int) -> tuple[Array, Counts]:
        """Rows to transform together: few enough to stay in the cache, and enough for vector instructions."""
        rows = min(max(32768 // self.segment, 8), most)
        return np.zeros((rows, self.segment)), np.zeros(rows, np.int64)

    def stats(self, channels: int) -> Array:
        """Make the counts and weights of the averaging, as the kernels keep them."""
        return np.zeros((channels, 4 + self.rho.size))

    def freq_hz(self) -> Array:
        """Frequencies of the bins."""
        return np.asarray(np.arange(self.bins) * (self.rate_hz / self.segment), np.float64)

    def scale(self, stats: Array) -> Array:
        """Factor from summed power to one-sided density, float64[channels, bins]."""
        square = float(np.sum(self.window.values**2))
        factor = np.full(self.bins, 2.0 / (self.rate_hz * square))
        _halve_ends(factor, self.segment)
        weight = np.where(stats[:, 2] > 0.0, stats[:, 2], math.nan)
        return np.asarray(factor / weight[:, None])

    def effective(self, stats: Array) -> Array:
        """Effective averages float64[channels]; 0 where there was no segment."""
        return np.asarray(stats[:, 2] ** 2 / np.where(stats[:, 3] > 0.0, stats[:, 3], 1.0))

    def result(self, power: Array, stats: Array, shape: tuple[int, ...]) -> Welch:
        """Densities of the summed powers."""
        return Welch(
            freq_hz=self.freq_hz(),
            density=(power * self.scale(stats)).reshape(*shape, self.bins),
            segments=stats[:, 0].astype(np.int64).reshape(shape),
            effective_averages=self.effective(stats).reshape(shape),
            skipped=stats[:, 1].astype(np.int64).reshape(shape),
            window=self.window,
        )


class StreamingWelch:
    """Welch's density of channels that arrive in blocks; any chunking gives the same bits.

    Parameters
    ----------
    rate_hz, segment, window, overlap, detrend : as of `welch`
    channels : how many come together
    time_constant_s : memory of exponential averaging; None averages all segments alike
    """

    __slots__ = ("_filled", "_good", "_keep", "_pending", "_plan", "_power", "_spectrum", "_stats", "_work")

    def __init__(
        self,
        rate_hz: float,
        segment: int,
        channels: int = 1,
        *,
        window: str = "hann",
        overlap: float = 0.5,
        detrend: Detrend = "constant",
        time_constant_s: float | None = None,
    ) -> None:
        self._plan = plan = Segments(rate_hz, segment, window, overlap, detrend)
        if channels < 1:
            raise ValueError(f"channels = {channels} must be at least 1")
        if time_constant_s is not None and not time_constant_s > 0.0:
            raise ValueError(f"time_constant_s = {time_constant_s} must be above 0; None averages all alike")
        self._keep = 1.0 if time_constant_s is None else math.exp(-plan.hop / (rate_hz * time_constant_s))
        self._pending: Array = np.zeros((channels, segment))
        self._filled = 0
        self._work: Array = np.zeros((channels, segment))
        self._good: Counts = np.zeros(channels, np.int64)
        self._spectrum: NDArray[np.complex128] = np.zeros((channels, plan.bins), np.complex128)
        self._power: Array = np.zeros((channels, plan.bins))
        self._stats = plan.stats(channels)

    def push(self, x: ArrayLike) -> int:
        """Take in a block float64[channels, any] (or [any] of one channel); return how many segments it ended."""
        block = np.atleast_2d(np.asarray(x))
        pending, plan = self._pending, self._plan
        if block.ndim != 2 or block.shape[0] != pending.shape[0]:
            raise ValueError(f"block of shape {np.shape(x)} must be [{pending.shape[0]} channels, samples]")
        done = at = 0
        while at < block.shape[1]:
            size = min(plan.segment - self._filled, block.shape[1] - at)
            pending[:, self._filled : self._filled + size] = block[:, at : at + size]
            self._filled += size
            at += size
            if self._filled == plan.segment:
                self._end_segment()
                done += 1
        return done

    def _end_segment(self) -> None:
        plan, work, good = self._plan, self._work, self._good
        take_segments(self._pending, 0, 1, 0, plan.window.values, plan.detrend, work, good)
        np.fft.rfft(work, axis=-1, out=self._spectrum)
        add_power(self._spectrum, good, 0, 1, self._keep, plan.rho, self._power, self._stats)
        self._filled = plan.segment - plan.hop
        slide(self._pending, plan.hop)

    def result(self) -> Welch:
        """Density so far, [channels, bins]; NaN before a channel's first whole segment."""
        return self._plan.result(self._power, self._stats, (self._power.shape[0],))

    def reset(self) -> None:
        """Forget everything, as after a gap in the stream."""
        self._filled = 0
        self._power[:] = 0.0
        self._stats[:] = 0.0


def channels(x: ArrayLike) -> Array:
    """Signals as contiguous float64[..., n]; complex or no samples are refused."""
    data = np.asarray(x)
    if data.ndim == 0 or data.shape[-1] == 0 or np.iscomplexobj(data):
        raise ValueError(
            f"signal of shape {data.shape} and type {data.dtype} must be real, with samples on the last axis"
        )
    # writeable, for the kernels have one specialisation
    return np.require(data, np.float64, ["C", "W"])


def complete(x: ArrayLike) -> Array:
    """Signals as of `channels`, of which every reading must be there, for one transform mixes all of them."""
    data = channels(x)
    missing = data.size - int(np.count_nonzero(np.isfinite(data)))
    if missing:
        raise ValueError(
            f"{missing} readings are missing (NaN or Inf); take a stretch without gaps or fill them knowingly"
        )
    return data


def check_rate(rate_hz: float) -> None:
    """Refuse a sample rate that is not a positive number."""
    if not 0.0 < rate_hz < math.inf:
        raise ValueError(f"rate_hz = {rate_hz} must be a positive number: samples per second")


def _halve_ends(values: Array, segment: int) -> None:
    """Halve what has no mirror image: the first bin, and the last of an even segment."""
    values[0] *= 0.5
    if segment % 2 == 0:
        values[-1] *= 0.5
