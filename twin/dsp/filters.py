"""Streaming filters for many channels at once: state in, state out, the same bits for any split into blocks.

Blocks are sample-major, [samples, channels]: that is how converters deliver them, and it lets sixteen channels go
through a recursion side by side (`kernels/lanes.py`). A single channel is [samples, 1] or [samples].
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from twin.dsp.kernels._simd import LANES
from twin.dsp.kernels.blocks import TILE, fir_block, sos_block

Samples = NDArray[Any]


class _Blocks:
    """What filters of many channels share: number of channels, precision, checks."""

    def __init__(self, channels: int, dtype: DTypeLike) -> None:
        if channels < 1:
            raise ValueError(f"channels = {channels} must be 1 or more")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype {self.dtype} must be float32 or float64")
        self.channels = channels
        self.groups = -(-channels // LANES)
        self._tile = np.zeros(TILE * LANES, self.dtype)

    def _taken(self, x: Samples) -> tuple[Samples, int]:
        x = np.asarray(x)
        columns = x.shape[1] if x.ndim == 2 else 1
        if x.ndim not in (1, 2) or columns != self.channels:
            raise ValueError(f"block of shape {x.shape} must be [samples, {self.channels}]")
        return np.ascontiguousarray(x, dtype=self.dtype), x.shape[0]

    def _given(self, out: Samples | None, rows: int, like: Samples) -> Samples:
        shape = (rows,) if like.ndim == 1 else (rows, self.channels)
        if out is None:
            return np.empty(shape, self.dtype)
        if out.shape[0] < rows or out.shape[1:] != shape[1:] or out.dtype != self.dtype or not out.flags.c_contiguous:
            raise ValueError(
                f"out of shape {out.shape} and type {out.dtype} must be {list(shape)} of {self.dtype}, C order"
            )
        return out


class SosFilter(_Blocks):
    """A cascade of second-order sections, such as `scipy.signal` designs with ``output="sos"``.

    Parameters
    ----------
    sos : float64[sections, 6], a0 = 1; or [channels, sections, 6] for a filter of its own for each channel
    channels : number of channels
    dtype : precision of samples and recursion. float64 equals `scipy.signal.sosfilt` to 1e-12. float32 is twice as
        fast; its noise grows with the square of rate over corner: keep corners above a thousandth of the rate.

    Raises
    ------
    ValueError
        If sections are not normalised, not finite or not stable; if a block does not fit.

    Notes
    -----
    Direct form II transposed: Oppenheim & Schafer, Discrete-Time Signal Processing, §6.3. A NaN stays in a
    recursion for ever: clean or hold such samples before (`Pipeline` does), or `reset` after.
    """

    def __init__(self, sos: NDArray[np.float64], channels: int = 1, dtype: DTypeLike = np.float64) -> None:
        super().__init__(channels, dtype)
        sos = np.asarray(sos, dtype=np.float64)
        if sos.ndim == 2:
            sos = np.broadcast_to(sos, (channels, *sos.shape))
        if sos.ndim != 3 or sos.shape[0] != channels or sos.shape[2] != 6 or sos.shape[1] == 0:
            raise ValueError(f"sos of shape {sos.shape} must be [sections, 6] or [{channels}, sections, 6]")
        if not np.isfinite(sos).all() or (sos[..., 3] != 1.0).any():
            raise ValueError("sections must be finite and normalised to a0 = 1")
        # Jury: both poles inside the unit circle
        a1, a2 = sos[..., 4], sos[..., 5]
        if ((np.abs(a2) >= 1.0) | (np.abs(a1) >= 1.0 + a2)).any():
            raise ValueError("sections must be stable: |a2| < 1 and |a1| < 1 + a2; lower the order or raise the corner")
        self.sos = sos
        table = np.zeros((self.groups, sos.shape[1], 5, LANES), self.dtype)
        for c in range(channels):
            table[c // LANES, :, :, c % LANES] = np.column_stack([sos[c, :, :3], -sos[c, :, 4:]])
        self._coefficients = table.reshape(self.groups, -1)
        self.state: Samples = np.zeros((self.groups, sos.shape[1] * 2 * LANES), self.dtype)

    def reset(self, value: float | NDArray[np.float64] = 0.0) -> None:
        """Forget the past, as if `value` (one, or one per channel) had been at the input for ever."""
        held = np.broadcast_to(np.asarray(value, dtype=np.float64), (self.channels,)).copy()
        state = self.state.reshape(self.groups, -1, 2, LANES)
        for s in range(self.sos.shape[1]):
            b0, b1, b2, _, a1, a2 = self.sos[:, s].T
            settled = held * (b0 + b1 + b2) / (1.0 + a1 + a2)
            second = b2 * held - a2 * settled
            first = b1 * held - a1 * settled + second
            for c in range(self.channels):
                state[c // LANES, s, :, c % LANES] = first[c], second[c]
            held = settled

    def process(self, x: Samples, out: Samples | None = None) -> Samples:
        """Filter the next block x : [samples, channels] into out (may be x) and return it."""
        x, rows = self._taken(x)
        out = self._given(out, rows, x)
        sos_block(x.reshape(-1), self.channels, rows, self._coefficients, self.state, self._tile, out.reshape(-1))
        return out


class FirFilter(_Blocks):
    """A finite impulse response, keeping every factor-th output.

    Parameters
    ----------
    taps : float64[count], h[0] first: y[n] = Σ h[k] x[n - k]
    channels, dtype : as in `SosFilter`
    factor : how many input samples make one output; the filter must remove what would fold

    Raises
    ------
    ValueError
        If there are no taps, or one is not finite; if a block does not fit.

    Notes
    -----
    Only the outputs kept are computed (Crochiere & Rabiner, Multirate Digital Signal Processing, §3.3). The first
    output belongs to the factor-th sample, so blocks of any size join without a seam.
    """

    def __init__(
        self, taps: NDArray[np.float64], channels: int = 1, dtype: DTypeLike = np.float64, *, factor: int = 1
    ) -> None:
        super().__init__(channels, dtype)
        taps = np.asarray(taps, dtype=np.float64)
        if taps.ndim != 1 or taps.size == 0 or not np.isfinite(taps).all():
            raise ValueError(f"taps of shape {taps.shape} must be one finite row of one value or more")
        if factor < 1:
            raise ValueError(f"factor = {factor} must be 1 or more")
        self.taps, self.factor = taps, factor
        self._cast = taps.astype(self.dtype)
        self._history = np.zeros((self.groups, (taps.size - 1 + TILE) * LANES), self.dtype)
        self._skip = factor - 1

    @property
    def delay_samples(self) -> float:
        """Group delay of a symmetric filter, in input samples."""
        return (self.taps.size - 1) / 2.0

    def reset(self) -> None:
        """Forget the past: zeros, and the next output after `factor` samples."""
        self._history[:] = 0.0
        self._skip = self.factor - 1

    def rows(self, samples: int) -> int:
        """How many outputs the next block of so many samples will give."""
        return max(-(-(samples - self._skip) // self.factor), 0)

    def process(self, x: Samples, out: Samples | None = None) -> Samples:
        """Filter the next block x : [samples, channels]; returns [outputs, channels], a view of out when given."""
        x, samples = self._taken(x)
        rows = self.rows(samples)
        out = self._given(out, rows, x)
        fir_block(
            x.reshape(-1), self.channels, samples, self._cast, self._history, self._skip, self.factor, self._tile,
            out.reshape(-1),
        )  # fmt: skip
        self._skip += rows * self.factor - samples
        return out[:rows]


class Decimator:
    """Anti-aliased decimation in stages: 80 dB stop band, flat within 0.05 dB up to 0.4 of the rate that comes out.

    Parameters
    ----------
    factor : by how much the rate falls; any whole number, quickest with small prime factors
    channels, dtype : as in `SosFilter`
    attenuation_db : of everything that would fold below half the output rate

    Raises
    ------
    ValueError
        If the factor is below 2 or holds a prime above 31 (choose a neighbour), or the attenuation is below 21 dB.

    Notes
    -----
    Each stage is a Kaiser-windowed low-pass (Kaiser 1974). All but the last need only remove what would fold into
    the final band, so they are short: Crochiere & Rabiner §5.2. Largest factors come first, where samples are many
    and transitions wide.
    """

    LARGEST_PRIME = 31

    def __init__(
        self, factor: int, channels: int = 1, dtype: DTypeLike = np.float64, *, attenuation_db: float = 85.0
    ) -> None:
        if factor < 2:
            raise ValueError(f"factor = {factor} must be 2 or more")
        if attenuation_db < 21.0:
            raise ValueError(f"attenuation of {attenuation_db:g} dB must be 21 dB or more")
        steps = _prime_factors(factor)
        if steps[0] > self.LARGEST_PRIME:
            raise ValueError(f"factor = {factor} holds the prime {steps[0]}; choose a neighbour with primes up to 31")
        self.factor = factor
        self.stages: list[FirFilter] = []
        rate = float(factor)  # in units of the final rate
        for k, step in enumerate(steps):
            out_rate = rate / step
            stop = 0.5 if k == len(steps) - 1 else out_rate - 0.5
            taps = kaiser_low_pass(0.4 / rate, stop / rate, attenuation_db + 3.0)
            self.stages.append(FirFilter(taps, channels, dtype, factor=step))
            rate = out_rate

    @property
    def delay_samples(self) -> float:
        """Group delay in input samples; output m (from 0) shows the input at (m + 1) * factor - 1 - delay."""
        delay, scale = 0.0, 1
        for stage in self.stages:
            delay += scale * stage.delay_samples
            scale *= stage.factor
        return delay

    def reset(self) -> None:
        """Forget the past."""
        for stage in self.stages:
            stage.reset()

    def process(self, x: Samples) -> Samples:
        """Decimate the next block x : [samples, channels]; returns [outputs, channels], perhaps none."""
        for stage in self.stages:
            x = stage.process(x)
        return x


def kaiser_low_pass(pass_edge: float, stop_edge: float, attenuation_db: float) -> NDArray[np.float64]:
    """Linear-phase low-pass, float64[odd], gain 1 at DC; edges as shares of the sample rate.

    Kaiser 1974: length (A - 7.95) / (2.285 Δω), shape 0.1102 (A - 8.7) above 50 dB, Oppenheim & Schafer §7.5.3.

    Raises
    ------
    ValueError
        If the edges do not rise from 0 to at most 0.5.
    """
    if not 0.0 < pass_edge < stop_edge <= 0.5:
        raise ValueError(f"edges {pass_edge:g} and {stop_edge:g} must rise, from above 0 to 0.5 of the rate at most")
    width = 2.0 * math.pi * (stop_edge - pass_edge)
    count = math.ceil((attenuation_db - 7.95) / (2.285 * width)) | 1
    if attenuation_db > 50.0:
        beta = 0.1102 * (attenuation_db - 8.7)
    else:
        beta = 0.5842 * (attenuation_db - 21.0) ** 0.4 + 0.07886 * (attenuation_db - 21.0)
    cutoff = 0.5 * (pass_edge + stop_edge)
    k = np.arange(count) - (count - 1) / 2
    taps = 2.0 * cutoff * np.sinc(2.0 * cutoff * k) * np.kaiser(count, beta)
    return np.asarray(taps / taps.sum())


def _prime_factors(number: int) -> list[int]:
    """Prime factors, largest first."""
    factors, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    if number > 1:
        factors.append(number)
    return sorted(factors, reverse=True)
