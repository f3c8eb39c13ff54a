"""Mechanical seal of a pump: what it lets out of the casing, and the barrier liquid in its pot."""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.physics.water import GRAVITY_M_S2

DISCHARGE = 0.61  # of a sharp orifice
SEAL_PRESSURE_SHARE = 0.3  # of the pump's pressure rise that stands at the seal, behind the back vanes
BARRIER_SHARE = 0.01  # section through which barrier liquid leaves, over that of the casing's leak


@dataclass(frozen=True, slots=True)
class SealParameters:
    """Pot of barrier liquid: section [m²], height and filling [m]."""

    pot_area_m2: float = 0.02
    pot_height_m: float = 0.6
    pot_level_m: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a pot that cannot be."""
        if not self.pot_area_m2 > 0.0:
            raise ValueError(f"seal_pot_area_m2 = {self.pot_area_m2:g} must be above 0")
        if not 0.0 <= self.pot_level_m <= self.pot_height_m:
            raise ValueError(
                f"seal_pot_level_m = {self.pot_level_m:g} must lie in [0, seal_pot_height_m = {self.pot_height_m:g}]"
            )


class Seal(Asset):
    """A worn face is an orifice to the drain, from the casing and from the pot above it."""

    STATES: ClassVar[tuple[str, ...]] = ("pot_level_m", "drained_m3", "flow_m3_s")

    def __init__(self, parameters: SealParameters) -> None:
        """Build the seal, tight and its pot filled."""
        self.parameters = parameters
        self.pot_level_m = parameters.pot_level_m
        self.drained_m3 = 0.0
        self.flow_m3_s = 0.0

    def advance(self, gauge_pa: float, bore_m: float, density_kg_m3: float, dt_s: float) -> float:
        """Leak for `dt_s` [s] through a bore [m] at a chamber pressure [Pa]; return the casing's leak [m³/s].

        The pot drains by its own head, dh/dt = -(C_d A_o/A) √(2 g h), integrated exactly.
        """
        area = 0.25 * math.pi * bore_m**2
        self.flow_m3_s = DISCHARGE * area * math.sqrt(2.0 * max(gauge_pa, 0.0) / density_kg_m3)
        self.drained_m3 += self.flow_m3_s * dt_s
        fall = DISCHARGE * BARRIER_SHARE * area / self.parameters.pot_area_m2 * math.sqrt(0.5 * GRAVITY_M_S2) * dt_s
        self.pot_level_m = max(math.sqrt(self.pot_level_m) - fall, 0.0) ** 2 if bore_m > 0.0 else self.pot_level_m
        return self.flow_m3_s
