"""Rotor: the forces that turn with the shaft and the support they act on (unbalance grades: ISO 21940-11)."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.support import rub_state

MM_S = 1e-3
TARGETS = ("rotor", "centrifugal_pump", "induction_motor", "fan")  # asset kinds whose condition is a RotorCondition
TURNING_RAD_S = 1.0


@dataclass(frozen=True, slots=True)
class RotorParameters:
    """Rotor and its support; the defaults give the support mode f_n = 100.658 Hz.

    Attributes
    ----------
    mass_kg, rated_speed_rad_s : the rotor, and the speed its balance grade refers to.
    support_mass_kg, support_stiffness_n_m, support_damping : the housing mass on its foundation, damping
        ratio.
    unbalance_phase_rad : angle of the heavy spot from the shaft's zero mark.
    coupling_stiffness_n_m, coupling_radius_m : k_c of a coupling that is out of line, radial; the lever at
        which an angle between the shafts pulls along them.
    shaft_stiffness_n_m : what holds the rotor in line: the force of a bow, for each metre of it.
    rub_clearance_m, rub_offset_m, rub_stiffness_n_m, rub_friction, rub_radius_m : gap of a seal, how far the
        shaft stands off its middle, contact stiffness k_r, µ, and the radius rubbed on.

    Raises
    ------
    ValueError
        A mass, stiffness or speed that is not above 0, a damping outside [0, 1), a negative gap.

    """

    mass_kg: float = 40.0
    rated_speed_rad_s: float = 1480.0 * 2.0 * math.pi / 60.0
    support_mass_kg: float = 50.0
    support_stiffness_n_m: float = 2.0e7
    support_damping: float = 0.05
    unbalance_phase_rad: float = 0.7
    coupling_stiffness_n_m: float = 4.0e5
    coupling_radius_m: float = 0.06
    shaft_stiffness_n_m: float = 4.0e6
    rub_clearance_m: float = 1.0e-4
    rub_offset_m: float = 5.0e-5
    rub_stiffness_n_m: float = 1.0e6
    rub_friction: float = 0.3
    rub_radius_m: float = 0.02

    def __post_init__(self) -> None:
        for name in ("mass_kg", "rated_speed_rad_s", "support_mass_kg", "support_stiffness_n_m", "rub_clearance_m"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"rotor.{name} = {getattr(self, name)} must be a number above 0; the default will do")
        if not 0.0 <= self.support_damping < 1.0:
            raise ValueError(f"rotor.support_damping = {self.support_damping} must lie in [0, 1); take 0.05")
        for item in dataclasses.fields(self)[6:]:
            if item.name != "rub_clearance_m" and not 0.0 <= getattr(self, item.name) < math.inf:
                raise ValueError(
                    f"rotor.{item.name} = {getattr(self, item.name)} must not be negative; take 0 for none"
                )

    @property
    def natural_frequency_hz(self) -> float:
        """Undamped frequency of the support mode [Hz]."""
        return math.sqrt(self.support_stiffness_n_m / self.support_mass_kg) / (2.0 * math.pi)

    def eccentricity_m(self, grade_mm_s: float) -> float:
        """Return e = G/ω at rated speed [m] for balance grade G [mm/s]."""
        return grade_mm_s * MM_S / self.rated_speed_rad_s

    def unbalance_force_n(self, grade_mm_s: float, speed_rad_s: float) -> float:
        """Return m·e·ω² [N]."""
        return self.mass_kg * self.eccentricity_m(grade_mm_s) * speed_rad_s**2

    def response_m(self, force_n: float, angular_rad_s: float) -> float:
        """Return the amplitude X = (F/k)/√((1−r²)²+(2ζr)²) [m] of the support under a sine force [N] at ω."""
        r = angular_rad_s / (2.0 * math.pi * self.natural_frequency_hz)
        return force_n / self.support_stiffness_n_m / math.hypot(1.0 - r * r, 2.0 * self.support_damping * r)

    def loose_frequency_hz(self, loss: float) -> float:
        """Return 2f₁f₂/(f₁+f₂) [Hz], what a bilinear support swings with freely when `loss` of it lifts off."""
        lifted = math.sqrt(1.0 - loss)
        return self.natural_frequency_hz * 2.0 * lifted / (1.0 + lifted)


@dataclass(slots=True)
class RotorCondition:
    """What faults may change; every default is a healthy rotor, which is G2.5 and not perfect.

    Attributes
    ----------
    unbalance_grade_mm_s : balance grade.
    offset_m, angle_rad : between the two shafts of a coupling.
    bow_m, bow_period_s : bow of the shaft; the time in which its direction goes round once (0: it stays).
    looseness : share of the support's stiffness that is gone while the foot lifts.
    rub_closure : share of a seal's clearance that is gone; above 0 the shaft may touch.
    soft_foot_n, distortion_n : pull at twice the line frequency on the foot that does not stand, and what the
        bent frame adds to each bearing's static load.
    support_loss : share of the support's stiffness that is gone for good.

    """

    unbalance_grade_mm_s: float = 2.5
    offset_m: float = 0.0
    angle_rad: float = 0.0
    bow_m: float = 0.0
    bow_period_s: float = 0.0
    looseness: float = 0.0
    rub_closure: float = 0.0
    soft_foot_n: float = 0.0
    distortion_n: float = 0.0
    support_loss: float = 0.0


def static_load_n(rotors: Sequence[Any], parameters: RotorParameters) -> float:
    """Return what misalignment and bent frames of rotors add to each bearing's static radial load [N]."""
    load = 0.0
    for rotor in rotors:
        offset_m = getattr(rotor, "offset_m", 0.0)
        load += parameters.coupling_stiffness_n_m * offset_m + getattr(rotor, "distortion_n", 0.0)
    return load


SUMS = ("offset_m", "angle_rad", "bow_m", "soft_foot_n", "distortion_n")
LARGEST = ("bow_period_s", "looseness", "rub_closure", "support_loss")


def together(conditions: Sequence[Any]) -> RotorCondition:
    """Return the condition of a shaft with several rotors on it: what each adds to a healthy one.

    A condition may lack fields it cannot have; they are healthy.
    """
    whole = RotorCondition()
    grade = whole.unbalance_grade_mm_s
    for one in conditions:
        whole.unbalance_grade_mm_s += getattr(one, "unbalance_grade_mm_s", grade) - grade
        for name in SUMS:
            setattr(whole, name, getattr(whole, name) + getattr(one, name, 0.0))
        for name in LARGEST:
            setattr(whole, name, max(getattr(whole, name), getattr(one, name, 0.0)))
    if len(conditions) == 1:
        whole.unbalance_grade_mm_s = getattr(conditions[0], "unbalance_grade_mm_s", grade)
    return whole


def unbalance_grade_mm_s(severity: float) -> float:
    """Return the grade G = 2.5·100^s of a severity [mm/s]; exactly 2.5 at severity 0."""
    return float(2.5 * 100.0**severity)


@dataclass(slots=True)
class Rotor:
    """A rotor: its parameters, and the condition faults write to and housings read."""

    parameters: RotorParameters = field(default_factory=RotorParameters)
    condition: RotorCondition = field(default_factory=RotorCondition)

    def rub_n(self, speed_rad_s: float) -> float:
        """Return the mean contact force F_n [N] of a rub over one turn, at a steady speed."""
        return float(rub_state(rub_numbers(self.parameters, self.condition, speed_rad_s)))

    def rub_torque_nm(self, speed_rad_s: float) -> float:
        """Return the torque −µ·F_n·r's size [N m] that a rub takes from the shaft, with the sign of the speed.

        The mean over one turn of the orbit that unbalance, bow and the contact itself make (harmonic balance
        of the first order); a standing shaft is not turned by it.
        """
        if self.condition.rub_closure <= 0.0 or abs(speed_rad_s) < TURNING_RAD_S:
            return 0.0
        p = self.parameters
        return math.copysign(p.rub_friction * p.rub_radius_m * self.rub_n(speed_rad_s), speed_rad_s)


def rub_numbers(p: RotorParameters, c: RotorCondition, speed_rad_s: float) -> NDArray[np.float64]:
    """Return what `rub_state` needs: M, c, k, k_r, gap, offset, µ, unbalance force and phase, bow force, ω."""
    stiffness = p.support_stiffness_n_m
    return np.array(
        [
            p.support_mass_kg,
            2.0 * p.support_damping * math.sqrt(stiffness * p.support_mass_kg),
            stiffness * (1.0 - c.support_loss),
            p.rub_stiffness_n_m,
            p.rub_clearance_m * (1.0 - c.rub_closure),
            p.rub_offset_m if c.rub_closure > 0.0 else 0.0,
            p.rub_friction,
            p.unbalance_force_n(c.unbalance_grade_mm_s, speed_rad_s),
            p.unbalance_phase_rad,
            p.shaft_stiffness_n_m * c.bow_m,
            speed_rad_s,
        ]
    )
