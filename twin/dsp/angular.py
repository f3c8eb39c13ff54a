"""Resampling on equal shaft angles by a Kaiser-windowed sinc: for whole records and for streams.

`orders.resample_to_angle` (four points, about four times oversampled input) is the quick method; this one keeps
amplitudes within 1 % up to two thirds of the Nyquist rate and has an anti-alias filter that follows the speed.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.angular import sinc_to_angle
from twin.dsp.spectrum import fast_length

Array = NDArray[np.float64]

PHASES = 512
"""Rows of the filter table per sample; linear interpolation between them costs 5e-6 of the amplitude."""
KAISER_BETA = 8.0
"""Stop band near 80 dB."""
OVERSAMPLING = 5.0
"""Samples per cycle of the highest order of interest, which then lies at 40 % of the order Nyquist rate."""


def samples_per_rev(max_order: float, *, rate_hz: float | None = None, top_speed_hz: float | None = None) -> int:
    """Choose the samples per revolution for orders up to `max_order`: 5 per cycle, rounded up to a quick FFT length.

    With `rate_hz` and `top_speed_hz` the record itself is checked: `max_order` at top speed must stay below
    rate/2.56, or the samples never held it.

    Raises
    ------
    ValueError
        If max_order is not positive, or the record's rate cannot hold it at top speed.
    """
    if not (math.isfinite(max_order) and max_order > 0.0):
        raise ValueError(f"max_order = {max_order} must be positive; name the highest order of interest")
    if rate_hz is not None and top_speed_hz is not None and max_order * top_speed_hz * 2.56 > rate_hz:
        raise ValueError(
            f"order {max_order:g} at {top_speed_hz:g} Hz is {max_order * top_speed_hz:g} Hz, above 1/2.56 of the "
            f"sample rate {rate_hz:g} Hz; sample faster or ask for orders up to {rate_hz / 2.56 / top_speed_hz:.3g}"
        )
    return fast_length(math.ceil(OVERSAMPLING * max_order))


@functools.lru_cache(maxsize=8)
def sinc_table(half_width: int) -> tuple[Array, Array]:
    """Make the filter table of a half width; both arrays are read-only and shared.

    First the filters for fractions p/PHASES of a sample, float64[PHASES + 1, 2·half_width], rows of unit sum; then
    the function they sample, float64[2·half_width·PHASES + 2] at lags of 1/PHASES from -half_width.
    Kaiser-windowed sinc (Kaiser 1974; Oppenheim & Schafer ch. 7); read from a table after Smith & Gossett 1984, ICASSP.
    """
    fraction = np.arange(PHASES + 1)[:, None] / PHASES
    lag = fraction + half_width - 1 - np.arange(2 * half_width)[None, :]
    table = _windowed_sinc(lag, half_width)
    table /= table.sum(axis=1, keepdims=True)
    prototype = np.zeros(2 * half_width * PHASES + 2)
    prototype[1:-2] = _windowed_sinc(np.arange(1, prototype.size - 2) / PHASES - half_width, half_width)
    table.flags.writeable = False
    prototype.flags.writeable = False
    return table, prototype


def _windowed_sinc(lag: Array, half_width: int) -> Array:
    inside = np.sqrt(np.maximum(1.0 - (lag / half_width) ** 2, 0.0))
    return np.asarray(np.sinc(lag) * np.i0(KAISER_BETA * inside) / np.i0(KAISER_BETA))


class AngularResampler:
    """Turns samples with their shaft angles into samples at equal angles, as they arrive.

    Outputs lie at the multiples of 1/samples_per_rev of the angle axis handed in; any split of the input gives
    the same bits. NaN in x makes NaN of every output within reach of it. Within `half_width` samples of the two
    ends of the stream the end sample is held, so the outputs there are less exact.

    Parameters
    ----------
    samples_per_rev : outputs per revolution
    channels : how many channels x has
    half_width : samples on either side under the filter, a multiple of 4; 8 keeps 1 % up to two thirds of the
        Nyquist rate, 16 up to five sixths
    widest : most input samples one output may span, which bounds the anti-alias filter and the memory; where
        the shaft turns slower than rate_hz/(samples_per_rev·widest), or stands, the output is NaN
    """

    __slots__ = (
        "_final",
        "_first",
        "_last_rev",
        "_prototype",
        "_revs",
        "_start",
        "_table",
        "_weights",
        "_x",
        "channels",
        "step",
        "widest",
    )

    def __init__(self, samples_per_rev: float, *, channels: int = 1, half_width: int = 8, widest: float = 64.0) -> None:
        if not (math.isfinite(samples_per_rev) and samples_per_rev > 0.0):
            raise ValueError(f"samples_per_rev = {samples_per_rev} must be positive")
        if half_width < 4 or half_width % 4:
            raise ValueError(f"half_width = {half_width} must be a multiple of 4, 8 for most uses")
        if not (math.isfinite(widest) and widest >= 1.0):
            raise ValueError(f"widest = {widest} input samples per output must be at least 1")
        if channels < 1:
            raise ValueError(f"channels = {channels} must be at least 1")
        self.channels = channels
        self.step = 1.0 / samples_per_rev
        self.widest = widest
        self._table, self._prototype = sinc_table(half_width)
        self._weights = np.empty(2 * math.ceil(half_width * widest) + 4)
        self.reset()

    def reset(self) -> None:
        """Forget the past, as after a gap; the next angle may be anything."""
        self._x: Array = np.empty((0, self.channels))
        self._revs: Array = np.empty(0)
        self._start = 0
        self._first: int | None = None
        self._last_rev = -math.inf
        self._final = False

    def process(self, x: Array, revs: Array) -> Array:
        """Take the next samples; give the outputs they complete.

        Parameters
        ----------
        x : float64[n] or float64[n, channels], any unit
        revs : float64[n], shaft angle of each sample [rev], finite, never falling

        Returns
        -------
        float64[m] or float64[m, channels], of the same dimension as x

        Raises
        ------
        ValueError
            If shapes do not match, or the angle is not finite or falls (also from block to block).
        """
        revs = np.asarray(revs, dtype=np.float64)
        table = np.asarray(x, dtype=np.float64)
        flat = table.ndim == 1
        table = table.reshape(-1, 1) if flat else table
        if table.ndim != 2 or table.shape[1] != self.channels or revs.shape != (table.shape[0],):
            raise ValueError(
                f"x has shape {np.shape(x)} and revs {revs.shape}; wanted [n, {self.channels}] and [n], "
                "one angle a sample"
            )
        self._check_angle(revs)
        if self._final:
            raise ValueError("this stream was flushed; call reset() before feeding it again")
        if revs.size:
            self._last_rev = float(revs[-1])
        if self._revs.size:
            self._x = np.concatenate([self._x, table])
            self._revs = np.concatenate([self._revs, revs])
        else:
            self._x, self._revs = np.array(table, order="C"), np.array(revs)
        out = self._run(final=False)
        return out[:, 0] if flat else out

    def flush(self) -> Array:
        """End the stream: the outputs that waited for later samples, float64[m, channels], the last sample held."""
        self._final = True
        return self._run(final=True)

    def _check_angle(self, revs: Array) -> None:
        if not revs.size:
            return
        if not math.isfinite(float(revs.sum())):
            at = int(np.argmin(np.isfinite(revs)))
            raise ValueError(f"revs[{at}] = {revs[at]}: the angle must be finite; repair the speed or drop the window")
        falls = np.flatnonzero(np.diff(revs, prepend=self._last_rev) < 0.0)
        if falls.size:
            at = int(falls[0])
            raise ValueError(
                f"the angle falls at sample {at} (to {revs[at]:g} rev): the shaft turns backwards, or the speed is "
                "negative; split the record there"
            )

    def _run(self, *, final: bool) -> Array:
        n = self._revs.size
        if n < 2:
            return np.empty((0, self.channels))
        if self._first is None:
            self._first = math.ceil(float(self._revs[0]) / self.step)
        room = int(float(self._revs[-1]) / self.step) - self._first + 2
        out = np.empty((max(room, 0), self.channels))
        filled, self._start = sinc_to_angle(
            self._x,
            self._revs,
            self._start,
            self._first,
            self.step,
            self._table,
            self._prototype,
            self.widest,
            final,
            self._weights,
            out,
        )
        self._first += filled
        spare = self._start - math.ceil(self._table.shape[1] // 2 * self.widest)
        if spare > n // 2:
            # trimmed only when it pays: what is kept is copied once per doubling, not once per block
            self._x, self._revs, self._start = self._x[spare:].copy(), self._revs[spare:].copy(), self._start - spare
        return out[:filled]


def to_angle(x: Array, revs: Array, samples_per_rev: float, *, half_width: int = 8, widest: float = 64.0) -> Array:
    """Sample a whole record x : float64[n] or [n, channels] at equal angles; see `AngularResampler`.

    The first output lies at the first multiple of 1/samples_per_rev at or after revs[0].

    Raises
    ------
    ValueError
        If there are fewer than two samples, the angle is not finite or falls, or the whole record holds less
        than one revolution.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.shape[0] < 2:
        raise ValueError(f"{x.shape[0]} samples cannot be resampled; give at least one revolution")
    resampler = AngularResampler(
        samples_per_rev, channels=1 if x.ndim == 1 else x.shape[1], half_width=half_width, widest=widest
    )
    body = resampler.process(x, revs)
    if float(revs[-1]) - float(revs[0]) < 1.0:
        raise ValueError(
            f"the record holds {float(revs[-1]) - float(revs[0]):.3g} revolutions and must hold at least one; "
            "the shaft stands, or the record is too short"
        )
    tail = resampler.flush()
    return np.concatenate([body, tail[:, 0] if x.ndim == 1 else tail])
