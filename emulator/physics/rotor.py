"""Rotor: the unbalance that turns with the shaft (ISO 21940-11 grades)."""

import math
from dataclasses import dataclass, field

MM_S = 1e-3


@dataclass(frozen=True, slots=True)
class RotorParameters:
    """Rotor and its support; the defaults give the support mode f_n = 100.658 Hz.

    Attributes
    ----------
    mass_kg, rated_speed_rad_s : the rotor, and the speed its balance grade refers to.
    support_mass_kg, support_stiffness_n_m, support_damping : the housing mass on its foundation, damping
        ratio.
    unbalance_phase_rad : angle of the heavy spot from the shaft's zero mark.

    """

    mass_kg: float = 40.0
    rated_speed_rad_s: float = 1480.0 * 2.0 * math.pi / 60.0
    support_mass_kg: float = 50.0
    support_stiffness_n_m: float = 2.0e7
    support_damping: float = 0.05
    unbalance_phase_rad: float = 0.7

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


@dataclass(slots=True)
class RotorCondition:
    """What faults may change: the balance grade [mm/s]; a healthy rotor is G2.5."""

    unbalance_grade_mm_s: float = 2.5


def unbalance_grade_mm_s(severity: float) -> float:
    """Return the grade G = 2.5·100^s of a severity [mm/s]; exactly 2.5 at severity 0."""
    return float(2.5 * 100.0**severity)


@dataclass(slots=True)
class Rotor:
    """A rotor: its parameters, and the condition faults write to and housings read."""

    parameters: RotorParameters = field(default_factory=RotorParameters)
    condition: RotorCondition = field(default_factory=RotorCondition)
