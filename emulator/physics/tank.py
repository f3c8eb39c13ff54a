"""Open tank of constant section."""

from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset


@dataclass(frozen=True, slots=True)
class TankParameters:
    """Section, height, and the level [m] against which static lifts are counted (that of the start)."""

    area_m2: float = 1.0
    height_m: float = 2.5
    datum_level_m: float = 1.5


@dataclass(slots=True)
class TankCondition:
    """What faults may change."""

    leak_m3_s: float = 0.0


class Tank(Asset):
    """Level from the balance of flows; what overflows and what leaks is counted."""

    STATES: ClassVar[tuple[str, ...]] = ("level_m", "overflow_m3", "leaked_m3")

    def __init__(self, parameters: TankParameters) -> None:
        """Build the tank, filled to its datum level."""
        self.parameters = parameters
        self.condition = TankCondition()
        self.level_m = parameters.datum_level_m
        self.overflow_m3 = 0.0
        self.leaked_m3 = 0.0

    @property
    def empty(self) -> bool:
        """Whether the outlet sucks air."""
        return self.level_m <= 0.0

    def advance(self, inflow_m3_s: float, outflow_m3_s: float, tick_s: float) -> None:
        """Advance the level; a tank neither holds more than its height nor less than nothing."""
        p = self.parameters
        leak = self.condition.leak_m3_s if self.level_m > 0.0 else 0.0
        self.leaked_m3 += leak * tick_s
        level = self.level_m + (inflow_m3_s - outflow_m3_s - leak) * tick_s / p.area_m2
        if level > p.height_m:
            self.overflow_m3 += (level - p.height_m) * p.area_m2
            level = p.height_m
        self.level_m = max(level, 0.0)
