"""Order spectra, orders followed along the angle, and maps of orders or frequencies against speed."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.dsp.angular import to_angle
from twin.dsp.spectrum import amplitude_spectrum, fast_length, hann, line_amplitude

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class OrderSpectrum:
    """Amplitude of each order, averaged over segments of equal angle.

    Parameters
    ----------
    amplitude : float64[bins], rms average of the Hann peak amplitudes of the segments
    bins_per_order : bins per shaft order, the revolutions in a segment
    segments : half-overlapping segments averaged
    """

    amplitude: Array = field(repr=False)
    bins_per_order: float
    segments: int

    @property
    def orders(self) -> Array:
        """Order of each bin."""
        return np.arange(self.amplitude.size) / self.bins_per_order

    def line(self, order: float, reach: float = 1.5) -> tuple[float, float]:
        """Amplitude and exact order of the strongest line within `reach` bins of `order`, between bins."""
        amplitude, place = line_amplitude(self.amplitude, order * self.bins_per_order, reach)
        return amplitude, place / self.bins_per_order


def order_spectrum(x: Array, samples_per_rev: float, *, revs_per_segment: float | None = None) -> OrderSpectrum:
    """Order spectrum of x : float64[n] sampled at equal angles (`angular.to_angle`).

    Each segment loses its mean, gets a Hann window and is transformed; powers are averaged (Welch's method with
    angle for time). With `revs_per_segment` None one segment spans the record. Lines are told apart when they lie
    2/revs_per_segment orders apart.

    Raises
    ------
    ValueError
        If x holds NaN or infinity, or the segment fewer than 2 revolutions or more than x.
    """
    x = np.asarray(x, dtype=np.float64)
    size = x.size if revs_per_segment is None else round(revs_per_segment * samples_per_rev)
    if not 2.0 * samples_per_rev <= size <= x.size:
        raise ValueError(
            f"a segment of {size / samples_per_rev:.3g} revolutions must hold at least 2 and no more than the record, "
            f"{x.size / samples_per_rev:.3g}"
        )
    _finite(x)
    hop = max(size // 2, 1)
    starts = range(0, x.size - size + 1, hop)
    power = np.zeros(size // 2 + 1)
    for start in starts:
        piece = x[start : start + size]
        power += amplitude_spectrum(piece - piece.mean()) ** 2
    return OrderSpectrum(np.asarray(np.sqrt(power / len(starts))), size / samples_per_rev, len(starts))


@dataclass(frozen=True, slots=True)
class OrderTrack:
    """Orders along the angle.

    Parameters
    ----------
    revs : float64[frames], angle at the middle of each frame [rev]
    orders : float64[m]
    value : complex128[frames, m]; magnitude is the peak amplitude, the angle is the phase of
        cos(2π order revs + phase), so an order locked to the shaft keeps its phase
    """

    revs: Array = field(repr=False)
    orders: Array
    value: ComplexArray = field(repr=False)


def track_orders(
    x: Array,
    samples_per_rev: float,
    orders: Array,
    *,
    first_rev: float = 0.0,
    revs_per_frame: float = 8.0,
    hop_revs: float | None = None,
) -> OrderTrack:
    """Amplitude and phase of given orders in frames of equal angle: projection under a Hann window.

    (Synchronous detection; e.g. Brandt 2011, Noise and Vibration Analysis, ch. 12.) An order leaks into another
    unless they are 2/revs_per_frame apart; crossing orders of other shafts need longer frames.

    Parameters
    ----------
    x : float64[n] sampled at equal angles, the first at the angle `first_rev` [rev]; NaN in a frame makes its
        values NaN
    orders : float64[m], below samples_per_rev/2
    hop_revs : step between frames, a quarter of one when None

    Raises
    ------
    ValueError
        If x is shorter than a frame, or an order is not in (0, samples_per_rev/2).
    """
    x = np.asarray(x, dtype=np.float64)
    orders = np.atleast_1d(np.asarray(orders, dtype=np.float64))
    if not np.all((orders > 0.0) & (orders < 0.5 * samples_per_rev)):
        raise ValueError(f"orders {orders} must lie in (0, {0.5 * samples_per_rev:g}), half the samples per revolution")
    size = round(revs_per_frame * samples_per_rev)
    if size < 8 or size > x.size:
        raise ValueError(
            f"a frame of {revs_per_frame:g} revolutions must fit into the record of {x.size / samples_per_rev:.3g}; "
            "record longer or take shorter frames"
        )
    hop = max(round((0.25 * revs_per_frame if hop_revs is None else hop_revs) * samples_per_rev), 1)
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop]
    turn = np.exp(-2j * np.pi * np.outer(np.arange(size) / samples_per_rev, orders))
    window = hann(size)
    value = frames @ (turn * (window * (2.0 / float(window.sum())))[:, None])
    start = first_rev + np.arange(frames.shape[0]) * (hop / samples_per_rev)
    value *= np.exp(-2j * np.pi * np.outer(start, orders))
    return OrderTrack(np.asarray(start + 0.5 * size / samples_per_rev, dtype=np.float64), orders, np.asarray(value))


@dataclass(frozen=True, slots=True)
class SpeedMap:
    """Spectra against speed: rows for a colour map or a Campbell diagram.

    Parameters
    ----------
    speed_hz : float64[rows], mean shaft speed of each row
    axis : float64[bins], orders for `order_map`, Hz for `campbell`
    amplitude : float64[rows, bins], peak amplitude; a row of `campbell` in which no frame fell is NaN
    """

    speed_hz: Array
    axis: Array = field(repr=False)
    amplitude: Array = field(repr=False)


def order_map(
    x: Array,
    revs: Array,
    rate_hz: float,
    samples_per_rev: float,
    *,
    revs_per_frame: float = 16.0,
    overlap: float = 0.75,
) -> SpeedMap:
    """Order spectra of successive frames of a record x : float64[n] with its angle revs : float64[n] [rev].

    Shaft orders stand upright in it, resonances run along hyperbolas.

    Raises
    ------
    ValueError
        If the record is shorter than a frame, `overlap` is not in [0, 1), or the angle is not finite or falls.
    """
    revs = np.asarray(revs, dtype=np.float64)
    sampled = to_angle(x, revs, samples_per_rev)
    size = round(revs_per_frame * samples_per_rev)
    frames = _frames(sampled, size, overlap, "revolutions", samples_per_rev)
    rows = np.array([amplitude_spectrum(frame - frame.mean()) for frame in frames])
    hop = max(round(size * (1.0 - overlap)), 1)
    begin = math.ceil(float(revs[0]) * samples_per_rev) / samples_per_rev
    edge = begin + np.arange(rows.shape[0]) * hop / samples_per_rev
    # time at which an angle was passed; the angle rises wherever there are outputs
    passed = np.interp(np.concatenate([edge, edge + revs_per_frame]), revs, np.arange(revs.size) / rate_hz)
    took = passed[rows.shape[0] :] - passed[: rows.shape[0]]
    return SpeedMap(revs_per_frame / took, np.arange(rows.shape[1]) * samples_per_rev / size, rows)


def campbell(
    x: Array, speed_hz: Array, rate_hz: float, *, window_s: float, speed_step_hz: float, overlap: float = 0.75
) -> SpeedMap:
    """Spectra in Hz averaged (rms) over the frames of each speed class: the data of a Campbell diagram.

    Resonances stand upright in it, shaft orders run along rays; within a frame the speed must hardly change.

    Raises
    ------
    ValueError
        If x and speed_hz differ in length, the speed is not finite, or the record is shorter than a window.
    """
    speed_hz = np.asarray(speed_hz, dtype=np.float64)
    x = np.asarray(x, dtype=np.float64)
    if x.shape != speed_hz.shape or not np.all(np.isfinite(speed_hz)):
        raise ValueError(
            f"speed_hz must be finite, one value for each of the {x.size} samples; it has {speed_hz.shape}"
        )
    if not (math.isfinite(speed_step_hz) and speed_step_hz > 0.0):
        raise ValueError(f"speed_step_hz = {speed_step_hz} must be positive")
    size = fast_length(round(window_s * rate_hz))
    frames = _frames(x, size, overlap, "seconds", rate_hz)
    mean = _frames(speed_hz, size, overlap, "seconds", rate_hz).mean(axis=1)
    group = np.floor(mean / speed_step_hz).astype(np.int64)
    low = int(group.min())
    power = np.zeros((int(group.max()) - low + 1, size // 2 + 1))
    count = np.bincount(group - low, minlength=power.shape[0])
    for row, frame in zip(group - low, frames, strict=True):
        power[row] += amplitude_spectrum(frame - frame.mean()) ** 2
    with np.errstate(invalid="ignore"):
        rows = np.sqrt(power / count[:, None])
    classes = np.asarray((low + 0.5 + np.arange(rows.shape[0])) * speed_step_hz, dtype=np.float64)
    return SpeedMap(classes, np.arange(rows.shape[1]) * rate_hz / size, rows)


def _frames(x: Array, size: int, overlap: float, unit: str, per_unit: float) -> Array:
    if not 0.0 <= overlap < 1.0:
        raise ValueError(f"overlap = {overlap} must be in [0, 1), a share of the frame")
    if not 8 <= size <= x.size:
        raise ValueError(f"a frame of {size / per_unit:.3g} {unit} must fit into the record of {x.size / per_unit:.3g}")
    return np.lib.stride_tricks.sliding_window_view(x, size)[:: max(round(size * (1.0 - overlap)), 1)]


def _finite(x: Array) -> None:
    if not np.all(np.isfinite(x)):
        count = int(np.count_nonzero(~np.isfinite(x)))
        raise ValueError(f"{count} of {x.size} values are NaN or infinite: there is no spectrum; cut or repair them")
