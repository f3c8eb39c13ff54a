"""Place where pipes meet, and the mains: a place whose pressure others hold."""

import math
from dataclasses import dataclass

from emulator.physics.asset import Asset
from emulator.physics.pipe import LEAK_DISCHARGE


@dataclass(frozen=True, slots=True)
class JunctionParameters:
    """What is drawn there [m³/s]; negative: fed in."""

    demand_m3_s: float = 0.0


@dataclass(slots=True)
class JunctionCondition:
    """What faults may change: bore of a leak [m], volume of trapped air at atmospheric pressure [m³]."""

    leak_bore_m: float = 0.0
    air_m3: float = 0.0


class Junction(Asset):
    """A node of a water network."""

    def __init__(self, parameters: JunctionParameters | None = None) -> None:
        """Build the junction, tight."""
        self.parameters = parameters or JunctionParameters()
        self.condition = JunctionCondition()

    @property
    def leak_section_m2(self) -> float:
        """Effective section C_d·A of the leak [m²]."""
        return LEAK_DISCHARGE * 0.25 * math.pi * self.condition.leak_bore_m**2


@dataclass(frozen=True, slots=True)
class WaterMainParameters:
    """Gauge pressure held [Pa]."""

    pressure_pa: float = 0.0


class WaterMain(Asset):
    """A place whose pressure nothing in this plant changes: the town's mains, or a free outlet."""

    def __init__(self, parameters: WaterMainParameters | None = None) -> None:
        """Build it."""
        self.parameters = parameters or WaterMainParameters()
