"""Check valve: passes water one way, and with a stuck disc a little the other way, too."""

import math
from dataclasses import dataclass

from emulator.physics.asset import Asset


@dataclass(frozen=True, slots=True)
class CheckValveParameters:
    """Bore [m], loss coefficient ζ when open, length of the body [m]."""

    diameter_m: float = 0.08
    loss_coefficient: float = 2.5
    length_m: float = 0.3

    def __post_init__(self) -> None:
        """Refuse a valve that cannot be."""
        if not (self.diameter_m > 0.0 and self.loss_coefficient >= 0.0 and self.length_m > 0.0):
            raise ValueError(
                f"check_valve.diameter_m = {self.diameter_m:g} and length_m = {self.length_m:g} must be above 0 and "
                f"loss_coefficient = {self.loss_coefficient:g} not below"
            )


@dataclass(slots=True)
class CheckValveCondition:
    """What faults may change: the share of its section that stays open against the flow."""

    stuck_open: float = 0.0


class CheckValve(Asset):
    """The valve; the network decides when it opens and shuts."""

    def __init__(self, parameters: CheckValveParameters | None = None) -> None:
        """Build the valve."""
        self.parameters = parameters or CheckValveParameters()
        self.condition = CheckValveCondition()

    @property
    def area_m2(self) -> float:
        """Section [m²]."""
        return 0.25 * math.pi * self.parameters.diameter_m**2

    @property
    def resistance_s2_m5(self) -> float:
        """Resistance of the open valve [s²/m⁵]."""
        return self.parameters.loss_coefficient / (2.0 * 9.80665 * self.area_m2**2)

    @property
    def inertance_1_m(self) -> float:
        """Length over section [1/m]."""
        return self.parameters.length_m / self.area_m2
