"""Tank of constant section, open or closed under gas, and what its level transmitters see of it."""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.physics.water import GRAVITY_M_S2

DISCHARGE = 0.61  # of a sharp orifice


@dataclass(frozen=True, slots=True)
class TankParameters:
    """Section, height, and the level [m] against which static lifts are counted (that of the start).

    `gas_pressure_pa` is the absolute pressure of the gas above the water at the datum level; 0: open to the air.
    `gas_exponent` is that of its change of state (1 isothermal, 1.4 without exchange of heat). `tap_s` is the lag of
    the impulse line of the hydrostatic transmitter.
    """

    area_m2: float = 1.0
    height_m: float = 2.5
    datum_level_m: float = 1.5
    gas_pressure_pa: float = 0.0
    gas_exponent: float = 1.2
    tap_s: float = 2.0

    def __post_init__(self) -> None:
        """Refuse a tank that cannot be."""
        if not (self.area_m2 > 0.0 and self.height_m > 0.0):
            raise ValueError(f"tank.area_m2 = {self.area_m2:g} and tank.height_m = {self.height_m:g} must be above 0")
        if not 0.0 <= self.datum_level_m <= self.height_m:
            raise ValueError(
                f"tank.datum_level_m = {self.datum_level_m:g} must lie between 0 and height_m = {self.height_m:g}"
            )
        if self.gas_pressure_pa and not (self.gas_pressure_pa > 0.0 and self.datum_level_m < self.height_m):
            raise ValueError(
                f"tank.gas_pressure_pa = {self.gas_pressure_pa:g} must be above 0, in room left above datum_level_m"
            )
        if not (1.0 <= self.gas_exponent <= 1.67 and self.tap_s > 0.0):
            raise ValueError(f"tank.gas_exponent = {self.gas_exponent:g} must lie in [1, 1.67] and tap_s be above 0")


@dataclass(slots=True)
class TankCondition:
    """What faults may change.

    A steady leak; the bore of a hole in the bottom; by what the tap's lag is longer; the share by which foam makes
    the water lighter.
    """

    leak_m3_s: float = 0.0
    leak_bore_m: float = 0.0
    tap_plugging: float = 1.0
    foam: float = 0.0


class Tank(Asset):
    """Level from the balance of flows; what overflows and what leaks is counted."""

    STATES: ClassVar[tuple[str, ...]] = ("level_m", "overflow_m3", "leaked_m3", "air_m3", "tap_level_m")

    def __init__(self, parameters: TankParameters) -> None:
        """Build the tank, filled to its datum level."""
        self.parameters = parameters
        self.condition = TankCondition()
        self.level_m = parameters.datum_level_m
        self.overflow_m3 = 0.0
        self.leaked_m3 = 0.0
        self.air_m3 = 0.0
        self.tap_level_m = self.level_m

    @property
    def hydrostatic_level_m(self) -> float:
        """Level a pressure transmitter at the bottom would tell, behind its impulse line, with water of 20 °C [m]."""
        return self.tap_level_m * (1.0 - self.condition.foam)

    @property
    def radar_level_m(self) -> float:
        """Level a radar above the water tells [m]."""
        return self.level_m

    def sense(self, tick_s: float) -> None:
        """Let the impulse line follow the level for one tick."""
        lag = self.parameters.tap_s * self.condition.tap_plugging
        self.tap_level_m += (self.level_m - self.tap_level_m) * -math.expm1(-tick_s / lag)

    @property
    def empty(self) -> bool:
        """Whether the outlet sucks air."""
        return self.level_m <= 0.0

    def advance(self, inflow_m3_s: float, outflow_m3_s: float, tick_s: float) -> None:
        """Advance the level; a tank neither holds more than its height nor less than nothing.

        What is drawn from an empty tank is air, and counted. A hole drains as d√h/dt = -(C_d A_o/A) √(g/2).
        """
        p = self.parameters
        leak = self.condition.leak_m3_s if self.level_m > 0.0 else 0.0
        if self.condition.leak_bore_m > 0.0:
            section = DISCHARGE * 0.25 * math.pi * self.condition.leak_bore_m**2
            root = math.sqrt(self.level_m)
            rest = max(root - section / p.area_m2 * math.sqrt(0.5 * GRAVITY_M_S2) * tick_s, 0.0)
            leak += (root * root - rest * rest) * p.area_m2 / tick_s
        self.leaked_m3 += leak * tick_s
        level = self.level_m + (inflow_m3_s - outflow_m3_s - leak) * tick_s / p.area_m2
        if level > p.height_m:
            self.overflow_m3 += (level - p.height_m) * p.area_m2
            level = p.height_m
        if level < 0.0:
            self.air_m3 -= level * p.area_m2
        self.level_m = max(level, 0.0)
        self.sense(tick_s)
