"""Milling: what a chip costs (Kienzle), what a turn costs, how deep it may cut, how long an edge lasts."""

import cmath
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MM = 1e3
TURN_PLACES = 1440
WEAR_LIMIT_M = 0.3e-3
# Flank wear over the share of the edge's life: it beds in, wears steadily, then fails (ISO 3685).
STAGES = ((0.0, 0.0), (0.1, 0.08e-3), (0.8, 0.20e-3), (1.0, 0.30e-3))


@dataclass(frozen=True, slots=True)
class Cut:
    """An end mill in a plain steel.

    Attributes
    ----------
    specific_n_mm2, chip_exponent : k_c1.1 and m_c of Kienzle's law · radial : radial over tangential force
    teeth, diameter_m, feed_per_tooth_m, depth_m : cutter, feed, axial depth
    entry_turn, exit_turn : where a tooth is in the cut, share of a turn from the direction of feed
    taylor_exponent, taylor_m_min : n and C_T of V·T^n = C_T [m/min, min]

    """

    specific_n_mm2: float = 2100.0
    chip_exponent: float = 0.25
    radial: float = 0.3
    teeth: int = 4
    diameter_m: float = 10e-3
    feed_per_tooth_m: float = 0.1e-3
    depth_m: float = 0.5e-3
    entry_turn: float = 0.0
    exit_turn: float = 0.25
    taylor_exponent: float = 0.25
    taylor_m_min: float = 300.0

    def __post_init__(self) -> None:
        """Refuse what cannot cut."""
        rules = {
            "specific_n_mm2": (self.specific_n_mm2 > 0.0, "above 0"),
            "chip_exponent": (0.0 <= self.chip_exponent < 1.0, "in [0, 1)"),
            "teeth": (1 <= self.teeth <= 32, "1 … 32"),
            "diameter_m": (self.diameter_m > 0.0, "above 0"),
            "feed_per_tooth_m": (self.feed_per_tooth_m > 0.0, "above 0"),
            "depth_m": (self.depth_m >= 0.0, "0 or more"),
            "exit_turn": (
                0.0 <= self.entry_turn < self.exit_turn <= 0.5,
                "beyond entry_turn and at most 0.5: behind that a tooth meets no material",
            ),
            "taylor_exponent": (0.05 <= self.taylor_exponent <= 1.0, "in [0.05, 1]"),
            "taylor_m_min": (self.taylor_m_min > 0.0, "above 0"),
        }
        for name, (good, rule) in rules.items():
            if not good:
                raise ValueError(f"spindle.cut.{name} = {getattr(self, name)} must be {rule}")


def kienzle_n(specific_n_mm2: float, chip_exponent: float, width_m: float, chip_m: float) -> float:
    """Return F_t = k_c1.1·b·h^(1-m_c) [N]."""
    if chip_m <= 0.0 or width_m <= 0.0:
        return 0.0
    return float(specific_n_mm2 * width_m * MM * (chip_m * MM) ** (1.0 - chip_exponent))


def torque_over_turn(cut: Cut, feed_m: float, offset_m: tuple[float, ...]) -> Floats:
    """Return the torque per depth [N m/m] over one turn of a stiff cutter, float64[TURN_PLACES].

    `offset_m` is by how much each tooth stands out; a tooth that stands back leaves its chip to the next.
    """
    at = (np.arange(TURN_PLACES) + 0.5) / TURN_PLACES
    engaged = (at >= cut.entry_turn) & (at <= cut.exit_turn)
    sine = np.where(engaged, np.sin(2.0 * math.pi * at), 0.0)
    surface = np.full(TURN_PLACES, max(offset_m))
    chips = np.zeros((cut.teeth, TURN_PLACES))
    for _ in range(3):  # after three turns the surface repeats
        for tooth in reversed(range(cut.teeth)):  # as in the kernel, tooth i stands at turn + i/teeth
            chip = feed_m * sine + offset_m[tooth] - surface
            chips[tooth] = np.where(engaged, np.maximum(chip, 0.0), 0.0)
            surface = np.maximum(offset_m[tooth], surface - feed_m * sine)
    force = cut.specific_n_mm2 * MM * (chips * MM) ** (1.0 - cut.chip_exponent)
    step = TURN_PLACES // cut.teeth
    total = sum(np.roll(force[tooth], -tooth * step) for tooth in range(cut.teeth))
    return np.asarray(total) * 0.5 * cut.diameter_m


def tool_life_s(cut: Cut, speed_m_s: float, taylor_gain: float = 1.0) -> float:
    """Return the mean life T of V·T^n = C_T [s]; without bound at standstill."""
    v = abs(speed_m_s) * 60.0
    if v < 1.0:
        return math.inf
    return float(60.0 * (cut.taylor_m_min * taylor_gain / v) ** (1.0 / cut.taylor_exponent))


def flank_wear_m(life: float) -> float:
    """Return VB [m] after a share of the edge's life, in three stages; beyond life it goes on as in the last."""
    for (a, low), (b, high) in itertools.pairwise(STAGES):
        if life <= b:
            return low + (high - low) * (max(life, 0.0) - a) / (b - a)
    return WEAR_LIMIT_M + 0.5e-3 * (min(life, 2.0) - 1.0)


def floor_m(stiffness_n_m: float, damping: float, cutting_n_m2: float) -> float:
    """Return the depth below which no speed chatters, b = 2kζ(1 + ζ)/K_f [m]: one edge, one direction (Tlusty)."""
    return 2.0 * stiffness_n_m * damping * (1.0 + damping) / cutting_n_m2


def stability_limit_m(
    cut: Cut, stiffness_n_m: float, damping: float, natural_hz: float, speed_rad_s: float, slope_n_m2: float
) -> float:
    """Return the axial depth at which milling begins to chatter at a speed [m] (Altintaş & Budak 1995, zeroth order).

    `slope_n_m2` is dF_t/dh per depth at the mean chip; both directions have the same mode.
    """
    if speed_rad_s <= 1.0:
        return floor_m(stiffness_n_m, damping, slope_n_m2)
    lo, hi = 2.0 * math.pi * cut.entry_turn, 2.0 * math.pi * cut.exit_turn

    def at(phi: float) -> NDArray[np.float64]:
        s, c, r = math.sin(2.0 * phi), math.cos(2.0 * phi), cut.radial
        terms = [c - 2 * r * phi + r * s, -s - 2 * phi + r * c, -s + 2 * phi + r * c, -c - 2 * r * phi - r * s]
        return 0.5 * np.array(terms)

    xx, xy, yx, yy = at(hi) - at(lo)
    det, trace = xx * yy - xy * yx, xx + yy
    root = cmath.sqrt(trace * trace - 4.0 * det)
    roots = [(-trace + root) / (2.0 * det), (-trace - root) / (2.0 * det)]  # of Λ·G, both real or a pair
    period = 2.0 * math.pi / speed_rad_s / cut.teeth
    omega_n = 2.0 * math.pi * natural_hz
    omega = omega_n * np.linspace(0.5, 2.5, 8001)
    r = omega / omega_n
    response = 1.0 / (stiffness_n_m * (1.0 - r**2 + 2j * damping * r))
    best = math.inf
    for value in roots:
        eigen = value / response
        kappa = eigen.imag / eigen.real
        depth = -2.0 * math.pi * eigen.real * (1.0 + kappa**2) / (cut.teeth * slope_n_m2)
        lobe = (omega * period - (math.pi - 2.0 * np.arctan(kappa))) / (2.0 * math.pi)
        crossing = (np.floor(lobe[1:]) != np.floor(lobe[:-1])) & (np.abs(np.diff(lobe)) < 0.5) & (depth[1:] > 0.0)
        if np.any(crossing):
            best = min(best, float(depth[1:][crossing].min()))
    return best
