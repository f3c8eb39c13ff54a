"""A line and its neighbours fitted together in the bins of a Hann spectrum."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

HALF = 4
"""Bins to either side of a line that are fitted: the main lobe of the Hann window is 2 to either side."""
NEIGHBOURS = 6
"""Most neighbours fitted along with a line."""
WANDER = 0.25
"""A companion closer than that and weaker than this part of a line describes the line's own small movement."""
CLOSEST_BINS = 1.2
"""Two lines closer than this [1/duration] are not told apart: the fit would trade one for the other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One steady sine found in a record.

    Parameters
    ----------
    freq_hz, amplitude, phase_rad : amplitude is the peak, in the signal's unit; phase of the cosine at the first sample
    freq_std_hz, amplitude_std : standard errors, from the noise density beside the line; never below the
        Cramér–Rao bound of white noise of that density (Rife & Boorstyn 1974 eqs. 21-23)
    bias_bound : most that lines beyond the fitted ones can leak into the amplitude, same unit
    snr_db : amplitude²/2 over the noise power that falls into one bin (duration · density)
    method : "fit", or "flat-top" when the line is no steady sine (it moved a little within the record); the
        frequency then is that of the highest bin, and its error half a bin
    resolvable : False when another line lies closer than `CLOSEST_BINS` bins, when the line moved by more than a
        bin, or when nothing but a neighbour's flank lies within reach: amplitude and errors are NaN
    """

    freq_hz: float
    amplitude: float
    phase_rad: float
    freq_std_hz: float
    amplitude_std: float
    bias_bound: float
    snr_db: float
    method: Literal["fit", "flat-top"]
    resolvable: bool


class LineFit:
    """Bins around a line and its neighbours, explained by sines whose frequency, amplitude and phase are free.

    Parameters
    ----------
    spectrum : complex128[n // 2 + 1], Hann-windowed, times 2 / n
    n : samples of the record
    top : bin to start from
    """

    def __init__(self, spectrum: Complex, n: int, top: int) -> None:
        self.spectrum, self.n, self.top = spectrum, n, top
        # lines beyond this leak less than 1/1000 of themselves: 1/(πd(d²-1))
        self.first = max(top - 8 - HALF, 0)
        self.last = min(top + 8 + HALF, spectrum.size - 1)
        self.bins = np.arange(self.first, self.last + 1)
        self.place = np.zeros(0)
        self.height: Complex = np.zeros(0, np.complex128)
        self.noise = self._noise()
        self._find()

    def _noise(self) -> float:
        """Mean squared magnitude of noise in a bin: median of a wider neighbourhood, over ln 2 for chi-square 2."""
        reach = 40
        power = np.abs(self.spectrum[max(self.top - reach, 2) : self.top + reach + 1]) ** 2
        return float(np.median(power)) / math.log(2.0)

    def _model(self, place: Array) -> tuple[Complex, Complex]:
        """Spectra [bins, lines] of unit cosines and sines at `place` bins, mirror images included."""
        here = _hann_line(self.bins[:, None] - place[None, :], self.n)
        mirror = _hann_line(self.bins[:, None] + place[None, :], self.n)
        return here + mirror, 1j * (here - mirror)

    def _basis(self, place: Array) -> Complex:
        """Columns [bins, 2 lines + 1]: cosines, sines, and the mean, which reaches bin 1."""
        mean = _hann_line(self.bins[:, None].astype(np.float64), self.n)
        return np.concatenate([*self._model(place), mean], axis=1)

    def _heights(self, place: Array) -> tuple[Complex, Complex]:
        """Complex amplitudes that fit best, and the bins' remainder."""
        basis = self._basis(place)
        target = self.spectrum[self.first : self.last + 1]
        stacked = np.concatenate([basis.real, basis.imag])
        found = np.linalg.lstsq(stacked, np.concatenate([target.real, target.imag]), rcond=1e-9)[0]
        half = place.size
        return found[:half] + 1j * found[half : 2 * half], target - basis @ found

    def _find(self) -> None:
        """Add the strongest unexplained line, fit all again; stop when noise or nothing of weight is left."""
        rest = self.spectrum[self.first : self.last + 1]
        for k in range(1 + NEIGHBOURS):
            size = np.abs(rest)
            at = self.top - self.first if k == 0 else int(np.argmax(size))
            if k and not size[at] > max(4.0 * math.sqrt(self.noise), 2e-4 * abs(self.height[0])):
                break
            # Grandke 1983: half way towards the larger neighbour, by their ratio
            step = 1 if size[min(at + 1, size.size - 1)] >= size[max(at - 1, 0)] else -1
            ratio = size[min(max(at + step, 0), size.size - 1)] / max(size[at], np.finfo(float).tiny)
            start = self.first + at + step * float(np.clip((2.0 * ratio - 1.0) / (1.0 + ratio), 0.0, 0.5))
            before = (self.place, self.height)
            self.place, self.height, rest = self._refine(np.append(self.place, start))
            apart = np.abs(self.place[:, None] - self.place[None, :]) + 9.0 * np.eye(self.place.size)
            if k and apart[1:, 1:].min(initial=9.0) < 0.5:
                # one neighbour that is no sine, split in two: its first description stays
                self.place, self.height = before
                break

    def _refine(self, place: Array) -> tuple[Array, Complex, Complex]:
        """Gauss-Newton on the frequencies; amplitudes are solved for anew at every step."""
        height, rest = self._heights(place)
        for _ in range(30):
            slopes = self._slopes(place, height)
            jacobian = np.concatenate([slopes, self._basis(place)], axis=1)
            stacked = np.concatenate([jacobian.real, jacobian.imag])
            step = np.linalg.lstsq(stacked, np.concatenate([rest.real, rest.imag]), rcond=1e-9)[0][: place.size]
            step = np.clip(step, -0.3, 0.3)
            trial = np.clip(place + step, 0.6, self.n / 2 - 0.6)
            trial_height, trial_rest = self._heights(trial)
            if np.linalg.norm(trial_rest) > np.linalg.norm(rest):
                trial = place + 0.25 * (trial - place)
                trial_height, trial_rest = self._heights(trial)
            moved = float(np.abs(trial - place).max())
            place, height, rest = trial, trial_height, trial_rest
            if moved < 1e-7:
                break
        return place, height, rest

    def _slopes(self, place: Array, height: Complex) -> Complex:
        even_up, odd_up = self._model(place + 1e-5)
        even_down, odd_down = self._model(place - 1e-5)
        return np.asarray(((even_up - even_down) * height.real + (odd_up - odd_down) * height.imag) / 2e-5)

    def line(self, wanted: float, reach: float, rate_hz: float) -> Line:
        """Report the strongest of the lines within reach of where one is wanted [bins].

        When the method is "flat-top" the amplitude is the caller's to replace: it needs the samples.
        """
        df = rate_hz / self.n
        size = np.abs(self.height)
        within = np.abs(self.place - wanted) <= reach + 0.1
        if not within.any():
            return self._unresolved(self.top * df, float(size[0]))
        mine = int(np.argmax(np.where(within, size, -1.0)))
        place, amplitude = float(self.place[mine]), float(size[mine])
        apart = np.abs(self.place - place)
        companion = float(np.max(size, where=(apart > 0.0) & (apart < CLOSEST_BINS), initial=0.0))
        if companion > WANDER * amplitude:
            return self._unresolved(place * df, amplitude)
        rest = np.abs(self._heights(self.place)[1])
        unexplained = float(np.linalg.norm(rest[np.abs(self.bins - place) <= 2.5])) + companion
        if unexplained > max(0.02 * amplitude, 4.0 * math.sqrt(5.0 * self.noise)):
            # a sine leaves noise only; what is left over here is movement, not noise
            return Line(
                freq_hz=round(place) * df,
                amplitude=amplitude,
                phase_rad=math.nan,
                freq_std_hz=0.5 * df,
                amplitude_std=math.sqrt(2.0 * self.noise),
                bias_bound=unexplained,
                snr_db=self._snr_db(amplitude),
                method="flat-top",
                resolvable=True,
            )
        freq_std, amplitude_std = self._errors(mine)
        return Line(
            freq_hz=place * df,
            amplitude=amplitude,
            phase_rad=float(np.angle(self.height[mine])),
            freq_std_hz=freq_std * df,
            amplitude_std=amplitude_std,
            bias_bound=self._leakage(place) + max(unexplained - 1.5 * math.sqrt(5.0 * self.noise), 0.0),
            snr_db=self._snr_db(amplitude),
            method="fit",
            resolvable=True,
        )

    def _unresolved(self, freq_hz: float, height: float) -> Line:
        nan = math.nan
        return Line(freq_hz, nan, nan, nan, nan, nan, self._snr_db(height), "fit", resolvable=False)

    def _snr_db(self, amplitude: float) -> float:
        # noise of variance s² leaves 4·(3/8)s²/n in a bin of this scaling; one bin of its density holds 2s²/n
        bin_noise = self.noise / 0.75
        return 10.0 * math.log10(max(0.5 * amplitude**2, 1e-300) / max(bin_noise, 1e-300))

    def _errors(self, mine: int) -> tuple[float, float]:
        """Give standard errors [bins, unit] of one line: sandwich of the fit's normal equations.

        Noise in Hann bins d apart correlates by -2/3 and 1/6; the estimator knows nothing of it.
        """
        jacobian = np.concatenate([self._slopes(self.place, self.height), self._basis(self.place)], axis=1)
        lag = np.abs(self.bins[:, None] - self.bins[None, :])
        half = 0.5 * self.noise * np.select([lag == 0, lag == 1, lag == 2], [1.0, -2.0 / 3.0, 1.0 / 6.0], 0.0)
        stacked = np.concatenate([jacobian.real, jacobian.imag])
        inverse = np.linalg.pinv(stacked, rcond=1e-9)
        size = self.bins.size
        covariance = inverse[:, :size] @ half @ inverse[:, :size].T + inverse[:, size:] @ half @ inverse[:, size:].T
        count = self.place.size
        direction = np.zeros(3 * count + 1)
        unit = self.height[mine] / max(abs(self.height[mine]), np.finfo(float).tiny)
        direction[count + mine], direction[2 * count + mine] = unit.real, unit.imag
        return math.sqrt(covariance[mine, mine]), math.sqrt(float(direction @ covariance @ direction))

    def _leakage(self, place: float) -> float:
        """Sum over the peaks outside the fitted bins of what the Hann window lets through, 1/(πd(d²-1))."""
        size = np.abs(self.spectrum)
        inner = size[1:-1]
        peak = (inner >= size[:-2]) & (inner > size[2:]) & (inner > 4.0 * math.sqrt(self.noise))
        where = 1 + np.flatnonzero(peak)
        where = where[(where < self.first) | (where > self.last)]
        # half a bin nearer than the peak's bin, and higher by the scalloping
        distance = np.abs(where - place) - 0.5
        return float(np.sum(1.18 * size[where] / (np.pi * distance * (distance**2 - 1.0))))


def _hann_line(bins: Array, n: int) -> Complex:
    """Spectrum of exp(2πi·p·m/n)/1 under the Hann window at `bins` = k - p, scaled as amplitude: 1/2·2/n·sum."""
    total = np.zeros(bins.shape, np.complex128)
    for shift, weight in ((0.0, 0.5), (-1.0, -0.25), (1.0, -0.25)):
        u = bins + shift
        # Dirichlet kernel of n samples (Harris 1978 eq. 21)
        below = np.sin(np.pi * u / n)
        near = np.abs(below) < 1e-12
        kernel = np.where(near, 1.0, np.sin(np.pi * u) / np.where(near, 1.0, n * below))
        total += weight * kernel * np.exp(-1j * np.pi * u * (n - 1) / n)
    return total
