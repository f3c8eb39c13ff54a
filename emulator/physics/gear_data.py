"""Gearbox: its parameters and the condition that faults change."""

import math
from dataclasses import dataclass

from emulator.physics.gear_oil import viscosity_m2_s


@dataclass(frozen=True, slots=True)
class GearboxParameters:
    """A spur stage 23/67 of module 3 mm for 11 kW at 1480 rpm.

    Attributes
    ----------
    inertia_in_kg_m2, inertia_out_kg_m2 : of pinion and wheel with their shafts, each about its own axis.
    contact_ratio, stiffness_n_m, stiffness_swing, mesh_damping : the mesh: transverse contact ratio, mean stiffness,
        its half range over the mean, damping ratio.
    ramp : share of a pitch over which a pair takes up its load.
    profile_error_m, pitch_error_m : tooth form at the mesh frequency, scatter of the pitch (one standard deviation).
    backlash_m, backlash_m_k : at 20 °C, and its growth with the housing's heat.
    oil_grade_mm2_s, needed_m2_s : ISO VG, and the viscosity at which the film just parts the teeth (κ = 1).
    reference_k : oil temperature at which the efficiency holds; colder oil drags with up to `cold_drag_nm` more at
        each doubling of the root of its viscosity.
    to_housing : share of the mesh force that reaches the housing · noise_m_s2 : floor of vibration [m/s²/√Hz]
    particles_ml : above 4, 6, 14 µm, healthy at rated load · filter_s : time in which the filter clears the oil.

    """

    teeth_in: int = 23
    teeth_out: int = 67
    module_m: float = 3e-3
    face_m: float = 0.040
    pressure_angle_rad: float = math.radians(20.0)
    helix_rad: float = 0.0
    power_w: float = 11_000.0
    speed_rad_s: float = 1480.0 * math.pi / 30.0
    efficiency: float = 0.985
    inertia_in_kg_m2: float = 7.0e-4
    inertia_out_kg_m2: float = 0.050
    mass_in_kg: float = 1.2
    mass_out_kg: float = 10.0
    contact_ratio: float = 1.65
    stiffness_n_m: float = 8e8
    stiffness_swing: float = 0.12
    mesh_damping: float = 0.05
    ramp: float = 0.08
    profile_error_m: float = 2e-6
    pitch_error_m: float = 0.5e-6
    backlash_m: float = 100e-6
    backlash_m_k: float = 0.2e-6
    lost_tooth_gap_m: float = 80e-6
    balance_grade_mm_s: float = 2.5
    oil_grade_mm2_s: float = 220.0
    needed_m2_s: float = 100e-6
    heat_j_k: float = 15_000.0
    to_air_w_k: float = 12.0
    reference_k: float = 306.90
    cold_drag_nm: float = 0.3
    oil_pressure_pa: float = 2.0e5
    relief_pa: float = 4.0e5
    particles_ml: tuple[float, float, float] = (1000.0, 250.0, 30.0)
    filter_s: float = 1800.0
    to_housing: float = 0.2
    noise_m_s2: float = 1.5e-3

    def __post_init__(self) -> None:
        """Refuse what no gearbox can be."""
        rules = {
            "teeth_in": (8 <= self.teeth_in <= 500, "8 … 500 teeth"),
            "teeth_out": (8 <= self.teeth_out <= 500, "8 … 500 teeth"),
            "module_m": (self.module_m > 0.0, "above 0"),
            "power_w": (self.power_w > 0.0, "above 0"),
            "speed_rad_s": (self.speed_rad_s > 0.0, "above 0"),
            "efficiency": (0.5 < self.efficiency < 1.0, "in (0.5, 1); 0.985 is one good stage"),
            "contact_ratio": (
                1.05 <= self.contact_ratio <= 1.85,
                "in [1.05, 1.85]; give the transverse contact ratio, without overlap",
            ),
            "stiffness_n_m": (self.stiffness_n_m > 0.0, "above 0"),
            "stiffness_swing": (0.0 <= self.stiffness_swing <= 0.4, "in [0, 0.4] of the mean"),
            "mesh_damping": (0.001 <= self.mesh_damping < 1.0, "in [0.001, 1)"),
            "ramp": (0.0 < self.ramp <= 0.1, "in (0, 0.1] of a pitch"),
            "inertia_in_kg_m2": (self.inertia_in_kg_m2 > 0.0, "above 0"),
            "inertia_out_kg_m2": (self.inertia_out_kg_m2 > 0.0, "above 0"),
            "heat_j_k": (self.heat_j_k > 0.0, "above 0"),
            "to_air_w_k": (self.to_air_w_k > 0.0, "above 0"),
            "backlash_m": (self.backlash_m > 0.0, "above 0; teeth without play jam"),
            "oil_grade_mm2_s": (2.0 <= self.oil_grade_mm2_s <= 3200.0, "an ISO VG grade, 2 … 3200 mm²/s"),
            "needed_m2_s": (self.needed_m2_s > 0.0, "above 0"),
            "filter_s": (self.filter_s > 0.0, "above 0"),
            "helix_rad": (abs(self.helix_rad) < 0.8, "below 45°"),
            "pressure_angle_rad": (0.2 < self.pressure_angle_rad < 0.6, "12° … 34°"),
        }
        for name, (good, rule) in rules.items():
            if not good:
                raise ValueError(f"gearbox.{name} = {getattr(self, name)} must be {rule}")

    @property
    def speed_ratio(self) -> float:
        """Output over input speed."""
        return self.teeth_in / self.teeth_out

    @property
    def film_reference(self) -> float:
        """κ at which the efficiency holds."""
        return viscosity_m2_s(self.oil_grade_mm2_s, self.reference_k) / self.needed_m2_s

    @property
    def base_radii_m(self) -> tuple[float, float]:
        """Base radii of pinion and wheel [m]."""
        cos = math.cos(self.pressure_angle_rad)
        return 0.5 * self.module_m * self.teeth_in * cos, 0.5 * self.module_m * self.teeth_out * cos

    @property
    def mesh_mass_kg(self) -> float:
        """m_e = J1·J2/(J1·r2² + J2·r1²) [kg]."""
        r1, r2 = self.base_radii_m
        j1, j2 = self.inertia_in_kg_m2, self.inertia_out_kg_m2
        return j1 * j2 / (j1 * r2**2 + j2 * r1**2)

    def mesh_force_n(self, torque_in_nm: float, torque_out_nm: float) -> float:
        """m_e (r1·T1/J1 + r2·T2/J2) [N]: the mean force between the teeth."""
        r1, r2 = self.base_radii_m
        pull = r1 * torque_in_nm / self.inertia_in_kg_m2 + r2 * torque_out_nm / self.inertia_out_kg_m2
        return self.mesh_mass_kg * pull

    @property
    def rated_force_n(self) -> float:
        """Mesh force at rated torque [N]."""
        return self.power_w / self.speed_rad_s / self.base_radii_m[0]


@dataclass(slots=True)
class GearboxCondition:
    """What faults may change.

    Attributes
    ----------
    crack : share of one pinion tooth's stiffness that is gone · pit_depth_m, pit_teeth : a pit on that many teeth
    wear_m : metal gone from tooth tips and roots · eccentricity_in_m, eccentricity_out_m : run-out of each gear
    misalignment, lost_tooth : 0 … 1 · viscosity_gain, fill : of the oil, and its level
    backlash_gain : play over that of a new gearbox

    """

    crack: float = 0.0
    pit_depth_m: float = 0.0
    pit_teeth: int = 0
    wear_m: float = 0.0
    eccentricity_in_m: float = 0.0
    eccentricity_out_m: float = 0.0
    misalignment: float = 0.0
    lost_tooth: float = 0.0
    viscosity_gain: float = 1.0
    fill: float = 1.0
    backlash_gain: float = 1.0
