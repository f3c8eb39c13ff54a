"""Condition of a gear from the average of its turns: residual and difference signals, demodulation, indicators.

Sources: Stewart 1977 (FM0, FM4); Martin 1989 (M6A, M8A); Zakrajsek, Townsend & Decker 1993, NASA TM-105950 (NA4,
NB4 and the signals they take); McFadden 1986, J. Vib. Acoust. 108 (demodulation of a mesh harmonic); Večeř,
Kreidl & Šmíd 2005, Acta Polytechnica 45 (the definitions side by side).
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.dsp.order_tracking import OrderSpectrum
from twin.dsp.tsa import Average

Array = NDArray[np.float64]

LEAST_PART = 1e-9
"""Share of the average's rms below which a residual is rounding, and has no shape."""
SIDEBANDS = 6
"""Sidebands on either side in the sideband energy ratio."""


def residual_signal(average: Average, teeth: int, *, sidebands: int = 0) -> Array:
    """Take the regular mesh off one averaged turn: mean, shaft orders 1 and 2, all mesh harmonics.

    Parameters
    ----------
    average : one turn of the gear's own shaft
    teeth : its teeth; harmonic m of the mesh is order m·teeth
    sidebands : how many sidebands on either side go too; 0 gives the residual signal (NA4), 1 the difference
        signal (FM4, M6A, M8A)

    Returns
    -------
    float64[samples_per_rev], the unit of the average

    Raises
    ------
    ValueError
        If the average has gaps (NaN), or fewer than 3 samples a tooth.
    """
    spectrum = np.fft.rfft(_turn(average, teeth))
    spectrum[:3] = 0.0
    for mesh in range(teeth, spectrum.size + sidebands, teeth):
        spectrum[mesh - sidebands : mesh + sidebands + 1] = 0.0
    return np.asarray(np.fft.irfft(spectrum, average.values.size))


def difference_signal(average: Average, teeth: int) -> Array:
    """Residual signal without the first sidebands of the mesh harmonics too; see `residual_signal`."""
    return residual_signal(average, teeth, sidebands=1)


@dataclass(frozen=True, slots=True)
class MeshModulation:
    """Amplitude and phase of one mesh harmonic along the turn.

    Parameters
    ----------
    amplitude : float64[n], unit of the average
    phase : float64[n], deviation from the carrier [rad], mean zero
    teeth : teeth per turn
    harmonic : which mesh harmonic
    """

    amplitude: Array = field(repr=False)
    phase: Array = field(repr=False)
    teeth: int
    harmonic: int

    @property
    def amplitude_event(self) -> float:
        """Tooth (0 ≤ tooth < teeth, fractional, from angle zero) where the amplitude is farthest from its median."""
        return self._tooth(self.amplitude)

    @property
    def phase_event(self) -> float:
        """Tooth (0 ≤ tooth < teeth, fractional, from angle zero) where the phase is farthest from its median."""
        return self._tooth(self.phase)

    def _tooth(self, values: Array) -> float:
        return int(np.argmax(np.abs(values - np.median(values)))) * self.teeth / values.size


def demodulate_mesh(average: Average, teeth: int, *, harmonic: int = 1, half_band: int | None = None) -> MeshModulation:
    """Amplitude and phase modulation of a mesh harmonic, by the analytic signal of a band around it.

    Parameters
    ----------
    average, teeth : see `residual_signal`
    harmonic : 1 for the mesh frequency; the strongest is best
    half_band : shaft orders on either side; just short of half-way to the next harmonic when None

    Raises
    ------
    ValueError
        If the band does not fit between its neighbours, or the harmonic is absent (no carrier, no phase).
    """
    values = _turn(average, teeth)
    half = (teeth - 1) // 2 if half_band is None else half_band
    carrier = harmonic * teeth
    if not 1 <= half < teeth or harmonic < 1 or carrier + half >= values.size // 2:
        raise ValueError(
            f"harmonic {harmonic} with {half} orders on either side does not fit below order {values.size // 2}; "
            f"half_band must be 1 … {teeth - 1}, and {2 * (carrier + half) + 2} samples per turn would do"
        )
    spectrum = np.fft.fft(values)
    if abs(spectrum[carrier]) * 2.0 / values.size < 1e-6 * float(np.sqrt(np.mean(values**2))):
        raise ValueError(f"mesh harmonic {harmonic} (order {carrier}) is absent: there is no carrier to demodulate")
    shifted = np.zeros(values.size, dtype=np.complex128)
    shifted[: half + 1] = spectrum[carrier : carrier + half + 1]
    shifted[-half:] = spectrum[carrier - half : carrier]
    analytic = 2.0 * np.fft.ifft(shifted)
    phase = np.unwrap(np.angle(analytic))
    return MeshModulation(np.asarray(np.abs(analytic)), np.asarray(phase - phase.mean()), teeth, harmonic)


@dataclass(frozen=True, slots=True)
class GearConditions:
    """Indicators of one averaged turn; NaN where the signal they describe is nothing but rounding.

    Parameters
    ----------
    mesh_amplitudes : float64[harmonics], peak amplitude of each mesh harmonic, unit of the average
    fm0 : peak to peak of the average over the sum of mesh_amplitudes; rises with a local or a heavy fault
    fm4, m6a, m8a : 4th, 6th, 8th moment of the difference signal over powers of its variance: 3, 15, 105 for
        normal noise, more for a fault on a tooth or two
    na4 : 4th moment of the residual signal over the square of its variance averaged over all turns seen so far;
        keeps rising as damage spreads
    nb4 : the same of the envelope of the band around the mesh frequency
    sideband_level_factor : first sidebands of the mesh frequency over the rms of the average
    sideband_energy_ratio : six sidebands on either side over the amplitude of the mesh frequency
    """

    mesh_amplitudes: Array
    fm0: float
    fm4: float
    m6a: float
    m8a: float
    na4: float
    nb4: float
    sideband_level_factor: float
    sideband_energy_ratio: float


class GearMonitor:
    """Indicators of a gear from one average after the other; NA4 and NB4 need the history it keeps.

    Parameters
    ----------
    teeth : teeth of the gear on the averaged shaft
    harmonics : mesh harmonics counted in FM0, as many as fit when None
    """

    __slots__ = ("_envelope_variance", "_residual_variance", "_seen", "harmonics", "teeth")

    def __init__(self, teeth: int, *, harmonics: int | None = None) -> None:
        if teeth < 4:
            raise ValueError(f"teeth = {teeth} must be at least 4")
        if harmonics is not None and harmonics < 1:
            raise ValueError(f"harmonics = {harmonics} must be at least 1, or None for all")
        self.teeth, self.harmonics = teeth, harmonics
        self.reset()

    def reset(self) -> None:
        """Forget the history, as after a repair."""
        self._seen = 0
        self._residual_variance = 0.0
        self._envelope_variance = 0.0

    def update(self, average: Average) -> GearConditions:
        """Judge the next average.

        Raises
        ------
        ValueError
            If the average has gaps, or fewer than 3 samples a tooth.
        """
        values = _turn(average, self.teeth)
        line = np.abs(np.fft.rfft(values)) * (2.0 / values.size)
        mesh = line[self.teeth : (values.size - 1) // 2 + 1 : self.teeth][: self.harmonics]
        rms = float(np.std(values))
        residual = residual_signal(average, self.teeth)
        difference = difference_signal(average, self.teeth)
        envelope = self._envelope(values)
        # running means over all averages seen, this one included (NASA TM-105950, definitions of NA4 and NB4)
        self._seen += 1
        self._residual_variance += (float(np.var(residual)) - self._residual_variance) / self._seen
        self._envelope_variance += (float(np.var(envelope)) - self._envelope_variance) / self._seen
        least = (LEAST_PART * rms) ** 2
        first = line[self.teeth - 1] + line[self.teeth + 1]
        count = min(SIDEBANDS, self.teeth - 1, line.size - 1 - self.teeth)
        around = line[self.teeth - count : self.teeth + count + 1].sum() - line[self.teeth]
        fm4, m6a, m8a = (_shape(difference, power, float(np.var(difference)), least) for power in (4, 6, 8))
        return GearConditions(
            mesh,
            float(np.ptp(values)) / float(mesh.sum()) if mesh.sum() > LEAST_PART * rms else math.nan,
            fm4,
            m6a,
            m8a,
            _shape(residual, 4, self._residual_variance, least),
            _shape(envelope, 4, self._envelope_variance, least),
            float(first) / rms if rms > 0.0 else math.nan,
            float(around / line[self.teeth]) if line[self.teeth] > LEAST_PART * rms else math.nan,
        )

    def _envelope(self, values: Array) -> Array:
        half = (self.teeth - 1) // 2
        spectrum = np.fft.fft(values)
        spectrum[: self.teeth - half] = 0.0
        spectrum[min(self.teeth + half, values.size // 2) + 1 :] = 0.0
        return np.asarray(2.0 * np.abs(np.fft.ifft(spectrum)))


@dataclass(frozen=True, slots=True)
class MeshLines:
    """A mesh harmonic and its sidebands at one shaft.

    Parameters
    ----------
    amplitude : of the harmonic
    lower, upper : float64[count], amplitudes of the sidebands 1 … count
    energy_ratio : sum of the sidebands over the harmonic
    """

    amplitude: float
    lower: Array
    upper: Array
    energy_ratio: float


def mesh_lines(
    spectrum: OrderSpectrum, mesh_order: float, shaft_order: float, *, harmonic: int = 1, count: int = SIDEBANDS
) -> MeshLines:
    """Read a mesh harmonic and its sidebands at the distance of a shaft out of an order spectrum.

    Parameters
    ----------
    spectrum : in orders of any shaft
    mesh_order : order of the mesh on that axis, the teeth when it is the gear's own shaft
    shaft_order : order of the shaft that modulates, 1 for the reference and teeth/other teeth for its mate

    Raises
    ------
    ValueError
        If the sidebands lie less than 4 bins apart (longer segments would do), or outside the spectrum.
    """
    if not (mesh_order > 0.0 and shaft_order > 0.0):
        raise ValueError(f"mesh_order = {mesh_order} and shaft_order = {shaft_order} must be positive")
    bins = shaft_order * spectrum.bins_per_order
    if bins < 4.0:
        raise ValueError(
            f"sidebands at {shaft_order:.4g} orders lie {bins:.2g} bins apart; 4 are needed: take segments of at least "
            f"{4.0 / shaft_order:.3g} revolutions"
        )
    top = harmonic * mesh_order + count * shaft_order
    if top * spectrum.bins_per_order > spectrum.amplitude.size - 2 or harmonic * mesh_order <= count * shaft_order:
        raise ValueError(f"{count} sidebands of order {harmonic * mesh_order:g} do not fit into the spectrum")
    reach = min(1.5, 0.4 * bins)
    amplitude, place = spectrum.line(harmonic * mesh_order, reach)
    step = shaft_order * np.arange(1, count + 1)
    lower = np.array([spectrum.line(place - offset, reach)[0] for offset in step])
    upper = np.array([spectrum.line(place + offset, reach)[0] for offset in step])
    ratio = float(lower.sum() + upper.sum()) / amplitude if amplitude > 0.0 else math.nan
    return MeshLines(amplitude, lower, upper, ratio)


def _turn(average: Average, teeth: int) -> Array:
    values = average.values
    if teeth < 4:
        raise ValueError(f"teeth = {teeth} must be at least 4")
    if values.size < 3 * teeth:
        raise ValueError(f"{values.size} samples per turn are too few for {teeth} teeth; take at least {3 * teeth}")
    if not np.all(np.isfinite(values)):
        gaps = int(np.count_nonzero(~np.isfinite(values)))
        raise ValueError(f"the average has {gaps} angles without a reading; average more turns")
    return values


def _shape(x: Array, power: int, variance: float, least: float) -> float:
    if variance <= least:
        return math.nan
    return float(np.mean((x - x.mean()) ** power)) / variance ** (power // 2)
