"""The structure between source and sensor: modes of a housing, paths into it, and the instants of its samples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emulator.physics.rolling_bearing import RollingBearing
from emulator.physics.rotor import RotorParameters
from emulator.physics.shaft import ShaftTrace

NANO = 1_000_000_000
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Mode:
    """One structural mode: frequency [Hz], damping ratio, modal mass over participation [kg]."""

    frequency_hz: float
    damping: float
    mass_kg: float


@dataclass(frozen=True, slots=True)
class Path:
    """How a bearing elsewhere on the machine is heard here: gain, and delay [s]."""

    bearing: RollingBearing
    gain: float = 0.15
    delay_s: float = 180e-6


@dataclass(frozen=True, slots=True)
class Direction:
    """How a sensor of one direction hears its housing.

    Attributes
    ----------
    gain, delay_s : of impacts and flow; delay [s] of impacts.
    vane : share of the pump's vane force.

    """

    gain: float = 1.0
    delay_s: float = 0.0
    vane: float = 1.0


DEFAULT_MODES = (
    Mode(100.0, 0.05, 50.0),
    Mode(850.0, 0.04, 40.0),
    Mode(3200.0, 0.03, 16.0),
    Mode(5400.0, 0.03, 10.0),
    Mode(9000.0, 0.02, 30.0),
)


@dataclass(frozen=True, slots=True)
class HousingParameters:
    """Structure and noise of one housing.

    Attributes
    ----------
    contact_s : duration constants τ [s] of the soft entry, the sharp exit, and the flow's random force: the
        last keeps the broadband noise from aliasing.
    background_n : one-sided density of the broadband force at rated speed and best flow [N/√Hz].
    collapse_rate : bubble collapses per second at the peak · collapse_n_s : their mean impulse [N·s].
    vanes, pump_gain : pump vanes; the share of pump impulses and vane force that reaches this housing.
    unbalance_gain, unbalance_axial : share of the unbalance this housing carries; of that, along the shaft.
    asperity_m_s2 : density [m/s²/√Hz] of the noise of metal on metal, 5 … 20 kHz, of a dry bearing at rated speed
        and reference load.
    h, v, axial : the three sensors of the housing.

    """

    rotor: RotorParameters = field(default_factory=RotorParameters)
    modes: tuple[Mode, ...] = DEFAULT_MODES
    contact_s: tuple[float, float, float] = (60e-6, 12e-6, 25e-6)
    background_n: float = 0.02
    collapse_rate: float = 6000.0
    collapse_n_s: float = 4.0e-4
    vanes: int = 6
    pump_gain: float = 1.0
    unbalance_gain: float = 1.0
    unbalance_axial: float = 0.1
    asperity_m_s2: float = 0.02
    h: Direction = field(default_factory=Direction)
    v: Direction = field(default_factory=lambda: Direction(0.8, 15e-6, 0.6))
    axial: Direction = field(default_factory=lambda: Direction(0.35, 40e-6, 0.3))


def sample_grid(trace: ShaftTrace, rate_hz: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return first int64[k+1], lead float64[k] [s]: each tick's first sample, and its time into the tick.

    Integer arithmetic on an absolute grid (rates to 1 µHz): the same after ten days as at the start.
    """
    rate_uhz = round(rate_hz * MICRO)
    tick_ns = round(trace.tick_s * NANO)
    scale = NANO * MICRO
    edges = [(trace.t0_ns + i * tick_ns) * rate_uhz for i in range(trace.speed_rad_s.size)]
    first = [-(-edge // scale) for edge in edges]
    lead = [(n * scale - edge) / (rate_uhz * NANO) for n, edge in zip(first, edges, strict=True)]
    return np.array(first, np.int64), np.array(lead[:-1])


def modal_bank(
    modes: Sequence[Mode], contact_s: Sequence[float]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], NDArray[np.float64]]:
    """Return poles [m], gains [c, m] and contact gains [c, 2] of the acceleration after a unit impulse.

    Partial fractions of Σ (s²/m_j)/(s²+2ζωs+ω²)·1/(1+sτ)²: residues 2R_j at the poles, and at the double
    pole −1/τ the value (for t·e^{−t/τ}) and the derivative (for e^{−t/τ}) of what is left.
    """
    omega = np.array([2.0 * math.pi * m.frequency_hz for m in modes])
    zeta = np.array([m.damping for m in modes])
    mass = np.array([m.mass_kg for m in modes])
    pole = -zeta * omega + 1j * omega * np.sqrt(1.0 - zeta**2)
    gains = np.empty((len(contact_s), len(modes)), np.complex128)
    contact_gains = np.empty((len(contact_s), 2))
    for kind, tau in enumerate(contact_s):
        a = 1.0 / tau
        gains[kind] = 2.0 * pole**2 * a**2 / (mass * (pole - pole.conj()) * (pole + a) ** 2)
        s = -a
        quadratic, slope = s**2 + 2.0 * zeta * omega * s + omega**2, 2.0 * s + 2.0 * zeta * omega
        contact_gains[kind, 0] = np.sum(a**2 / mass * (2.0 * s * quadratic - s**2 * slope) / quadratic**2)
        contact_gains[kind, 1] = np.sum(a**2 / mass * s**2 / quadratic)
    return pole, gains, contact_gains
