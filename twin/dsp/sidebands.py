"""Sidebands (1 ± 2ks) f_1 of a rotor with broken bars: measured with the supply line taken off."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.spectrum import hann
from twin.dsp.tones import LineSpectrum, line_spectrum

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

SLIP_PERIODS = 4.0
"""Slip periods 1/(s f_1) that a window must hold: the pair then lies 8 bins off the supply line."""
LOW_SPACING_HZ, LOW_WINDOW_S = 0.8, 64.0
"""Below this spacing 2 s f_1 lines need bins of 16 mHz (EM Diagnostics, case history 2: 0.72 Hz)."""
DETECTED = 4.0
"""Over the rms floor from which a line is no chance: exp(-16) a try."""
SMEARED = 0.01
"""Power left around the line, over the power of the line itself, from which it has moved: a drift by 1.25 bins."""


@dataclass(frozen=True, slots=True)
class Sidebands:
    """What lies beside the supply line; ratios are amplitudes over that of the supply line.

    Parameters
    ----------
    resolvable : whether there is a number at all; if not, everything below is NaN
    reason : why not, with the window needed; else how it was measured
    needed_s, window_s : window asked for and used
    windows : how many windows were averaged
    spacing_hz : distance of the pair from the supply line, 2 s f_1, as found
    lower, upper : (1-2s) f_1 and (1+2s) f_1
    total : their sum, nearly independent of the inertia of the load
    floor : rms ratio that noise alone would show in one line
    detected : whether the pair stands out of the floor
    higher : (lower, upper) of k = 2, 3 …
    load_change, supply_change_hz : relative change of the supply line's amplitude, and of its frequency,
        within a window
    """

    resolvable: bool
    reason: str
    needed_s: float
    window_s: float
    windows: int
    spacing_hz: float
    lower: float
    upper: float
    total: float
    floor: float
    detected: bool
    higher: tuple[tuple[float, float], ...]
    load_change: float
    supply_change_hz: float

    @property
    def lower_db(self) -> float:
        """Lower sideband [dB re supply line]."""
        return decibels(self.lower)

    @property
    def upper_db(self) -> float:
        """Upper sideband [dB re supply line]."""
        return decibels(self.upper)

    @property
    def total_db(self) -> float:
        """Sum of both [dB re supply line]."""
        return decibels(self.total)


@dataclass(frozen=True, slots=True)
class _Window:
    """One window, measured."""

    steady: bool
    why: str
    spacing_hz: float
    lines: Array
    floor: float
    load: float
    drift_hz: float


def decibels(ratio: float) -> float:
    """20 log10, NaN for NaN and minus infinity for zero."""
    return math.nan if math.isnan(ratio) else (-math.inf if ratio <= 0.0 else 20.0 * math.log10(ratio))


def needed_window_s(slip: float, supply_hz: float) -> float:
    """Length [s] that resolves the sidebands: 4/(s f_1), and 64 s where they lie closer than 0.8 Hz."""
    if slip <= 0.0:
        return math.inf
    need = SLIP_PERIODS / (slip * supply_hz)
    return max(need, LOW_WINDOW_S) if 2.0 * slip * supply_hz < LOW_SPACING_HZ else need


def rotor_sidebands(
    x: Array | Complex,
    rate_hz: float,
    supply_hz: float,
    slip: float,
    tolerance: float,
    *,
    orders: int = 2,
    spectrum: LineSpectrum | None = None,
) -> Sidebands:
    """Measure the pairs (1 ± 2ks) f_1, k = 1 … orders.

    The whole record is one window where supply, load and slip hold still to a bin; else halves, quarters … are
    tried, as long as they resolve the pair, and the steady ones averaged. Within a window the spacing is
    searched for a pair common to both sides, then all lines and the supply line are fitted together.

    Parameters
    ----------
    x : float64[n], one current, or complex128[n], the space vector of three (better: no negative sequence)
    supply_hz : supply frequency as measured in x, to a hundredth of a bin
    slip, tolerance : slip, and how far the true one may lie from it (both absolute)
    spectrum : of x, where it is known already
    """
    need = needed_window_s(slip, supply_hz)
    length_s = x.size / rate_hz
    if length_s < need * (1.0 - 1e-9):
        asked = "a load" if math.isinf(need) else f"{need:.1f} s"
        return _unresolved(
            f"not resolvable: at {100 * slip:.3g} % slip {asked} is needed, there are {length_s:.1f} s", need
        )
    if 2.0 * slip * orders >= 0.9:
        orders = 1
    reason = ""
    parts = 1
    while length_s / parts >= need * (1.0 - 1e-9):
        size = x.size // parts
        found = [
            _measure(
                x[k * size : (k + 1) * size],
                rate_hz,
                supply_hz,
                slip,
                tolerance,
                orders,
                spectrum if parts == 1 else None,
            )
            for k in range(parts)
        ]
        steady = [window for window in found if window.steady]
        if 2 * len(steady) > parts:
            return _join(steady, need, size / rate_hz, parts, slip)
        reason = next(window.why for window in found if not window.steady)
        parts *= 2
    return _unresolved(f"not resolvable: {reason}; {need:.1f} s of steady running are needed", need)


def steadiness(x: Array | Complex, rate_hz: float, supply_hz: float) -> tuple[float, float]:
    """Relative change of amplitude and change of frequency [Hz] of the supply line within x.

    Largest less smallest of seven half-overlapping Hann blocks, a quarter of x each. Blocks hold two or more
    periods of any sideband that x resolves, so those are not mistaken for change.
    """
    block = x.size // 4
    hop = block // 2
    table = hann(block) * np.exp(-2j * np.pi * (supply_hz / rate_hz) * np.arange(block))
    count = (x.size - block) // hop + 1
    turn = np.exp(-2j * np.pi * np.mod(supply_hz / rate_hz * hop * np.arange(count), 1.0))
    phasors = np.array([x[k * hop : k * hop + block] @ table for k in range(count)]) * turn
    size = np.abs(phasors)
    steps = np.angle(phasors[1:] * np.conj(phasors[:-1])) / (2.0 * np.pi * hop / rate_hz)
    return float(np.ptp(size) / size.mean()), float(np.ptp(steps))


def _measure(
    x: Array | Complex,
    rate_hz: float,
    supply_hz: float,
    slip: float,
    tolerance: float,
    orders: int,
    spectrum: LineSpectrum | None,
) -> _Window:
    spectrum = line_spectrum(x, rate_hz) if spectrum is None else spectrum
    df = spectrum.df_hz
    load, drift = steadiness(x, rate_hz, supply_hz)
    expected = 2.0 * slip * supply_hz
    reach = min(2.0 * tolerance * supply_hz + df, 0.25 * expected)
    spacing = _search(spectrum, supply_hz, expected, reach)
    sides = np.arange(1, orders + 1) * spacing
    lines = np.concatenate(([supply_hz], supply_hz - sides, supply_hz + sides))
    phasors = spectrum.fit(lines)
    ratios = np.abs(phasors[1:]) / abs(phasors[0])
    floor = _floor(spectrum, supply_hz, lines, phasors, expected, reach) / abs(phasors[0])
    why = ""
    # I² = I_0² + (k s)²: the slip changes, relatively, at least as much as the current
    if drift > df:
        why = f"the supply frequency moved by {drift / df:.1f} bins"
    elif load * expected > max(df, 6.0 * floor * expected):
        why = f"the load moved: {100 * load:.1f} % of current is at least {load * expected / df:.1f} bins of slip"
    else:
        left = _left(spectrum, supply_hz, lines, phasors, expected, reach, floor * abs(phasors[0]))
        own = 1.5 * float(np.sum(np.abs(phasors[[1, 1 + orders]]) ** 2))
        if left > SMEARED * own and left > 0.0:
            why = "the lines beside the supply line are wider than a bin: speed or load moved"
    return _Window(not why, why, spacing, ratios, floor, load, drift)


def _search(spectrum: LineSpectrum, supply_hz: float, expected: float, reach: float) -> float:
    """Spacing at which the pair holds most power: matched filter on a grid, then finer ones."""
    df = spectrum.df_hz
    far = round((expected + reach) / df) + 6
    centre = round(supply_hz / df)
    bins = np.arange(max(centre - far, 1 if not spectrum.two_sided else centre - far), centre + far + 1)
    supply = np.array([supply_hz])
    rest = spectrum.residual(supply, spectrum.fit(supply, reach=3), bins)
    step = 0.25 * df
    grid = np.arange(max(expected - reach, 3.0 * df), expected + reach + step, step)
    best = expected
    for _ in range(4):
        power = sum(_matched(spectrum, rest, bins, supply_hz + sign * grid) for sign in (-1, 1))
        best = float(grid[int(np.argmax(power))])
        grid = best + step * np.linspace(-1.0, 1.0, 9)
        step *= 0.25
    return best


def _matched(spectrum: LineSpectrum, rest: Complex, bins: NDArray[np.int64], freq_hz: Array) -> Array:
    """Power of the best single line at each frequency, from the five bins around it."""
    position = freq_hz / spectrum.df_hz
    near = np.clip(np.round(position).astype(np.int64)[:, None] + np.arange(-2, 3), bins[0], bins[-1])
    shape = hann_line_at(near - position[:, None], spectrum.n)
    return np.asarray(np.abs(np.sum(np.conj(shape) * rest[near - bins[0]], axis=1)) ** 2)


def hann_line_at(offset_bins: Array, n: int) -> Complex:
    """Transform of a Hann-windowed unit line scaled to unit power over the bins of the last axis."""
    from twin.dsp.tones import hann_line

    shape = hann_line(offset_bins, n)
    return np.asarray(shape / np.sqrt(np.sum(np.abs(shape) ** 2, axis=-1, keepdims=True)))


def _band(spectrum: LineSpectrum, supply_hz: float, low: float, high: float) -> NDArray[np.int64]:
    df = spectrum.df_hz
    offset = np.arange(math.floor(low / df), math.ceil(high / df) + 1)
    centre = supply_hz / df
    bins = np.unique(np.concatenate((np.round(centre - offset), np.round(centre + offset))).astype(np.int64))
    return bins if spectrum.two_sided else bins[(bins > 1) & (bins < spectrum.values.size)]


def _floor(
    spectrum: LineSpectrum, supply_hz: float, lines: Array, phasors: Complex, expected: float, reach: float
) -> float:
    """Rms amplitude that noise gives a line: from the median of the bins around the search band."""
    df = spectrum.df_hz
    inner = _band(spectrum, supply_hz, max(4.0 * df, 0.3 * expected), max(expected - reach - 3.0 * df, 0.5 * expected))
    outer = _band(spectrum, supply_hz, expected + reach + 3.0 * df, max(1.8 * expected, expected + reach + 12.0 * df))
    rest = np.abs(spectrum.residual(lines, phasors, np.concatenate((inner, outer))))
    return float(np.median(rest)) / math.sqrt(math.log(2.0))


def _left(
    spectrum: LineSpectrum,
    supply_hz: float,
    lines: Array,
    phasors: Complex,
    expected: float,
    reach: float,
    floor: float,
) -> float:
    """Power beyond noise that the search band holds besides the fitted lines."""
    bins = _band(spectrum, supply_hz, max(expected - reach, 3.0 * spectrum.df_hz), expected + reach)
    rest = np.abs(spectrum.residual(lines, phasors, bins)) ** 2
    beyond = rest > (3.0 * floor) ** 2
    return float(np.sum(rest[beyond]))


def _join(steady: list[_Window], need: float, window_s: float, parts: int, slip: float) -> Sidebands:
    rms = np.sqrt(np.mean([window.lines**2 for window in steady], axis=0))
    # averaging powers leaves the noise in; the floor says how much that is
    floor = math.sqrt(float(np.mean([window.floor**2 for window in steady])))
    orders = rms.size // 2
    lower, upper = float(rms[0]), float(rms[orders])
    higher = tuple((float(rms[k]), float(rms[orders + k])) for k in range(1, orders))
    spacing = float(np.median([window.spacing_hz for window in steady]))
    words = "one window" if parts == 1 else f"{len(steady)} of {parts} windows that were steady"
    return Sidebands(
        True,
        f"measured over {words} of {window_s:.1f} s",
        need,
        window_s,
        len(steady),
        spacing,
        lower,
        upper,
        lower + upper,
        floor,
        bool(max(lower, upper) > DETECTED * floor),
        higher,
        max(window.load for window in steady),
        max(window.drift_hz for window in steady),
    )


def _unresolved(reason: str, need: float) -> Sidebands:
    nan = math.nan
    return Sidebands(False, reason, need, nan, 0, nan, nan, nan, nan, nan, False, (), nan, nan)
