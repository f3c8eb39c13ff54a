"""The oil of a hydraulic power unit as heat goes through it: pump, return line, reservoir, cooler."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emulator.physics.effectiveness import effectiveness
from emulator.physics.hydraulic_parameters import HydraulicPowerUnitParameters
from emulator.physics.kernels import hydraulic_static as f0
from emulator.physics.ports import Port
from emulator.physics.water import HEAT_CAPACITY_J_KG_K

PUMP, LINE, TANK, COOLER = range(4)
LINES_J_K = (5000.0, 8000.0, 4000.0)  # oil and iron at the pump, in the return line, behind the cooler
COOLING_SLIP = 0.06  # of the cooling pump's flow, at 40 °C


@dataclass(slots=True)
class OilCircuit:
    """Four oil temperatures [K], the cooling circuit, and the heat that came and went [J]."""

    parameters: HydraulicPowerUnitParameters
    temperatures_k: NDArray[np.float64]
    water_k: float
    flow_m3_s: float = 0.0  # of the cooling circuit
    pressure_pa: float = 0.0
    cooler_w: float = 0.0
    pumped_j: float = 0.0
    to_air_j: float = 0.0
    to_cooler_j: float = 0.0
    _heat: NDArray[np.float64] = field(default_factory=lambda: np.zeros(f0.HEAT_SIZE))
    _moved: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    def thin(self, node: int) -> float:
        """Return the viscosity at a node over that at 40 °C."""
        oil = self.parameters.oil
        return oil.kinematic_m2_s(float(self.temperatures_k[node])) / oil.viscosity_40_m2_s

    def reset(self) -> None:
        """Count heat from now on."""
        self.pumped_j = self.to_air_j = self.to_cooler_j = 0.0

    @property
    def stored_j(self) -> float:
        """Heat over 0 °C [J]."""
        p, (pump, line, cooler) = self.parameters, LINES_J_K
        tank = p.reservoir_m3 * p.oil.density_kg_m3 * p.oil.heat_j_kg_k + p.reservoir_metal_j_k
        return float(np.array([pump, line, tank, cooler]) @ (self.temperatures_k - 273.15))

    @property
    def cooling_efficiency(self) -> float:
        """What the cooler takes of the temperature difference between reservoir and water."""
        gap = float(self.temperatures_k[TANK]) - self.water_k
        return float(self.temperatures_k[TANK] - self.temperatures_k[COOLER]) / gap if abs(gap) > 0.1 else 0.0

    def advance(
        self, drawn_m3_s: float, main_m3_s: float, pump_w: float, line_w: float, cooler_share: float, running: bool,
        air_k: float, site_water_k: float, ports: dict[str, Port], dt_s: float,
    ) -> None:  # fmt: skip
        """Move heat for `dt_s` [s]; 0: to the rest that these means lead to.

        Parameters
        ----------
        drawn_m3_s, main_m3_s : float
            What the pump draws, and what of it leaves into the main line; the rest drains to the tank.
        pump_w, line_w : float
            Heat set free in the pump and behind it.
        cooler_share, running : float, bool
            Duty of the cooler over the sound one; whether the cooling pump turns.
        ports : dict
            Of the unit. With oil_in and oil_out joined an exchanger outside takes the cooler's place.

        """
        p, h, t = self.parameters, self._heat, self.temperatures_k
        oil = p.oil
        volume_heat = oil.density_kg_m3 * oil.heat_j_kg_k
        main = min(max(main_m3_s, 0.0), max(drawn_m3_s, 0.0))
        h[f0.H_C_PUMP], h[f0.H_C_LINE], h[f0.H_C_COOLER] = LINES_J_K
        h[f0.H_C_TANK] = p.reservoir_m3 * volume_heat + p.reservoir_metal_j_k
        h[f0.H_MAIN], h[f0.H_DRAIN] = main * volume_heat, (max(drawn_m3_s, 0.0) - main) * volume_heat
        h[f0.H_PUMP_W], h[f0.H_LINE_W] = pump_w, line_w
        h[f0.H_AIR_G], h[f0.H_AIR_K] = p.reservoir_air_w_k, air_k
        # The cooling pump leaks as the main one does: thin oil, less flow. What it works against is laminar.
        thin = self.thin(TANK)
        share = max(1.0 + COOLING_SLIP - COOLING_SLIP / thin, 0.3)
        self.flow_m3_s = p.cooling_flow_m3_s * share if running else 0.0
        self.pressure_pa = p.cooling_drop_pa * self.flow_m3_s / p.cooling_flow_m3_s * thin
        outside = ports["oil_in"].joined and ports["oil_out"].joined
        h[f0.H_RETURN_G] = h[f0.H_SINK_G] = 0.0
        if outside:
            self.pressure_pa += ports["oil_out"].potential
            h[f0.H_COOLING] = h[f0.H_RETURN_G] = max(ports["oil_in"].flow, 0.0) * oil.heat_j_kg_k
            h[f0.H_SINK_K] = ports["oil_in"].met_k
        else:
            water = ports["water_in"]
            flow = max(water.flow, 0.0) if water.joined else p.water_flow_kg_s
            self.water_k = water.met_k if water.joined else site_water_k
            own, other = self.flow_m3_s * volume_heat, flow * HEAT_CAPACITY_J_KG_K
            least = min(own, other)
            h[f0.H_COOLING], h[f0.H_SINK_K] = own, self.water_k
            if least > 0.0:
                sound = effectiveness(p.cooler_w_k / least, least / max(own, other))
                h[f0.H_SINK_G] = cooler_share * sound * least
        h[f0.H_COOLER_W] = self.flow_m3_s * self.pressure_pa if h[f0.H_COOLING] > 0.0 else 0.0
        f0.oil_temperatures(t, h, dt_s, self._moved)
        if dt_s > 0.0:
            self.pumped_j += float(h[f0.H_COOLER_W]) * dt_s
            self.to_air_j += float(self._moved[0])
            self.to_cooler_j += float(self._moved[1])
            self.cooler_w = float(self._moved[1]) / dt_s
