"""Spindle: its parameters and the condition that faults change."""

import math
from dataclasses import dataclass, field

from emulator.physics.milling import Cut
from emulator.physics.nc_program import Program


@dataclass(frozen=True, slots=True)
class SpindleParameters:
    """A direct-driven spindle of 6000 rpm with a 10 mm end mill.

    Attributes
    ----------
    tool_stiffness_n_m, tool_damping, tool_natural_hz : the mode of tool and spindle nose, alike in x and y.
    gain_nms, limit_nm, ramp_s : of the speed control; from rest to rated speed.
    torque_per_a, idle_a, copper_ohm : torque per ampere, magnetising current, winding loss per ampere squared.
    drag_nms, drag_per_k : bearing friction at 20 °C, and how preload raises it with heat.
    bearing_heat_j_k, bearing_cooling_w_k : front bearing, with the coolant running.
    growth_m_w, growth_s : length gained per watt of friction by the fast and the slow part, and their time constants.
    axis_gain_1_s, play_m : feed axis. tolerance_m, scatter_m : of the part.
    tool_scatter : of one edge's life about Taylor's, relative.

    """

    speed_rad_s: float = 6000.0 * math.pi / 30.0
    power_w: float = 15_000.0
    inertia_kg_m2: float = 0.020
    gain_nms: float = 20.0
    limit_nm: float = 40.0
    ramp_s: float = 1.0
    torque_per_a: float = 0.9
    idle_a: float = 8.0
    copper_ohm: float = 0.3
    drag_nms: float = 5e-4
    drag_per_k: float = 0.004
    tool_stiffness_n_m: float = 2e7
    tool_damping: float = 0.03
    tool_natural_hz: float = 800.0
    rotor_kg: float = 4.0
    preload_n: float = 500.0
    bearing_heat_j_k: float = 4000.0
    bearing_cooling_w_k: float = 8.0
    growth_m_w: tuple[float, float] = (0.06e-6, 0.04e-6)
    growth_s: tuple[float, float] = (600.0, 3600.0)
    axis_gain_1_s: float = 50.0
    play_m: float = 1e-6
    tolerance_m: float = 30e-6
    scatter_m: float = 5e-6
    tool_scatter: float = 0.1
    noise_m_s2: float = 5e-3
    cut: Cut = field(default_factory=Cut)
    program: Program = field(default_factory=Program)

    def __post_init__(self) -> None:
        """Refuse what no spindle can be."""
        for name in (
            "speed_rad_s", "power_w", "inertia_kg_m2", "gain_nms", "limit_nm", "ramp_s", "torque_per_a", "drag_nms",
            "tool_stiffness_n_m", "tool_natural_hz", "bearing_heat_j_k", "bearing_cooling_w_k", "axis_gain_1_s",
            "tolerance_m", "scatter_m",
        ):  # fmt: skip
            if not getattr(self, name) > 0.0:
                raise ValueError(f"spindle.{name} = {getattr(self, name)} must be above 0")
        if not 0.0 < self.tool_damping < 1.0:
            raise ValueError(f"spindle.tool_damping = {self.tool_damping} must be in (0, 1); 0.03 is usual")
        if not self.play_m >= 0.0:
            raise ValueError(f"spindle.play_m = {self.play_m} must be 0 or more")

    @property
    def feed_m_s(self) -> float:
        """Feed speed of the axis: f_z·z·n [m/s]."""
        return self.cut.feed_per_tooth_m * self.cut.teeth * self.speed_rad_s / (2.0 * math.pi)


@dataclass(slots=True)
class SpindleCondition:
    """What faults may change.

    Attributes
    ----------
    added_wear_m : flank wear beyond the edge's own · broken_m : by how much one tooth stands back
    depth_gain, damping_gain, stiffness_gain : of the cut and of the tool's mode · unbalance_grade_mm_s : of the tool
    taylor_gain, cooling_gain : of C_T and of the bearing's cooling · added_play_m : of the axis

    """

    added_wear_m: float = 0.0
    broken_m: float = 0.0
    depth_gain: float = 1.0
    damping_gain: float = 1.0
    stiffness_gain: float = 1.0
    unbalance_grade_mm_s: float = 2.5
    taylor_gain: float = 1.0
    cooling_gain: float = 1.0
    added_play_m: float = 0.0


def tool_mode(p: SpindleParameters, c: SpindleCondition) -> tuple[float, float, float, float]:
    """Return mass [kg], damping [N s/m], stiffness [N/m] and unbalance [kg m] of the tool's mode."""
    mass = p.tool_stiffness_n_m / (2.0 * math.pi * p.tool_natural_hz) ** 2
    stiffness = p.tool_stiffness_n_m * c.stiffness_gain
    damping = 2.0 * p.tool_damping * c.damping_gain * math.sqrt(stiffness * mass)
    return mass, damping, stiffness, p.rotor_kg * c.unbalance_grade_mm_s * 1e-3 / p.speed_rad_s
