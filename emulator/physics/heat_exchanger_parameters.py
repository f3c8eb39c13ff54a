"""What a heat exchanger is made of, and what faults may change of it."""

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class HeatExchangerParameters:
    """Water/water plate exchanger: 2.5 and 2.5 kg/s, 80 and 20 °C, UA 15 690 W/K.

    `hot_share` of the clean resistance lies in the hot film; the wall's own resistance is neglected. `leak_position`
    counts from the hot inlet. The outlet pressures hold while nothing is joined downstream.
    """

    area_m2: float = 6.0
    conductance_w_k: float = 15_690.0
    hot_share: float = 0.5
    counter_flow: bool = True
    cells: int = 20
    hot_flow_kg_s: float = 2.5
    cold_flow_kg_s: float = 2.5
    hot_inlet_k: float = 353.15
    hot_heat_j_kg_k: float = 4184.0
    cold_heat_j_kg_k: float = 4184.0
    hot_density_kg_m3: float = 998.0
    cold_density_kg_m3: float = 998.0
    wall_j_k: float = 12_000.0
    gap_m: float = 0.003
    deposit_w_m_k: float = 1.5
    pressure_drop_pa: float = 20_000.0
    hot_outlet_pa: float = 300_000.0
    cold_outlet_pa: float = 150_000.0
    leak_position: float = 0.5
    dynamic: bool = True

    def __post_init__(self) -> None:
        """Refuse what no exchanger can be."""
        free = {"counter_flow", "dynamic", "hot_share", "leak_position", "cells", "hot_outlet_pa", "cold_outlet_pa"}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) or not math.isfinite(value):
                raise ValueError(f"{field.name} = {value!r} must be a finite number; give the data sheet's value in SI")
            if field.name not in free and not value > 0.0:
                raise ValueError(f"{field.name} = {value:g} must be positive; give the data sheet's value in SI")
        if not 0.01 <= self.hot_share <= 0.99:
            raise ValueError(f"hot_share = {self.hot_share:g} must be in [0.01, 0.99]; 0.5 for equal films")
        if not 0.0 <= self.leak_position <= 1.0:
            raise ValueError(f"leak_position = {self.leak_position:g} must be in [0, 1], from the hot inlet")
        if self.cells != int(self.cells) or not 10 <= self.cells <= 200:
            raise ValueError(f"cells = {self.cells:g} must be a whole number in [10, 200]; 20 is plenty")


@dataclass(slots=True)
class HeatExchangerCondition:
    """What faults may change.

    Fouling of either side [m² K/W]; diameter of a hole in the wall [m]; share of the hot stream that goes around;
    share of hot surface under air; flow that the cold side still passes, of what it should.
    """

    hot_fouling_m2k_w: float = 0.0
    cold_fouling_m2k_w: float = 0.0
    leak_diameter_m: float = 0.0
    bypass_share: float = 0.0
    air_share: float = 0.0
    cold_flow_share: float = 1.0
