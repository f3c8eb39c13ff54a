"""Lines of the current besides the rotor's: eccentricity, slots, bearings, and the swing of power."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.sequence import park_modulus, space_vector
from twin.dsp.slip import pole_pairs, slot_lines
from twin.dsp.tones import LineSpectrum, line_spectrum

Array = NDArray[np.float64]

SEARCH_BINS = 1.5


@dataclass(frozen=True, slots=True)
class CurrentLine:
    """One line of the current.

    Parameters
    ----------
    name : what puts it there
    expected_hz, hz : where it should lie and where it was found
    ratio : amplitude over that of the supply line
    prominence_db : over the median of its neighbours
    """

    name: str
    expected_hz: float
    hz: float
    ratio: float
    prominence_db: float

    @property
    def db(self) -> float:
        """Level [dB re supply line]."""
        return 20.0 * math.log10(self.ratio) if self.ratio > 0.0 else -math.inf


def eccentricity_lines(supply_hz: float, rotation_hz: float, orders: int = 2) -> dict[str, float]:
    """f_1 ± k f_r [Hz], the lines of mixed eccentricity (Nandi, Toliyat and Li 2005)."""
    return {
        f"eccentricity_{sign}{k}": abs(supply_hz + float(f"{sign}1") * k * rotation_hz)
        for k in range(1, orders + 1)
        for sign in ("-", "+")
    }


def slot_eccentricity_lines(supply_hz: float, slip: float, bars: int, poles: int) -> dict[str, float]:
    """Lines [(N_b ± 1)(1-s)/p ± nu] f_1 of dynamic eccentricity around the principal slot lines [Hz]."""
    lines = slot_lines(supply_hz, slip, bars, poles, eccentric=1)
    return {f"slot_eccentricity_{k}": float(line) for k, line in enumerate(lines)}


def bearing_lines(supply_hz: float, vibration_hz: Mapping[str, float], orders: int = 2) -> dict[str, float]:
    """Lines |f_1 ± k f_v| [Hz] that a bearing line f_v of the vibration puts in the current (Schoen et al. 1995)."""
    return {
        f"{name}_{sign}{k}": abs(supply_hz + float(f"{sign}1") * k * f_v)
        for name, f_v in vibration_hz.items()
        for k in range(1, orders + 1)
        for sign in ("-", "+")
    }


def measure_lines(
    spectrum: LineSpectrum, supply_hz: float, lines_hz: Mapping[str, float], *, tolerance: float = 0.0
) -> tuple[CurrentLine, ...]:
    """Measure lines [Hz] near where they are expected, the supply line taken off.

    The largest bin within `tolerance` [Hz] and 1.5 bins is taken, interpolated and fitted. Lines beyond the
    spectrum, or within three bins of the supply line, are left out.
    """
    supply = np.array([supply_hz])
    own = spectrum.fit(supply)
    found = []
    for name, expected in lines_hz.items():
        line = _measure(spectrum, supply, own, name, expected, tolerance)
        if line is not None:
            found.append(line)
    return tuple(found)


def _measure(
    spectrum: LineSpectrum, supply: Array, own: NDArray[np.complex128], name: str, expected_hz: float, tolerance: float
) -> CurrentLine | None:
    df = spectrum.df_hz
    reach = math.ceil(tolerance / df + SEARCH_BINS)
    wide = reach + max(16, round(1.0 / df))
    top = spectrum.n // 2 - 2
    centre = round(expected_hz / df)
    if not 3 <= centre <= top - 3 or abs(expected_hz - float(supply[0])) < 3.0 * df:
        return None
    bins = np.arange(max(centre - wide, 2), min(centre + wide, top) + 1)
    size = np.abs(spectrum.residual(supply, own, bins))
    if spectrum.two_sided:  # either sense of rotation
        size = np.maximum(size, np.abs(spectrum.take(-bins)))
    inner = np.flatnonzero(np.abs(bins - centre) <= reach)
    at = int(inner[np.argmax(size[inner])])
    left, right = size[max(at - 1, 0)], size[min(at + 1, size.size - 1)]
    if size[at] <= 0.0:
        return CurrentLine(name, expected_hz, float(bins[at] * df), 0.0, 0.0)
    ratio = max(left, right) / size[at]
    offset = min(max((2.0 * ratio - 1.0) / (1.0 + ratio), 0.0), 0.5)  # Grandke 1983
    loss = 1.0 if offset == 0.0 else math.sin(math.pi * offset) / (math.pi * offset) / (1.0 - offset**2)
    amplitude = float(size[at]) / loss
    floor = float(np.median(np.delete(size, inner)))
    prominence = 20.0 * math.log10(amplitude / floor) if floor > 0.0 else math.inf
    hz = float(bins[at] + (offset if right >= left else -offset)) * df
    return CurrentLine(name, expected_hz, hz, amplitude / abs(own[0]), prominence)


def park_beat(i: Array, rate_hz: float, supply_hz: float) -> float:
    """Beat of Park's vector modulus at 2 f_1 over its mean, of i : float64[3, n]; about I2/I1."""
    modulus = park_modulus(i)
    line = line_spectrum(modulus, rate_hz).fit(np.array([2.0 * supply_hz]))
    return float(abs(line[0]) / modulus.mean())


@dataclass(frozen=True, slots=True)
class PowerSwing:
    """Swing of active and reactive power at 2 s f_1, over the apparent power.

    Parameters
    ----------
    active, reactive : peak, relative
    floor : what noise alone shows
    """

    active: float
    reactive: float
    floor: float

    @property
    def ratio(self) -> float:
        """Reactive over active: about 1 or more for an asymmetric rotor, below 0.2 for a load that swings."""
        return self.reactive / self.active if self.active > 0.0 else math.inf


def power_swing(i: Array, v: Array, rate_hz: float, spacing_hz: float) -> PowerSwing:
    """Measure the swing of instantaneous power 3/2 v i* at spacing_hz.

    A load that swings moves the slip, and the current follows along the circle diagram: nearly all of it
    active. The backward field of an asymmetric rotor makes a lower sideband, which swings both alike; the
    speed ripple that follows takes from the active one only (Bossio, De Angelo, Bossio, Pezzani and García
    2009; Drif and Marques Cardoso 2012). i, v : float64[3, n], phase to neutral.
    """
    power = 1.5 * space_vector(v) * np.conj(space_vector(i))
    apparent = float(np.mean(np.abs(power)))
    sizes = []
    floors = []
    for part in (power.real, power.imag):
        spectrum = line_spectrum(np.ascontiguousarray(part), rate_hz)
        where = np.array([spacing_hz])
        own = spectrum.fit(where)
        centre = round(spacing_hz / spectrum.df_hz)
        bins = np.arange(max(3, centre // 2), centre + max(centre // 2, 8))
        rest = np.abs(spectrum.residual(where, own, bins[np.abs(bins - centre) > 3]))
        sizes.append(float(abs(own[0])) / apparent)
        floors.append(float(np.median(rest)) / math.sqrt(math.log(2.0)) / apparent)
    return PowerSwing(sizes[0], sizes[1], max(floors))


def rotation_of(supply_hz: float, slip: float, poles: int) -> float:
    """Shaft speed [Hz] at a slip."""
    return (1.0 - slip) * supply_hz / pole_pairs(poles)
