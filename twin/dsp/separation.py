"""Deterministic lines apart from what is random: by transfer function between blocks, or by adaptive prediction.

Shaft, gear and mains lines repeat for ever; a rolling bearing slips, so its ringing is forgotten after a few
strikes. What can be predicted from the past across a long enough gap is deterministic, the rest is random
(Antoni & Randall, Mech. Syst. Signal Process. 18 (2004) 89-101 and 103-117).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.separation import sanc as _sanc
from twin.dsp.spectrum import hann

Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

OVERLAP = 4
"""Frames start a quarter of their length apart: Hann twice then adds to a constant."""


@dataclass(frozen=True, slots=True)
class Separated:
    """The two parts of a record; they add up to it to rounding.

    Parameters
    ----------
    deterministic, random : float64[..., n], unit of x
    valid : where the lines are fully taken out; towards both ends of a record they fade back into `random`
    gain : float64[..., bins], |H| of the predictor, snr/(1 + snr) of each bin, 0 where nothing was significant
    freq_hz_per_rate : float64[bins], frequency of the bins as a fraction of the sample rate
    """

    deterministic: Array
    random: Array
    valid: slice
    gain: Array
    freq_hz_per_rate: Array


def suggest_delay(
    rate_hz: float,
    event_hz: float,
    *,
    mode_hz: float,
    damping: float = 0.01,
    slip: float = 0.01,
    correlation: float = 0.05,
) -> int:
    """Count the samples after which the random part of a rolling bearing's signal has forgotten itself.

    The ringing falls as exp(-2 pi f zeta t). Strikes with a random-walk slip of standard deviation `slip`
    keep the phase of a carrier f_m as exp(-½ (2 pi slip f_m / event_hz)² m) after m of them, and one gap
    between strikes always has to pass (Antoni & Randall 2003, J. Vib. Acoust. 125, 282-289).

    Parameters
    ----------
    rate_hz : sample rate
    event_hz : slowest repetition to keep in the random part, at the lowest speed of the record
    mode_hz, damping : lowest structural mode that carries it, and its damping ratio
    slip : standard deviation of the spacing relative to the spacing (0.005 … 0.02 for rolling bearings)
    correlation : what may be left of the correlation

    Raises
    ------
    ValueError
        If a value is not positive and finite, or `correlation` or `damping` is not below 1.
    """
    named = {
        "rate_hz": rate_hz,
        "event_hz": event_hz,
        "mode_hz": mode_hz,
        "damping": damping,
        "slip": slip,
        "correlation": correlation,
    }
    for name, value in named.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} = {value:g} must be positive and finite")
    if correlation >= 1.0 or damping >= 1.0:
        raise ValueError(f"correlation = {correlation:g} and damping = {damping:g} must be below 1")
    nepers = -math.log(correlation)
    ringing_s = nepers / (2.0 * math.pi * mode_hz * damping)
    strikes = max(1, math.ceil(2.0 * nepers / (2.0 * math.pi * slip * mode_hz / event_hz) ** 2))
    return math.ceil((ringing_s + strikes / event_hz) * rate_hz)


def drs(x: Array, segment: int, gap: int, *, false_alarm: float | None = 1e-3) -> Separated:
    """Separate a record by the transfer function from each block to the block `segment + gap` later.

    H(f) = sum V U* / sum |U|² over Hann-windowed pairs of blocks (Antoni & Randall 2004, part II); the prediction
    H U of every block is windowed again and added up. A line of signal-to-noise ratio s in its bin is predicted
    with gain s/(1 + s), so its residue falls by 1 + s.

    Parameters
    ----------
    x : float64[..., n]
    segment : block length, samples, a multiple of 4; a line must stay within a bin, rate/segment, over the
        record, and neighbouring lines must lie 4 bins apart to be told from noise between them
    gap : samples between the end of a block and the start of the one predicted from it; longer than the
        correlation of the random part (`suggest_delay`). Blocks never share samples, else noise would
        predict itself.
    false_alarm : bins whose coherence between the blocks noise reaches with this probability are left in
        the random part; None predicts in every bin, as published, at the price of 1/K of the noise power

    Raises
    ------
    ValueError
        If the record holds fewer than 4 independent pairs of blocks, or NaN or infinite samples.
    """
    data = _finite(x)
    _check_blocks(segment, gap, data.shape[-1])
    if false_alarm is not None and not 0.0 < false_alarm < 1.0:
        raise ValueError(f"false_alarm = {false_alarm:g} must lie between 0 and 1; None predicts in every bin")
    flat = np.ascontiguousarray(data.reshape(-1, data.shape[-1]))
    parts = [_drs_one(channel, segment, gap, false_alarm) for channel in flat]
    deterministic = np.array([part for part, _ in parts]).reshape(data.shape)
    gain = np.array([h for _, h in parts]).reshape((*data.shape[:-1], segment // 2 + 1))
    edge = segment // OVERLAP
    return Separated(
        deterministic,
        data - deterministic,
        slice(edge, data.shape[-1] - edge),
        gain,
        np.arange(segment // 2 + 1) / segment,
    )


def random_part(x: Array, *, segment: int | None = None, gap: int | None = None) -> Array:
    """Give the random part of a record by `drs`, without its ends; blocks of about a sixteenth of it."""
    samples = np.shape(x)[-1]
    segment = segment or max(16, 1 << max(samples // 16, 1).bit_length() - 1)
    parts = drs(x, segment, segment // 4 if gap is None else gap)
    return np.ascontiguousarray(parts.random[..., parts.valid])


class DrsStream:
    """The same on a stream of one channel: H learned with forgetting, blocks in, both parts out, late.

    Parameters
    ----------
    segment, gap : as for `drs`
    memory : how many blocks the averages reach back (time constant of the exponential forgetting)

    The k-th sample that comes out belongs to the k-th that went in; it comes 3/4 of a segment to one segment
    later. Until memory has filled the gain is that of few averages: leave out the first `memory * segment / 4`
    samples. Blocks that hold a NaN or an infinity predict nothing and teach nothing: there the deterministic
    part is 0 or incomplete and NaN stays NaN in the random part. Any split of the input gives the same bits.
    """

    __slots__ = ("_cross", "_early", "_gap", "_input", "_keep", "_power", "_segment", "_sum", "_window")

    def __init__(self, segment: int, gap: int, *, memory: int = 64) -> None:
        _check_blocks(segment, gap, None)
        if memory < 4:
            raise ValueError(f"memory = {memory} blocks must be 4 or more: fewer predict noise by noise")
        self._segment, self._gap = segment, gap
        self._keep = 1.0 - 1.0 / memory
        self._window = hann(segment)
        self._cross: Spectrum = np.zeros(segment // 2 + 1, dtype=np.complex128)
        self._power: Array = np.zeros(segment // 2 + 1)
        # silence before the first sample
        self._input: Array = np.zeros(2 * segment + gap - segment // OVERLAP)
        self._sum: Array = np.zeros(segment)
        self._early = OVERLAP - 1

    def process(self, x: Array) -> tuple[Array, Array]:
        """Take float64[m], any m; give (deterministic, random), the float64[k] that are ready, in order."""
        hop, segment = self._segment // OVERLAP, self._segment
        self._input = np.concatenate([self._input, np.asarray(x, dtype=np.float64)])
        reach = 2 * segment + self._gap
        ready: list[Array] = []
        late: list[Array] = []
        while self._input.size >= reach:
            self._sum += self._predicted(self._input[:segment], self._input[reach - segment : reach])
            if self._early:
                # still the silence before the first sample
                self._early -= 1
            else:
                ready.append(self._sum[:hop].copy())
                late.append(self._input[reach - segment : reach - segment + hop] - ready[-1])
            self._sum = np.concatenate([self._sum[hop:], np.zeros(hop)])
            self._input = self._input[hop:]
        if not ready:
            return np.empty(0), np.empty(0)
        return np.concatenate(ready), np.concatenate(late)

    def _predicted(self, before: Array, now: Array) -> Array:
        if not (np.isfinite(before).all() and np.isfinite(now).all()):
            return np.zeros(self._segment)
        u, v = np.fft.rfft(self._window * before), np.fft.rfft(self._window * now)
        self._cross = self._keep * self._cross + v * u.conj()
        self._power = self._keep * self._power + (u.real**2 + u.imag**2)
        h = _ratio(self._cross, self._power)
        return np.asarray(np.fft.irfft(h * u, self._segment)) * self._window / _overlapped(self._segment)


class Sanc:
    """Self-adaptive noise cancellation: normalised LMS prediction across a delay, many channels at once.

    Any split of the input gives the same bits. A NaN or infinity is no reading: the random part is NaN there
    (or infinite), the deterministic part is the prediction, nothing is learned and the past takes it as 0.

    Parameters
    ----------
    taps : length of the predictor; two lines are told apart when 1/taps of the sample rate lies between them
    delay : samples to the newest sample the prediction sees, longer than the correlation of the random part
    step : 0 … 2; the random part carries step/(2 - step) of its own power in excess (Haykin 2002, ch. 6), and
        learning takes about taps/step samples. Antoni & Randall 2004 (part I) work with small steps.
    channels : how many

    Raises
    ------
    ValueError
        If a number is out of its range.
    """

    __slots__ = ("_history", "_state", "delay", "step", "weights")

    def __init__(self, taps: int, delay: int, *, step: float = 0.005, channels: int = 1) -> None:
        for name, value in (("taps", taps), ("delay", delay), ("channels", channels)):
            if value < 1:
                raise ValueError(f"{name} = {value} must be 1 or more")
        if not 0.0 < step < 2.0:
            raise ValueError(f"step = {step:g} must lie between 0 and 2, where the normalised LMS is stable")
        self.step, self.delay = float(step), delay
        self.weights: Array = np.zeros((channels, taps))
        self._history: Array = np.zeros((channels, 2 * (delay + taps - 1)))
        self._state: Array = np.zeros((channels, 3))

    def process(self, x: Array) -> tuple[Array, Array]:
        """Split float64[channels, n] (or float64[n] for one channel) into (deterministic, random)."""
        data: Any = np.asarray(x, dtype=np.float64)
        block = np.ascontiguousarray(np.atleast_2d(data))
        if data.ndim > 2 or block.shape[0] != self.weights.shape[0]:
            raise ValueError(f"x has shape {data.shape}; this canceller takes [{self.weights.shape[0]}, n]")
        deterministic, random = np.empty_like(block), np.empty_like(block)
        _sanc(block, self.step, self.weights, self._history, self._state, deterministic, random)
        return deterministic.reshape(data.shape), random.reshape(data.shape)


def _drs_one(x: Array, segment: int, gap: int, false_alarm: float | None) -> tuple[Array, Array]:
    hop = segment // OVERLAP
    # half a frame of silence on both sides, and whole hops in between
    frames_needed = -(-(x.size + 2 * (segment - hop) - segment) // hop) + 1
    padded = np.zeros((frames_needed - 1) * hop + segment)
    padded[segment - hop : segment - hop + x.size] = x
    lag = -(-(segment + gap) // hop)
    window = hann(segment)
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, segment)[::hop] * window, axis=-1)
    inner = slice(OVERLAP - 1, (segment - hop + x.size - segment) // hop + 1)
    u, v = spectra[inner][:-lag], spectra[inner][lag:]
    cross = np.sum(v * u.conj(), axis=0)
    before, after = np.sum(np.abs(u) ** 2, axis=0), np.sum(np.abs(v) ** 2, axis=0)
    if false_alarm is not None:
        averages = effective_averages(u.shape[0], segment, hop)
        limit = 1.0 - false_alarm ** (1.0 / max(averages - 1.0, 1e-9))
        cross[np.abs(cross) ** 2 < limit * before * after] = 0.0
    forward, backward = _ratio(cross, before), _ratio(cross.conj(), after)
    predicted = np.empty_like(spectra)
    predicted[lag:] = forward * spectra[:-lag]
    first = lag + OVERLAP - 1
    # no past for the first blocks: they are foretold backwards, from the blocks that follow
    predicted[:first] = backward * spectra[lag : lag + first]
    pieces = np.fft.irfft(predicted, segment, axis=-1) * window
    total = np.zeros(padded.size)
    for k in range(OVERLAP):
        rows = pieces[k::OVERLAP]
        total[k * hop : k * hop + rows.size] += rows.reshape(-1)
    inside = slice(segment - hop, segment - hop + x.size)
    return total[inside] / _overlapped(segment), np.abs(forward)


def effective_averages(frames: int, segment: int, hop: int) -> float:
    """How many independent frames `frames` Hann frames a hop apart are worth in a product of spectra.

    frames / (1 + 2 sum (1 - m/frames) rho_m), rho_m the squared correlation of windows m hops apart
    (Welch 1967, IEEE Trans. Audio Electroacoust. 15, 70-73).
    """
    window = hann(segment)
    power = float(np.dot(window, window))
    excess = 0.0
    for m in range(1, min(-(-segment // hop), frames)):
        rho = (float(np.dot(window[m * hop :], window[: segment - m * hop])) / power) ** 2
        excess += 2.0 * (1.0 - m / frames) * rho
    return frames / (1.0 + excess)


def _overlapped(segment: int) -> float:
    """Sum of squared Hann windows a quarter apart."""
    return float(np.sum(hann(segment) ** 2)) * OVERLAP / segment


def _ratio(cross: Spectrum, power: Array) -> Spectrum:
    return np.divide(cross, power, out=np.zeros_like(cross), where=power > 0.0)


def _finite(x: Array) -> Array:
    data: Array = np.asarray(x, dtype=np.float64)
    if data.ndim == 0 or data.size == 0:
        raise ValueError("x is empty; give float64[..., n]")
    bad = int(np.count_nonzero(~np.isfinite(data)))
    if bad:
        raise ValueError(f"x has {bad} NaN or infinite samples; cut or fill them: a block's spectrum needs every one")
    return data


def _check_blocks(segment: int, gap: int, samples: int | None) -> None:
    if segment < 16 or segment % OVERLAP:
        raise ValueError(f"segment = {segment} must be a multiple of {OVERLAP}, 16 or more")
    if gap < 0:
        raise ValueError(f"gap = {gap} must be 0 or more samples")
    if samples is not None and samples < 5 * segment + gap:
        raise ValueError(
            f"x has {samples} samples; blocks of {segment} with a gap of {gap} need {5 * segment + gap} or more:"
            " give a longer record or a shorter segment"
        )
