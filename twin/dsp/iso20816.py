"""Vibration severity after the ISO 20816 family: velocity in band, and its zone.

Boundaries, with edition, are in data/velocity_zones.json. Velocity comes in two forms: `velocity_rms` of a record, by
integration in the frequency domain, and `VelocityMeter` for a stream, by a filter that integrates.
"""

import functools
import itertools
import json
import math
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from twin.dsp.biquad import BiquadCascade, butterworth
from twin.dsp.moments import Moments
from twin.dsp.spectrum import amplitude_spectrum, fast_length
from twin.dsp.spectrum import velocity_rms as velocity_in_band

Array = NDArray[np.float64]

G = 9.80665
"""Standard gravity [m/s²]."""
USABLE = 0.45
"""Share of the sample rate up to which a spectrum is taken at its word; beyond lies the anti-alias filter."""
MIN_PERIODS = 5
"""Periods of the lower band edge a record must hold."""


@dataclass(frozen=True, slots=True)
class ZoneTable:
    """Boundaries between zones A/B, B/C and C/D [mm/s rms] of one machine group and support.

    A boundary of None is one this edition does not draw.
    """

    group: str
    support: str
    edition: str
    boundaries_mm_s: tuple[float | None, float | None, float | None]
    note: str = ""

    def zone(self, velocity_mm_s: float) -> str:
        """Give the zone of a velocity, "A" … "D", or both letters where the edition merges two ("AB").

        A value on a boundary belongs to the worse zone; NaN has none and gives "".
        """
        if math.isnan(velocity_mm_s):
            return ""
        zones = [""]
        floors: list[float] = [-math.inf]
        for letter, boundary in zip("ABCD", (*self.boundaries_mm_s, math.inf), strict=True):
            zones[-1] += letter
            if boundary is not None:
                zones.append("")
                floors.append(boundary)
        return zones[sum(velocity_mm_s >= floor for floor in floors) - 1]


@dataclass(frozen=True, slots=True)
class Severity:
    """Velocity and zone of one record.

    Parameters
    ----------
    velocity_mm_s : broad-band velocity [mm/s rms] within `band_hz`
    zone : "A" … "D", "AB" where the edition merges them; None when the band could not be covered
    edition, group, support : which table was used
    band_hz : what was really evaluated; its upper edge is below 1000 Hz when the sample rate ends it
    note : why there is no zone, or what to know about the table
    """

    velocity_mm_s: float
    zone: str | None
    edition: str
    group: str
    support: str
    band_hz: tuple[float, float]
    note: str


def velocity_band_hz(speed_hz: float | None) -> tuple[float, float]:
    """Give the evaluation band: 10-1000 Hz, from 2 Hz for machines that turn slower than 600 rpm."""
    return (2.0 if speed_hz is not None and speed_hz < 10.0 else 10.0), 1000.0


def zone_table(group: str, support: str = "any", edition: str | None = None) -> ZoneTable:
    """Find the table of a machine group (`group1`, `pump_category…`) and support (`rigid`, `flexible`).

    Parameters
    ----------
    edition : such as "ISO 20816-3:2022"; the first that lists the machine when None

    Raises
    ------
    ValueError
        If there is no such table; the message offers the nearest group and lists those there are.
    """
    tables = _tables()
    plain = group.lower().replace(" ", "")
    for table in tables:
        if table.group == plain and table.support in (support, "any") and edition in (None, table.edition):
            return table
    import difflib

    known = dict.fromkeys(f"{table.group}/{table.support}" for table in tables)
    groups = dict.fromkeys(table.group for table in tables)
    hint = ""
    if plain not in groups:
        near = difflib.get_close_matches(plain, groups, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
    elif edition is not None and not any(table.edition == edition for table in tables):
        hint = f"; editions: {', '.join(dict.fromkeys(table.edition for table in tables))}"
    of = "" if edition is None else f" in {edition}"
    raise ValueError(f"no vibration zones for {group}/{support}{of}{hint}; known: {', '.join(known)}")


def velocity_rms(x: Array, rate_hz: float, band_hz: tuple[float, float] = (10.0, 1000.0)) -> float:
    """Compute the velocity [mm/s rms] of accelerations x : float64[n] [m/s²] within a band, edges included.

    Each line of a Hann spectrum is divided by 2πf and the squares within the band are summed (Parseval). The band is
    cut sharply, but a line is 4 bins wide: one on the edge itself loses 0.8 to 7.8 dB, as the bins fall; one 2 bins
    inside nothing, and of one 2 bins outside nothing is seen. A line of k periods per record reads 0.5/k² too high:
    below 0.5 % from 10 periods.

    Raises
    ------
    ValueError
        If x is not one line of finite samples holding 5 periods of the lower edge, or the band does not lie between
        0 and half the rate.
    """
    low, high = band_hz
    _check_band(rate_hz, low, high)
    samples = np.asarray(x, dtype=np.float64)
    if samples.ndim != 1:
        raise ValueError(f"x has shape {samples.shape} and must be one line of samples, [n]")
    if samples.size < MIN_PERIODS * rate_hz / low:
        raise ValueError(
            f"{samples.size} samples are {samples.size / rate_hz:.3g} s and must be {MIN_PERIODS / low:g} s or more:"
            f" {MIN_PERIODS} periods of the lower band edge, {low:g} Hz"
        )
    finite = np.isfinite(samples)
    if not finite.all():
        raise ValueError(
            f"{samples.size - int(np.count_nonzero(finite))} of {samples.size} samples are NaN or infinite:"
            " an integral has no gaps; cut the record there, or use VelocityMeter"
        )
    # cut to a length the FFT likes, not padded: padding would put steps into the record
    size = samples.size if fast_length(samples.size) == samples.size else _fast_below(samples.size)
    piece = samples[:size]
    amplitude = amplitude_spectrum(piece - piece.mean())
    return 1e3 * velocity_in_band(amplitude, rate_hz / size, low, high)


def severity(
    x: Array,
    rate_hz: float,
    speed_hz: float | None,
    *,
    group: str,
    support: str = "rigid",
    edition: str | None = None,
    unit: str = "m/s2",
) -> Severity:
    """Judge accelerations x : float64[n] by the velocity zones of a machine group.

    Parameters
    ----------
    speed_hz : shaft speed; below 10 Hz the band begins at 2 Hz. None when unknown: 10 Hz
    group, support, edition : see `zone_table`
    unit : of x, "m/s2" or "g"

    Raises
    ------
    ValueError
        If there is no such table, or the record, rate, speed or unit cannot be (see `velocity_rms`).
    """
    if unit not in ("m/s2", "g"):
        raise ValueError(f"unit = {unit!r} must be 'm/s2' or 'g'")
    if speed_hz is not None and not 0.0 < speed_hz < math.inf:
        raise ValueError(
            f"speed_hz = {speed_hz} must be positive and finite, or None when unknown: a machine at rest has no zone"
        )
    table = zone_table(group, support, edition)
    low, top = velocity_band_hz(speed_hz)
    high = min(top, USABLE * rate_hz)
    scaled = np.asarray(x, dtype=np.float64) * (G if unit == "g" else 1.0)
    velocity = velocity_rms(scaled, rate_hz, (low, high))
    if high < top:
        note = f"the rate of {rate_hz:g} Hz ends the band at {high:g} Hz: the zone is {table.zone(velocity)} or worse"
        return Severity(velocity, None, table.edition, table.group, table.support, (low, high), note)
    zone = table.zone(velocity)
    return Severity(velocity, zone, table.edition, table.group, table.support, (low, high), table.note)


def velocity_sections(rate_hz: float, band_hz: tuple[float, float] = (10.0, 1000.0)) -> Array:
    """Design sections float64[s, 6] that turn acceleration [m/s²] into velocity [m/s] within a band.

    Butterworth high-pass of order 4, an integrator whose pole cancels one of the high-pass's zeros (so that nothing
    drifts), Butterworth low-pass of order 4. Attenuation against the ideal integral: 3.0 dB at each edge, 0.3 dB or
    less from 1.4 times the lower to 0.7 times the upper edge, 24 dB an octave beyond (2.6 dB at the upper edge where
    the rate is only 3 times it). Without low-pass when the upper
    edge is 0.45 of the rate or more.

    The integrator is T (1 + b z⁻¹) / ((1 + b)(1 - z⁻¹)) with b = 5 - √24: that b makes the error of its magnitude
    vanish to the second order in ωT. It stays below 0.6 % up to 0.2 of the rate; the bilinear integrator, b = 1, is
    13 % low there. The phase is not that of an integral, and need not be for an rms.

    Raises
    ------
    ValueError
        If the band does not lie between 0 and half the rate.
    """
    low, high = band_hz
    _check_band(rate_hz, low, high)
    sections = butterworth(4, low, rate_hz, high=True)
    b = 5.0 - math.sqrt(24.0)
    gain = sections[0, 0] / rate_hz / (1.0 + b)
    sections[0, :3] = gain, gain * (b - 1.0), -gain * b  # (1 - z⁻¹)² becomes (1 - z⁻¹)(1 + b z⁻¹)
    if high < USABLE * rate_hz:
        sections = np.vstack([sections, butterworth(4, high, rate_hz, high=False)])
    return np.ascontiguousarray(sections)


class VelocityMeter:
    """Velocity rms of accelerations that arrive in blocks; any split gives the same bits.

    The first reading sets the filter as if it had been there for ever, and 5 periods of the lower edge are left out
    of the mean while the filter settles. A NaN or an infinity interrupts: it is counted in `gaps` (a run of them
    once), and the filter settles anew after it.

    Parameters
    ----------
    rate_hz : sample rate
    band_hz : as `velocity_band_hz` gives it

    Raises
    ------
    ValueError
        If the band does not lie between 0 and half the rate.
    """

    __slots__ = ("_filter", "_fresh", "_in_gap", "_settle", "_settling", "_square", "band_hz", "gaps", "rate_hz")

    def __init__(self, rate_hz: float, band_hz: tuple[float, float] = (10.0, 1000.0)) -> None:
        self._filter = BiquadCascade(velocity_sections(rate_hz, band_hz))
        self.rate_hz = rate_hz
        self.band_hz = band_hz
        self._settle = math.ceil(MIN_PERIODS * rate_hz / band_hz[0])
        self._square = Moments()
        self.reset()

    def reset(self) -> None:
        """Forget everything, the filter's state too."""
        self.restart()
        self.gaps = 0
        self._in_gap = False
        self._fresh = True
        self._settling = self._settle

    def restart(self) -> None:
        """Begin a new average and let the filter run on."""
        self._square.reset()

    @property
    def seconds(self) -> float:
        """How much has been averaged."""
        return self._square.count / self.rate_hz

    @property
    def velocity_rms_mm_s(self) -> float:
        """Velocity [mm/s rms] of what has been averaged; NaN while settling."""
        return 1e3 * self._square.rms

    def update(self, x: Array) -> None:
        """Add accelerations x : float64[n] [m/s²]."""
        samples = np.ascontiguousarray(x, dtype=np.float64)
        bad = ~np.isfinite(samples)
        edges = [0, *(np.flatnonzero(np.diff(bad)) + 1).tolist(), samples.size] if bad.any() else [0, samples.size]
        for start, stop in itertools.pairwise(edges):
            if start == stop:
                continue
            if bad[start]:
                self.gaps += not self._in_gap
                self._in_gap = self._fresh = True
            else:
                self._take(samples[start:stop])

    def _take(self, samples: Array) -> None:
        if self._fresh:
            self._filter.reset(float(samples[0]))
            self._settling = self._settle
            self._fresh = self._in_gap = False
        velocity = self._filter.process(samples, np.empty(samples.size))
        skipped = min(self._settling, samples.size)
        self._settling -= skipped
        self._square.update(velocity[skipped:])


def _check_band(rate_hz: float, low: float, high: float) -> None:
    if not 0.0 < rate_hz < math.inf:
        raise ValueError(f"rate_hz = {rate_hz} must be positive and finite: samples per second")
    if not 0.0 < low < high <= 0.5 * rate_hz:
        raise ValueError(
            f"band {low:g} … {high:g} Hz must rise from above 0 to at most half the sample rate, {0.5 * rate_hz:g} Hz"
        )


def _fast_below(n: int) -> int:
    """Largest length up to n, within 2 % of it, with no prime factor above 5; n itself when there is none."""
    return next((size for size in range(n, n - n // 50, -1) if fast_length(size) == size), n)


@functools.cache
def _tables() -> tuple[ZoneTable, ...]:
    text = resources.files("twin.dsp").joinpath("data/velocity_zones.json").read_text(encoding="utf-8")
    return tuple(
        ZoneTable(row["group"], row["support"], row["edition"], tuple(row["mm_s"]), row.get("note", ""))
        for row in json.loads(text)["tables"]
    )
