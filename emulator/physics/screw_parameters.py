"""What a screw compressor is made of, and what faults may change of it."""

import math
from dataclasses import dataclass

from emulator.physics.checks import check, check_finite, check_positive


@dataclass(frozen=True, slots=True)
class ScrewParameters:
    """An oil-flooded screw of 6.1 m³/min for 7.5 bar(g), driven at 2960 rpm.

    Attributes
    ----------
    displacement_m3 : swept volume per turn of the male rotor
    volumetric_efficiency, isothermal_efficiency : at full load
    design_ratio : pressure ratio at which `idle_share` (of full power, intake shut) holds
    minimum_pa : gauge pressure below which the minimum-pressure valve keeps the separator
    inlet_drop_pa : drop of a clean intake filter at rated flow
    element_j_k, sump_j_k : heat of the rotors with their oil, and of the oil in the sump
    oil_w_k : heat capacity flow of the oil that is injected at rated speed
    cooler_w_k : conductance of the oil cooler, wide open; `thermostat_k`, `thermostat_span_k`: where it opens
    aftercooler_k : how much warmer than its coolant the air leaves
    pulse_n, pulse_decay : lobe-pass force at rated pressure and full load, each harmonic over the one before
    built_in : has a motor of its own, of `motor_efficiency`, that changes speed at most by `ramp_rad_s2`

    """

    displacement_m3: float = 6.1 / 60.0 / (2960.0 / 60.0) / 0.9
    volumetric_efficiency: float = 0.9
    isothermal_efficiency: float = 0.66
    idle_share: float = 0.28
    design_ratio: float = 8.5
    speed_rad_s: float = 2960.0 * math.pi / 30.0
    minimum_pa: float = 4.5e5
    inlet_drop_pa: float = 0.0
    friction_nm: float = 1.0
    inertia_kg_m2: float = 0.12
    element_j_k: float = 30_000.0
    sump_j_k: float = 50_000.0
    oil_w_k: float = 1500.0
    cooler_w_k: float = 900.0
    thermostat_k: float = 328.15
    thermostat_span_k: float = 10.0
    closed_share: float = 0.05
    aftercooler_k: float = 8.0
    water_cooled: bool = False
    trip_k: float = 378.15
    lobes: int = 4
    flutes: int = 6
    pulse_n: float = 120.0
    pulse_decay: float = 0.5
    male_kg: float = 22.0
    female_kg: float = 18.0
    balance_grade_mm_s: float = 2.5
    noise_m_s2: float = 0.004
    bearing_load_n: float = 2500.0
    built_in: bool = False
    motor_efficiency: float = 0.93
    ramp_rad_s2: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what no screw can be."""
        check_finite(self)
        check_positive(
            self, "displacement_m3", "speed_rad_s", "inertia_kg_m2", "element_j_k", "sump_j_k", "oil_w_k",
            "cooler_w_k", "thermostat_span_k", "ramp_rad_s2",
        )  # fmt: skip
        for name in ("volumetric_efficiency", "isothermal_efficiency", "motor_efficiency", "idle_share"):
            check(self, name, 0.0 < getattr(self, name) < 1.0, "in (0, 1)")
        check(self, "design_ratio", 1.1 <= self.design_ratio <= 30.0, "a ratio of absolute pressures in [1.1, 30]")
        check(self, "closed_share", 0.0 <= self.closed_share <= 1.0, "a share in [0, 1]")
        check(self, "minimum_pa", self.minimum_pa >= 0.0, "a gauge pressure, 0 for no valve")
        check(self, "inlet_drop_pa", 0.0 <= self.inlet_drop_pa < 50_000.0, "in [0, 50 000 Pa)")
        check(self, "trip_k", 320.0 <= self.trip_k <= 500.0, "in [320, 500] K; 378.15 K is 105 °C")
        check(self, "lobes", 2 <= self.lobes <= 12, "2 … 12 lobes")
        check(self, "flutes", self.lobes < self.flutes <= 14, "more than lobes, up to 14")
        fastest = 100.0 * min(self.element_j_k, self.sump_j_k)
        good = self.oil_w_k + self.cooler_w_k < fastest
        check(self, "oil_w_k", good, "below 100/s of the smaller heat capacity, with cooler_w_k")


@dataclass(slots=True)
class ScrewCondition:
    """What faults may change.

    Extra drop of the intake filter at rated flow [Pa]; gain of the cooler's conductance; the ends the intake valve can
    reach; balance grade of the rotors [mm/s], G2.5 when healthy.
    """

    filter_drop_pa: float = 0.0
    cooler_gain: float = 1.0
    opening_least: float = 0.0
    opening_most: float = 1.0
    unbalance_grade_mm_s: float = 2.5
