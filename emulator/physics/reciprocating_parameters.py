"""What a reciprocating compressor is made of, and what faults may change of it."""

import math
from dataclasses import dataclass, field

from emulator.physics.checks import check, check_finite, check_positive


@dataclass(frozen=True, slots=True)
class ReciprocatingParameters:
    """Two throws of one litre each, single acting, 720 rpm, pressure ratio 4.

    Attributes
    ----------
    bore_m, stroke_m, rod_m : cylinder bore, stroke, length of the connecting rod
    throws, throw_turns : cylinders, each that much of a turn behind the one before
    clearance, index : dead volume over swept volume; polytropic index of the gas inside
    valve_m2 : effective flow area of each valve, wide open · plate_m2, plate_kg, spring_n_m, preload_n, damping_n_s_m,
        lift_m, stiction_n, restitution : plates of both valves; oil on the seat holds them with `stiction_n`
    moving_kg : piston, rod and crosshead of a throw · rod_n_m : stiffness of the rod · runout_m : of the rod
    friction_nm, inertia_kg_m2 : of the whole machine, with its flywheel
    mixing_kg : gas that mixes in a discharge plenum or warms a valve cap · cap_share : of the rise of the discharge
        that a sound suction cap feels
    crankcase_j_k, crankcase_w_k : heat of the crankcase and conductance to the surroundings
    steps : of the integration in a tick; split further where the gas is stiff
    waveforms : level F2; without, cycle means (level F1)

    """

    bore_m: float = 2.0 * math.sqrt(0.01 / math.pi)
    stroke_m: float = 0.1
    rod_m: float = 0.2
    throws: int = 2
    throw_turns: float = 0.5
    clearance: float = 0.06
    index: float = 1.3
    speed_rad_s: float = 24.0 * math.pi
    valve_m2: float = 9.0e-4
    plate_m2: float = 20.0e-4
    plate_kg: float = 3.0e-3
    spring_n_m: float = 1500.0
    preload_n: float = 1.0
    damping_n_s_m: float = 2.0
    lift_m: float = 1.0e-3
    stiction_n: float = 1.0
    restitution: float = 0.3
    moving_kg: float = 1.5
    rod_n_m: float = 2.0e8
    runout_m: float = 15.0e-6
    friction_nm: float = 2.4
    inertia_kg_m2: float = 1.0
    inlet_drop_pa: float = 0.0
    mixing_kg: float = 0.15
    cap_share: float = 0.25
    crankcase_j_k: float = 12_000.0
    crankcase_w_k: float = 8.0
    aftercooler_k: float = 8.0
    water_cooled: bool = False
    steps: int = 100
    contact_s: float = 80e-6
    shaking_share: float = 0.15
    noise_m_s2: float = 0.01
    bearing_load_n: float = 2000.0
    built_in: bool = False
    motor_efficiency: float = 0.90
    ramp_rad_s2: float = 20.0
    waveforms: bool = True

    def __post_init__(self) -> None:
        """Refuse what no compressor can be."""
        check_finite(self)
        check_positive(
            self, "bore_m", "stroke_m", "rod_m", "speed_rad_s", "valve_m2", "plate_m2", "plate_kg", "lift_m",
            "moving_kg", "rod_n_m", "inertia_kg_m2", "mixing_kg", "crankcase_j_k", "crankcase_w_k", "contact_s",
            "ramp_rad_s2",
        )  # fmt: skip
        for name in ("spring_n_m", "preload_n", "damping_n_s_m", "stiction_n", "friction_nm", "inlet_drop_pa"):
            check(self, name, getattr(self, name) >= 0.0, "0 or above")
        check(self, "rod_m", self.rod_m > 0.55 * self.stroke_m, "longer than the crank; twice the stroke is usual")
        check(self, "throws", 1 <= self.throws <= 12, "1 … 12 cylinders")
        check(self, "clearance", 0.005 <= self.clearance <= 1.0, "in [0.005, 1] of the swept volume")
        check(self, "index", 1.05 <= self.index <= 1.67, "in [1.05, 1.67]; 1.3 for a cooled air cylinder")
        check(self, "restitution", 0.0 <= self.restitution < 0.9, "in [0, 0.9)")
        check(self, "steps", 50 <= self.steps <= 2000, "50 … 2000 steps a tick")
        fast = math.sqrt(self.spring_n_m / self.plate_kg) * 0.01 / self.steps
        check(self, "spring_n_m", fast < 1.0, "softer, or `steps` more: the plate must swing slower than a step")

    @property
    def area_m2(self) -> float:
        """Area of a piston [m²]."""
        return 0.25 * math.pi * self.bore_m**2

    @property
    def swept_m3(self) -> float:
        """Swept volume of one cylinder [m³]."""
        return self.area_m2 * self.stroke_m


@dataclass(slots=True)
class ReciprocatingCondition:
    """What faults may change; lists have one number a throw.

    Effective areas of leaks past closed valves [m²]; blow-by past the rings [kg/(s Pa)]; clearance of the crosshead
    pin [m]; the ends the unloader can reach; extra drop of the intake filter at rated flow [Pa].
    """

    suction_leak_m2: list[float] = field(default_factory=list)
    discharge_leak_m2: list[float] = field(default_factory=list)
    ring_leak_kg_s_pa: list[float] = field(default_factory=list)
    knock_clearance_m: list[float] = field(default_factory=list)
    filter_drop_pa: float = 0.0
    opening_least: float = 0.0
    opening_most: float = 1.0

    @classmethod
    def healthy(cls, throws: int) -> "ReciprocatingCondition":
        """Return the condition of a sound machine."""
        return cls([0.0] * throws, [0.0] * throws, [0.0] * throws, [0.0] * throws)
