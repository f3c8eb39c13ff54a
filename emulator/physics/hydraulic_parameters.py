"""What a hydraulic power unit is made of, the cycle it works in, and what faults may change of it."""

import math
from dataclasses import dataclass, field, fields

from emulator.physics.oil import Oil

BAR = 1e5
LITRE = 1e-3
L_MIN = 1e-3 / 60.0


@dataclass(frozen=True, slots=True)
class Phase:
    """From `at_s` in the cycle: spool command -1 … 1 and relief setting as a share of the rated pressure."""

    at_s: float
    valve: float
    pressure: float = 1.0


# Three strokes a minute: fast advance, press, hold at small opening, retract, pump unloaded.
PRESS_CYCLE = (
    Phase(0.0, 0.6, 1.0), Phase(6.0, 0.1, 1.0), Phase(10.0, -0.6, 1.0), Phase(14.0, 0.0, 0.3),
    Phase(20.0, 0.4, 0.97), Phase(27.0, 0.1, 0.97), Phase(30.0, -0.5, 0.97), Phase(34.0, 0.0, 0.3),
    Phase(40.0, 0.8, 1.0), Phase(46.0, 0.05, 1.0), Phase(52.0, -0.8, 1.0), Phase(55.0, 0.0, 0.3),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HydraulicPowerUnitParameters:
    """Pump 16 cm³/rev at 160 bar, 60 l reservoir, 0.75 l accumulator, servo valve, press cylinder 50/28 x 400.

    Pressures are gauge. Conductances of openings follow from a flow and the pressure drop at which it passes.
    """

    displacement_m3: float = 16e-6
    speed_rad_s: float = 1450.0 * math.pi / 30.0
    pressure_pa: float = 160.0 * BAR
    volumetric_efficiency: float = 0.95  # at rated speed and pressure and 40 °C
    pressure_friction: float = 0.04  # of the ideal torque
    friction_nm: float = 0.8
    viscous_nms: float = 0.003  # at 40 °C, in proportion to viscosity
    motor_efficiency: float = 0.9
    inertia_kg_m2: float = 0.004
    pistons: int = 9
    ripple: float = 0.05  # amplitude of the flow at z·n, of the flow
    oil: Oil = field(default_factory=Oil)
    bulk_pa: float = 1.4e9
    pump_line_m3: float = 0.5 * LITRE
    supply_line_m3: float = 1.0 * LITRE
    return_line_m3: float = 1.0 * LITRE
    chamber_m3: float = 0.1 * LITRE  # dead volume on either side of the piston, hoses included
    cap_area_m2: float = 0.25 * math.pi * 0.050**2
    rod_area_m2: float = 0.25 * math.pi * (0.050**2 - 0.028**2)
    stroke_m: float = 0.4
    mass_kg: float = 250.0
    viscous_n_s_m: float = 3000.0
    coulomb_n: float = 400.0
    contact_m: float = 0.3  # where the tool meets the work piece
    stiffness_n_m: float = 4e5
    valve_flow_m3_s: float = 40.0 * L_MIN
    valve_drop_pa: float = 35.0 * BAR  # per edge
    overlap: float = 0.02
    null_share: float = 0.002
    spool_hz: float = 40.0
    spool_damping: float = 0.8
    filter_drop_pa: float = 1.5 * BAR  # at rated flow and 40 °C
    return_drop_pa: float = 3.0 * BAR  # at the valve's rated flow
    piston_leak_m3_s: float = 0.05 * L_MIN  # at rated pressure and 40 °C
    accumulator_m3: float = 0.75 * LITRE
    precharge_pa: float = 130.0 * BAR
    gas_tau_s: float = 10.0
    neck_flow_m3_s: float = 60.0 * L_MIN  # at 3 bar
    relief_hysteresis: float = 0.03
    relief_override: float = 0.05
    relief_flow_m3_s: float = 40.0 * L_MIN
    relief_tau_s: float = 0.003
    reservoir_m3: float = 60.0 * LITRE
    reservoir_metal_j_k: float = 15_000.0
    reservoir_air_w_k: float = 12.0
    cooling_flow_m3_s: float = 10.5 * L_MIN  # at 40 °C
    cooling_drop_pa: float = 4.0 * BAR
    cooler_w_k: float = 420.0
    water_flow_kg_s: float = 0.2
    housing_kg: float = 40.0
    vibration_m_s: float = 0.45e-3  # rms at 1x, rated speed and 40 °C
    cycle_s: float = 60.0
    cycle: tuple[Phase, ...] = PRESS_CYCLE
    dynamic: bool = True
    inner_step_s: float = 1e-4

    def __post_init__(self) -> None:
        """Refuse what no power unit can be."""
        zero = {
            "pressure_friction", "friction_nm", "viscous_nms", "ripple", "viscous_n_s_m", "coulomb_n", "stiffness_n_m",
            "contact_m", "overlap", "null_share", "piston_leak_m3_s", "reservoir_air_w_k", "vibration_m_s",
            "reservoir_metal_j_k", "water_flow_kg_s",
        }  # fmt: skip
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("oil", "cycle", "dynamic"):
                continue
            if isinstance(value, str) or not math.isfinite(value):
                raise ValueError(f"{item.name} = {value!r} must be a finite number; give the data sheet's value in SI")
            if value < 0.0 or (value == 0.0 and item.name not in zero):
                raise ValueError(f"{item.name} = {value:g} must be positive; give the data sheet's value in SI")
        for name in ("volumetric_efficiency", "motor_efficiency"):
            if getattr(self, name) > 1.0:
                raise ValueError(f"{name} = {getattr(self, name):g} must be in (0, 1]; more comes out than goes in")
        if not 0.0 < self.spool_damping < 1.0:
            raise ValueError(f"spool_damping = {self.spool_damping:g} must be in (0, 1); 0.8 is usual")
        if self.rod_area_m2 > self.cap_area_m2:
            raise ValueError(f"rod_area_m2 = {self.rod_area_m2:g} must not exceed cap_area_m2; swap the two")
        if self.overlap > 0.5 or self.null_share > 0.1:
            raise ValueError(f"overlap = {self.overlap:g} must be at most 0.5, null_share at most 0.1 of the opening")
        if self.inner_step_s > 5e-4:
            raise ValueError(f"inner_step_s = {self.inner_step_s:g} must be at most 5e-4; oil is stiff")
        swing = self.cap_area_m2 * math.sqrt(2.0 * self.bulk_pa / (self.chamber_m3 * self.mass_kg))
        if swing * self.inner_step_s > 0.5:
            raise ValueError(
                f"mass_kg = {self.mass_kg:g} swings on its oil faster than the steps; give more mass or chamber_m3"
            )
        starts = [phase.at_s for phase in self.cycle]
        if not starts or starts[0] != 0.0 or sorted(set(starts)) != starts or starts[-1] >= self.cycle_s:
            raise ValueError(
                f"cycle starts at {starts} s; it must begin at 0 and rise within cycle_s = {self.cycle_s:g}"
            )
        for phase in self.cycle:
            if not (abs(phase.valve) <= 1.0 and 0.05 <= phase.pressure <= 1.0):
                raise ValueError(f"cycle: {phase} must have valve in [-1, 1] and pressure in [0.05, 1]")

    @property
    def rated_flow_m3_s(self) -> float:
        """Displacement times rated speed [m³/s]."""
        return self.displacement_m3 * self.speed_rad_s / (2.0 * math.pi)

    @property
    def leak_m3(self) -> float:
        """C_l of Q = C_l Δp/µ [m³]."""
        lost = (1.0 - self.volumetric_efficiency) * self.rated_flow_m3_s
        return lost * self.oil.viscosity_40_m2_s * self.oil.density_kg_m3 / self.pressure_pa

    def phase_at(self, t_s: float) -> Phase:
        """Return what the cycle asks for at a time since its start [s]."""
        into = t_s % self.cycle_s
        return next(phase for phase in reversed(self.cycle) if phase.at_s <= into + 1e-9)


@dataclass(slots=True)
class HydraulicPowerUnitCondition:
    """What faults may change.

    Duty of the cooler over the sound one; current of the spool over nominal; leakage, relief setting, compressibility,
    filter resistance over the sound ones; pre-charge [Pa, 0: the sound one]; hole across the piston [m].
    """

    cooler_share: float = 1.0
    valve_share: float = 1.0
    leak_factor: float = 1.0
    precharge_pa: float = 0.0
    relief_share: float = 1.0
    softness: float = 1.0
    clogging: float = 1.0
    piston_hole_m: float = 0.0
