"""Three-phase quantities: space vector, Park's vector modulus, symmetrical components, unbalance."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.sequence import sequence_windows
from twin.dsp.spectrum import hann

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

TURN = complex(-0.5, math.sqrt(0.75))
"""exp(j 2 pi / 3), the operator a of symmetrical components."""
MIN_CYCLES = 4
"""Supply periods in the shortest window: a Hann window of four parts a line from DC and from its harmonics."""


def three_phases(i: Array, what: str = "current") -> Array:
    """Check i : float64[3, n], phases as rows; returned as a contiguous float64 array.

    Raises
    ------
    ValueError
        If there are not three rows, with a hint when there are three columns.
    """
    if not (isinstance(i, np.ndarray) and i.dtype == np.float64 and i.flags.c_contiguous):
        i = np.ascontiguousarray(i, dtype=np.float64)
    if i.ndim != 2 or i.shape[0] != 3:
        hint = "; phases are rows: transpose it" if i.ndim == 2 and i.shape[1] == 3 else ""
        raise ValueError(f"three-phase {what} of shape {i.shape} must be of shape (3, n){hint}")
    return i


def space_vector(i: Array) -> Complex:
    """Space vector 2/3 (a-phase + a b-phase + a² c-phase), complex128[n], of i : float64[3, n].

    Peak-valued: a balanced set of amplitude I turns with modulus I. A positive sequence shows at +f, a
    negative one at -f; the zero sequence is not in it. NaN in any phase is NaN in the vector (Kovács and
    Rácz 1959; Clarke 1943).
    """
    i = three_phases(i)
    vector = np.empty(i.shape[1], dtype=np.complex128)
    vector.real = (2.0 * i[0] - i[1] - i[2]) / 3.0
    vector.imag = (i[1] - i[2]) / math.sqrt(3.0)
    return vector


def park_modulus(i: Array) -> Array:
    """Modulus of Park's vector at each sample, float64[n], in the unit of i : float64[3, n].

    Constant for a healthy motor on a balanced supply; a negative sequence I2 beside I1 makes it beat at 2 f1
    with amplitude I2 (extended Park's vector approach, Cruz and Marques Cardoso 2001).
    """
    return np.asarray(np.abs(space_vector(i)))


@dataclass(frozen=True, slots=True)
class Sequences:
    """Symmetrical components at the supply frequency.

    Parameters
    ----------
    positive, negative, zero : peak phasors, in the unit of the signal, at the time of the first sample
    phases : peak phasors of the three phases
    negative_share : negative over positive, complex: its angle tells where the asymmetry sits
    negative_share_std : standard error of its modulus from the scatter between segments; NaN with one segment
    segments : how many were averaged
    """

    positive: complex
    negative: complex
    zero: complex
    phases: tuple[complex, complex, complex]
    negative_share: complex
    negative_share_std: float
    segments: int

    @property
    def zero_share(self) -> float:
        """Zero over positive sequence. A motor without neutral has none: what shows is error of the sensors."""
        return abs(self.zero) / abs(self.positive)

    @property
    def nema_unbalance(self) -> float:
        """Largest deviation of a phase's amplitude from their mean, over the mean (as NEMA MG 1 defines it)."""
        size = [abs(phase) for phase in self.phases]
        mean = sum(size) / 3.0
        return max(abs(value - mean) for value in size) / mean


def sequences(i: Array, rate_hz: float, supply_hz: float, *, max_segments: int = 16) -> Sequences:
    """Symmetrical components (Fortescue 1918) of i : float64[3, n] at supply_hz.

    The record is cut in up to `max_segments` half-overlapping Hann segments of at least 8 periods; phasors are
    means over the segments.

    Raises
    ------
    ValueError
        If shapes or numbers make no sense, samples are not finite, the record is shorter than 4 periods, or
        there is no positive sequence to compare with.
    """
    i = three_phases(i)
    _check_rate(rate_hz, supply_hz)
    if not np.isfinite(i).all():
        raise ValueError("three-phase current holds values that are not numbers: cut them out, or give another record")
    n = i.shape[1]
    least = MIN_CYCLES * rate_hz / supply_hz
    if n < least:
        raise ValueError(
            f"{n} samples are shorter than {MIN_CYCLES} periods of {supply_hz:g} Hz ({math.ceil(least)} samples)"
        )
    length = min(max(math.ceil(2.0 * least), 2 * n // (max_segments + 1)), n)
    starts = np.unique(np.linspace(0, n - length, max(2 * n // length - 1, 1)).astype(np.int64))
    table = _table(length, rate_hz, supply_hz)
    # real times complex would first make the signal complex: two real columns are one quick product
    columns = table.view(np.float64).reshape(-1, 2)
    pairs = np.array([i[:, s : s + length] @ columns for s in starts])
    turns = np.exp(-2j * np.pi * np.mod(supply_hz * starts / rate_hz, 1.0))
    phasors = (pairs[..., 0] + 1j * pairs[..., 1]) * turns[:, None]
    parts = components(phasors)
    if not np.all(np.abs(parts[:, 0]) > 1e-12 * np.abs(i).max()):
        raise ValueError(f"no positive sequence at {supply_hz:g} Hz: check supply frequency and phase order")
    share = parts[:, 1] / parts[:, 0]
    mean = parts.mean(axis=0)
    spread = math.nan
    if share.size > 1:
        # two components share the scatter; half-overlapping Hann segments correlate by 1/6, so the mean is worth
        # 3/4 of as many independent ones
        scatter = float(np.sum(np.abs(share - share.mean()) ** 2)) / (2.0 * (share.size - 1))
        spread = math.sqrt(scatter / share.size * 4.0 / 3.0)
    a, b, c = (complex(value) for value in phasors.mean(axis=0))
    return Sequences(
        complex(mean[0]), complex(mean[1]), complex(mean[2]), (a, b, c), complex(share.mean()), spread, int(share.size)
    )


def components(phasors: Complex) -> Complex:
    """Positive, negative and zero sequence, complex128[..., 3], of phase phasors complex128[..., 3]."""
    a, b, c = phasors[..., 0], phasors[..., 1], phasors[..., 2]
    back = TURN.conjugate()
    return np.stack([a + TURN * b + back * c, a + back * b + TURN * c, a + b + c], axis=-1) / 3.0


class SequenceMeter:
    """Symmetrical components of a stream, one row each half window; any chunking gives the same bits.

    Parameters
    ----------
    rate_hz, supply_hz : sample rate and the (constant) frequency measured at
    cycles : supply periods in a window, at least 4; the window is rounded to an even number of samples
    """

    __slots__ = ("_out", "_position", "_sums", "_table", "window")

    def __init__(self, rate_hz: float, supply_hz: float, cycles: int = 10) -> None:
        _check_rate(rate_hz, supply_hz)
        if cycles < MIN_CYCLES:
            raise ValueError(f"cycles = {cycles} must be at least {MIN_CYCLES}")
        self.window = 2 * round(0.5 * cycles * rate_hz / supply_hz)
        """Samples in a window; rows are half of it apart."""
        self._table = _table(self.window, rate_hz, supply_hz)
        self._sums = np.zeros((2, 3), dtype=np.complex128)
        self._position = np.zeros(2, dtype=np.int64)
        self._out = np.empty((4, 3), dtype=np.complex128)
        self.reset()

    def reset(self) -> None:
        """Forget what was fed."""
        self._sums[:] = 0.0
        self._position[0] = 0
        self._position[1] = -(self.window // 2)

    def process(self, i: Array) -> Complex:
        """Feed i : float64[3, n]; return complex128[m, 3] of the m windows that ended in it.

        Columns are positive, negative and zero sequence, peak phasors relative to each window's start. A
        window that holds a NaN is NaN. Without a window's end in the block, m is 0.
        """
        i = three_phases(i)
        rows = 2 * i.shape[1] // self.window + 2
        if rows > self._out.shape[0]:
            self._out = np.empty((rows, 3), dtype=np.complex128)
        filled = sequence_windows(i, self._table, self._sums, self._position, self._out)
        return self._out[:filled].copy()


def _table(length: int, rate_hz: float, supply_hz: float) -> Complex:
    window = hann(length)
    turns = np.arange(length) * (supply_hz / rate_hz)
    return np.asarray(window * np.exp(-2j * np.pi * turns) * (2.0 / float(window.sum())))


def _check_rate(rate_hz: float, supply_hz: float) -> None:
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    if not (math.isfinite(supply_hz) and 0.0 < supply_hz < 0.5 * rate_hz):
        raise ValueError(f"supply frequency {supply_hz:g} Hz must lie between 0 and half of the rate, {rate_hz:g} Hz")
