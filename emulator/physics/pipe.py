"""Pipe run with fittings: turbulent loss, static lift and the inertia of its water; what leaks out of it."""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.physics.kernels.friction import darcy
from emulator.physics.water import GRAVITY_M_S2

LEAK_DISCHARGE = 0.75
WATER_20_M2_S = 1.0016e-3 / 998.207


@dataclass(frozen=True, slots=True)
class PipeParameters:
    """Loss = resistance·Q² [m], and friction on top where a roughness [m] ≥ 0 is given (Darcy, Colebrook).

    With a `wave_speed_m_s` above 0 the pipe is elastic in a network: waves run along it (water hammer).
    In a loop the lift counts from the start tank's datum level, in a network between the pipe's ends.
    """

    length_m: float = 4.0
    diameter_m: float = 0.125
    resistance_s2_m5: float = 1200.0
    static_head_m: float = 0.0
    roughness_m: float = -1.0
    wave_speed_m_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a pipe that cannot be."""
        if not self.diameter_m > 0.0:
            raise ValueError(f"pipe.diameter_m = {self.diameter_m:g} must be above 0")
        if not (self.length_m >= 0.0 and self.resistance_s2_m5 >= 0.0):
            raise ValueError(
                f"pipe.length_m = {self.length_m:g} and pipe.resistance_s2_m5 = {self.resistance_s2_m5:g} "
                "must not be negative; a lift is static_head_m"
            )
        if self.roughness_m > 0.1 * self.diameter_m:
            raise ValueError(f"pipe.roughness_m = {self.roughness_m:g} must stay below a tenth of the diameter")


@dataclass(slots=True)
class PipeCondition:
    """What faults may change.

    Resistance on top of the clean pipe's; by what the clean pipe's losses are multiplied; bore of a leak at the pipe's
    end and volume of trapped air there (in a network); amplitude [m] and period [s] of a pressure wave from upstream.
    """

    added_resistance_s2_m5: float = 0.0
    blockage: float = 1.0
    leak_bore_m: float = 0.0
    air_m3: float = 0.0
    wave_m: float = 0.0
    wave_period_s: float = 60.0


class Pipe(Asset):
    """The pipe; `critical_resistance_s2_m5`, set by the plant, is what clogging must add to reach σ = 1."""

    STATES: ClassVar[tuple[str, ...]] = ("wave_ticks", "leaked_m3")

    def __init__(self, parameters: PipeParameters) -> None:
        """Build the pipe, clean."""
        self.parameters = parameters
        self.condition = PipeCondition()
        self.critical_resistance_s2_m5 = math.inf
        self.in_network = False  # whether its ends have heads of their own
        self.wave_ticks = 0
        self.leaked_m3 = 0.0

    @property
    def area_m2(self) -> float:
        """Flow section [m²]."""
        return 0.25 * math.pi * self.parameters.diameter_m**2

    @property
    def resistance_s2_m5(self) -> float:
        """Present resistance [s²/m⁵]; with a roughness that of fully turbulent flow of 2 m/s, for loops."""
        p, c = self.parameters, self.condition
        clean = p.resistance_s2_m5
        if p.roughness_m >= 0.0:
            f = float(darcy(2.0 * p.diameter_m / WATER_20_M2_S, p.roughness_m / p.diameter_m))
            clean += f * p.length_m / (2.0 * GRAVITY_M_S2 * p.diameter_m * self.area_m2**2)
        return (clean if c.blockage == 1.0 else clean * c.blockage) + c.added_resistance_s2_m5

    @property
    def leak_section_m2(self) -> float:
        """Effective section C_d·A of the leak [m²]."""
        return LEAK_DISCHARGE * 0.25 * math.pi * self.condition.leak_bore_m**2

    def wave(self, tick_s: float) -> float:
        """Return the head [m] that a disturbance from upstream adds in this tick, and go on to the next."""
        if self.condition.wave_m == 0.0:
            self.wave_ticks = 0
            return 0.0
        self.wave_ticks += 1
        turns = self.wave_ticks * tick_s / self.condition.wave_period_s
        return self.condition.wave_m * math.sin(2.0 * math.pi * (turns % 1.0))

    @property
    def inertance_1_m(self) -> float:
        """Length over section [1/m]."""
        return self.parameters.length_m / self.area_m2
