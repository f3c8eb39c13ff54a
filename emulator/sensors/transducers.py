"""What sensing elements do: resistance thermometers, accelerometer mounts, 1/f noise. Formulas, no state."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STANDARD_GRAVITY = 9.80665
ICE_POINT_K = 273.15

# IEC 60751 Pt100
PT100_A = 3.9083e-3
PT100_B = -5.775e-7
PT100_C = -4.183e-12


def pt100_resistance_ohm(temperature_c: float, lead_ohm: float = 0.0) -> float:
    """Return R(t) of a Pt100 [Ω] (IEC 60751) at -200…850 °C; two-wire connections add `lead_ohm`."""
    t = temperature_c
    below = PT100_C * (t - 100.0) * t**3 if t < 0.0 else 0.0
    return 100.0 * (1.0 + PT100_A * t + PT100_B * t * t + below) + lead_ohm


def pt100_temperature_c(resistance_ohm: float) -> float:
    """Return the temperature [°C] a transmitter shows for a resistance [Ω]: the inverse of R(t)."""
    t = (-PT100_A + math.sqrt(PT100_A**2 - 4.0 * PT100_B * (1.0 - resistance_ohm / 100.0))) / (2.0 * PT100_B)
    if t >= 0.0:
        return t
    for _ in range(8):  # Newton; the quadratic is a start within 3 K
        slope = 100.0 * (PT100_A + 2.0 * PT100_B * t + PT100_C * (4.0 * t**3 - 300.0 * t**2))
        t -= (pt100_resistance_ohm(t) - resistance_ohm) / slope
    return t


def pt100_tolerance_k(temperature_c: float, accuracy_class: str = "A") -> float:
    """Return the tolerance [K] of class A or B (IEC 60751)."""
    base, share = {"A": (0.15, 0.002), "B": (0.30, 0.005)}[accuracy_class]
    return base + share * abs(temperature_c)


def pt100_self_heating_k(current_a: float, temperature_c: float, k_per_mw: float = 0.2) -> float:
    """Return the self-heating [K] of a measuring current [A]."""
    return k_per_mw * 1e3 * current_a**2 * pt100_resistance_ohm(temperature_c)


@dataclass(frozen=True, slots=True)
class Mount:
    """The mounted resonance of an accelerometer: frequency [Hz], damping ratio."""

    frequency_hz: float
    damping: float

    def gain(self, frequency_hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gain 1/√((1−r²)²+(2ζr)²), r = f/f_m."""
        r = np.asarray(frequency_hz) / self.frequency_hz
        return np.asarray(1.0 / np.sqrt((1.0 - r * r) ** 2 + (2.0 * self.damping * r) ** 2))


MOUNTS = {"stud": Mount(30e3, 0.02), "magnet": Mount(7e3, 0.1)}

IEPE_TAU_S = 0.5
IEPE_DENSITY = 1.5e-6 * STANDARD_GRAVITY  # m/s²/√Hz
IEPE_CORNER_HZ = 100.0


def symmetric_fir(gain: NDArray[np.float64], frequency: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """Return 2·half+1 symmetric taps that fit `gain` at `frequency` [cycles/sample] by least squares.

    A symmetric filter delays by `half` samples and has no other phase; well below a resonance the mount has
    none either.
    """
    basis = np.cos(2.0 * np.pi * np.outer(frequency, np.arange(half + 1)))
    basis[:, 1:] *= 2.0
    side = np.linalg.lstsq(basis, gain, rcond=None)[0]
    return np.concatenate((side[:0:-1], side))


def differentiator(half: int, band: float) -> NDArray[np.float64]:
    """Return 2·half+1 antisymmetric taps with gain 2πf up to `band` [cycles/sample]; delay `half` samples."""
    frequency = np.linspace(0.0, band, 8 * half)
    basis = 2.0 * np.sin(2.0 * np.pi * np.outer(frequency, np.arange(1, half + 1)))
    side = np.linalg.lstsq(basis, 2.0 * np.pi * frequency, rcond=None)[0]
    return np.concatenate((side[::-1], [0.0], -side))[::-1] * -1.0


def mount_fir(mount: Mount, rate_hz: float) -> NDArray[np.float64]:
    """Return the mount's gain as symmetric taps, fitted up to 0.46·rate; more if it resonates inside."""
    half = 15 if mount.frequency_hz > 0.5 * rate_hz else 63
    frequency = np.linspace(0.0, 0.46, 800)
    return symmetric_fir(mount.gain(frequency * rate_hz), frequency, half)


def anti_alias_fir(half: int = 31, edge: float = 0.455, width: float = 0.09) -> NDArray[np.float64]:
    """Return a Kaiser-windowed low-pass, ±0.05 dB to 0.4·rate; edge and width in cycles/sample."""
    n = np.arange(-half, half + 1)
    attenuation = 2.285 * 2.0 * np.pi * width * 2 * half + 7.95
    beta = (
        0.1102 * (attenuation - 8.7)
        if attenuation > 50.0
        else 0.5842 * (attenuation - 21.0) ** 0.4 + 0.07886 * (attenuation - 21.0)
    )
    taps = 2.0 * edge * np.sinc(2.0 * edge * n) * np.kaiser(2 * half + 1, beta)
    return np.asarray(taps / taps.sum())


@dataclass(frozen=True, slots=True)
class FlickerPoles:
    """1/f noise as a sum of one-pole filters at half-decade spacing, slowest first.

    mask int64[p] (pole p moves at samples with n & mask == 0), decay and drive float64[p].
    """

    mask: NDArray[np.int64]
    decay: NDArray[np.float64]
    drive: NDArray[np.float64]


def flicker_poles(density: float, corner_hz: float, rate_hz: float, lowest_hz: float = 0.1) -> FlickerPoles:
    """Return poles whose sum has the one-sided PSD density²·corner/f from `lowest_hz` to 3× the corner; none at 0.

    Σ a_i/(1+(f/f_i)²) with a_i = density²·corner·Δ·(2/π)/f_i and Δ = ln(10)/2 approximates 1/f; each pole
    is a first-order process of variance a_i·f_i·π/2, moved on a power-of-two grid at 16 or more times its
    frequency.
    """
    if corner_hz <= 0.0:
        return FlickerPoles(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    steps = max(round(2.0 * math.log10(3.0 * corner_hz / lowest_hz)), 0)
    frequency = lowest_hz * 10.0 ** (0.5 * np.arange(steps + 1))
    every = 2 ** np.maximum(np.floor(np.log2(rate_hz / (16.0 * frequency))), 0).astype(np.int64)
    level = density**2 * corner_hz * 0.5 * math.log(10.0) * (2.0 / math.pi) / frequency
    decay = np.exp(-2.0 * np.pi * frequency * every / rate_hz)
    variance = level * frequency * math.pi / 2.0
    return FlickerPoles(every - 1, decay, np.sqrt(variance * (1.0 - decay**2)))
