"""Short-time Fourier transform, its power, and the way back."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.density import channels, check_rate
from twin.dsp.windows import Window, window

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Stft:
    """Spectra of overlapping frames.

    Parameters
    ----------
    freq_hz : float64[bins]
    time_s : float64[frames], middle of each frame, 0 at the first sample of the signal: a frame tells about
        time_s ± segment / (2 rate), and an event may show that much before it happens
    values : complex128[..., frames, bins], scaled so that the magnitude is the peak amplitude of a sine in the
        bin; the phase is that of the cosine at the frame's first sample
    rate_hz, samples, hop : of the signal, and between frames
    padded : whether zeros before and after let every sample stand under all its frames
    window : shape and its numbers
    """

    freq_hz: Array
    time_s: Array
    values: Complex
    rate_hz: float
    samples: int
    hop: int
    padded: bool
    window: Window = field(repr=False)

    def amplitude(self) -> Array:
        """Peak amplitudes float64[..., frames, bins] [unit]."""
        return np.abs(self.values)

    def density(self) -> Array:
        """One-sided power density of each frame (the spectrogram), float64[..., frames, bins] [unit²/Hz]."""
        square = self.values.real**2 + self.values.imag**2
        factor = np.full(self.freq_hz.size, 0.5 / (self.window.enbw_bins * float(self.freq_hz[1])))
        # the ends have no mirror image, and their amplitude was not doubled
        factor[0] *= 2.0
        if self.window.values.size % 2 == 0:
            factor[-1] *= 2.0
        return np.asarray(square * factor)


def stft(
    x: ArrayLike,
    rate_hz: float,
    segment: int,
    hop: int | None = None,
    *,
    window: str = "hann",
    padded: bool = True,
) -> Stft:
    """Spectra of frames of `segment` samples, `hop` apart.

    Parameters
    ----------
    x : float64[..., n], any unit; frames with a missing reading (NaN, Inf) are NaN, the others are not touched
    rate_hz : sample rate
    segment : samples of a frame; the bins are rate_hz / segment apart
    hop : samples from frame to frame; a quarter of the segment when None
    window : see `twin.dsp.windows.window`
    padded : surround the signal by zeros so that `istft` returns every sample; False keeps whole frames only,
        for a picture without dark borders

    Raises
    ------
    ValueError
        If a parameter is out of its range, or not padded and the signal shorter than one segment.
    """
    data = channels(x)
    check_rate(rate_hz)
    step = max(segment // 4, 1) if hop is None else hop
    if segment < 2 or not 1 <= step <= segment:
        raise ValueError(f"segment = {segment} must be at least 2 and hop = {step} between 1 and the segment")
    n = data.shape[-1]
    if not padded and n < segment:
        raise ValueError(f"segment = {segment} must be between 2 and the length of the signal, {n}; or pad")
    shape = _window(window, segment)
    before = segment - step if padded else 0
    frames = math.ceil((n + before) / step) if padded else (n - segment) // step + 1
    from scipy import fft

    total = (frames - 1) * step + segment
    inside = np.zeros((*data.shape[:-1], total))
    used = min(n, total - before)
    inside[..., before : before + used] = data[..., :used]
    factor = shape.values * (2.0 / (segment * shape.coherent_gain))
    pieces = np.lib.stride_tricks.sliding_window_view(inside, segment, axis=-1)[..., ::step, :]
    values: Complex = np.empty((*data.shape[:-1], frames, segment // 2 + 1), np.complex128)
    # channel by channel, for the windowed frames of one stay in the cache; Inf times a window's 0 is NaN
    with np.errstate(invalid="ignore"):
        for channel in np.ndindex(data.shape[:-1]):
            values[channel] = fft.rfft(pieces[channel] * factor, axis=-1)
        values[..., 0] *= 0.5
        if segment % 2 == 0:
            values[..., -1] *= 0.5
    # in the transform a missing reading spoils every bin of its frames; Inf would leave some of them Inf
    broken = ~np.isfinite(values[..., :1].real)
    if broken.any():
        values[np.broadcast_to(broken, values.shape)] = math.nan
    return Stft(
        freq_hz=np.asarray(np.arange(segment // 2 + 1) * (rate_hz / segment), np.float64),
        time_s=np.asarray((np.arange(frames) * step - before + 0.5 * segment) / rate_hz, np.float64),
        values=values,
        rate_hz=rate_hz,
        samples=n,
        hop=step,
        padded=padded,
        window=shape,
    )


def istft(frames: Stft) -> Array:
    """Signal float64[..., n] whose frames come closest to these (Griffin & Lim 1984 eq. 6).

    Returns the signal exactly (to rounding) when the frames were not changed, for every window and hop that
    leave no sample without weight; a sum of window squares that is constant is not needed. After changes, as a
    mask, it is the least-squares answer. Not padded, samples without weight at the ends are NaN.

    Raises
    ------
    ValueError
        If the window and hop leave samples between frames without weight.
    """
    from scipy import fft

    segment, hop = frames.window.values.size, frames.hop
    count = frames.values.shape[-2]
    doubled = np.full(frames.freq_hz.size, 0.5)
    doubled[0] = 1.0
    if segment % 2 == 0:
        doubled[-1] = 1.0
    scale = doubled * (segment * frames.window.coherent_gain)
    values = frames.window.values
    total = np.empty((*frames.values.shape[:-2], (count - 1) * hop + segment))
    for channel in np.ndindex(total.shape[:-1]):
        pieces = fft.irfft(frames.values[channel] * scale, segment, axis=-1, overwrite_x=True)
        pieces *= values
        total[channel] = _overlap_add(pieces, hop)
    weight = _overlap_add(np.broadcast_to(values**2, (count, segment)), hop)
    first = segment - hop if frames.padded else 0
    seen = weight[first : first + frames.samples]
    floor = 1e-10 * float(weight.max())
    inner = weight[segment - hop : weight.size - segment + hop] if count > 1 else weight
    if count > 1 and float(inner.min(initial=math.inf)) <= floor:
        raise ValueError(f"window {frames.window.name!r} with hop = {hop} of {segment} leaves gaps; take a smaller hop")
    out = np.full((*total.shape[:-1], frames.samples), math.nan)
    out[..., : seen.size] = np.where(
        seen > floor, total[..., first : first + seen.size] / np.where(seen > floor, seen, 1.0), math.nan
    )
    return out


def _overlap_add(pieces: Array, hop: int) -> Array:
    """Sum of frames [..., frames, segment] laid `hop` apart: one addition for each part of a segment a hop long."""
    count, segment = pieces.shape[-2:]
    parts = -(-segment // hop)
    total = np.zeros((*pieces.shape[:-2], count + parts - 1, hop))
    for k in range(parts):
        part = pieces[..., k * hop : (k + 1) * hop]
        total[..., k : k + count, : part.shape[-1]] += part
    return total.reshape(*pieces.shape[:-2], -1)[..., : (count - 1) * hop + segment]


_window = window
