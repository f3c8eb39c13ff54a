"""Pipe run with fittings: turbulent loss, static lift and the inertia of its water."""

import math
from dataclasses import dataclass

from emulator.physics.asset import Asset


@dataclass(frozen=True, slots=True)
class PipeParameters:
    """Loss = resistance·Q² [m]; lift counted from the start tank's datum level."""

    length_m: float = 4.0
    diameter_m: float = 0.125
    resistance_s2_m5: float = 1200.0
    static_head_m: float = 0.0


@dataclass(slots=True)
class PipeCondition:
    """What faults may change: resistance on top of the clean pipe's."""

    added_resistance_s2_m5: float = 0.0


class Pipe(Asset):
    """The pipe; `critical_resistance_s2_m5`, set by the plant, is what clogging must add to reach σ = 1."""

    def __init__(self, parameters: PipeParameters) -> None:
        """Build the pipe, clean."""
        self.parameters = parameters
        self.condition = PipeCondition()
        self.critical_resistance_s2_m5 = math.inf

    @property
    def area_m2(self) -> float:
        """Flow section [m²]."""
        return 0.25 * math.pi * self.parameters.diameter_m**2

    @property
    def resistance_s2_m5(self) -> float:
        """Present resistance [s²/m⁵]."""
        return self.parameters.resistance_s2_m5 + self.condition.added_resistance_s2_m5

    @property
    def inertance_1_m(self) -> float:
        """Length over section [1/m]."""
        return self.parameters.length_m / self.area_m2
