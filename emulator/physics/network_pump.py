"""A pump in a water network, as a load on whatever turns it."""

from typing import Any

import numpy as np

from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.kernels import hydraulics as hy


class NetworkPump:
    """`ShaftLoad` of one pump; the network steps all flows at once, at the speeds the shafts last told.

    The network's tick comes before the shafts': flows and speeds leap over each other by a tick, which is the same
    splitting as half a tick of flow before and after the shaft's (Strang), taken half a tick later.
    """

    def __init__(self, network: Any, pump: CentrifugalPump, index: int) -> None:
        self.network, self.pump, self.index = network, pump, index
        self.site = PumpSite()

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia of the impeller and its water [kg m²]."""
        return self.pump.parameters.inertia_kg_m2

    @property
    def radial_load_n(self) -> float:
        """Radial load per bearing [N]."""
        return self.pump.radial_load_n

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Tell the network the speed; the flow is the network's affair."""
        self.network.speeds[self.index] = speed_rad_s

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque [N m], slope [N m s] and curvature [N m s²] at the present flow."""
        out = self.network.point(self.index, speed_rad_s)
        return float(out[hy.O_TORQUE]), float(out[hy.O_TORQUE_SLOPE]), float(out[hy.O_TORQUE_CURVATURE])

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Note the tick: work, forces, casing, seal."""
        self.network.speeds[self.index] = speed_rad_s
        self.pump.out[:] = self.network.point(self.index, speed_rad_s)
        self.network.look_at(self)
        self.pump.account(self.site, speed_rad_s, dt_s)  # type: ignore[arg-type]

    def settle(self, speed_rad_s: float) -> float:
        """Come to the network's steady flow at a speed of this pump, the others as they turn; return the torque."""
        self.network.speeds[self.index] = speed_rad_s
        self.network.settle()
        self.pump.settle_casing(self.site)  # type: ignore[arg-type]
        return self.pump.torque_nm

    def signals(self) -> dict[str, float]:
        """Return the pump's true values, SI, by quantity."""
        pump, site = self.pump, self.site
        return {
            "speed_rad_s": float(self.network.speeds[self.index]),
            "flow_m3_s": pump.flow_m3_s,
            "head_m": pump.head_m,
            "shaft_power_w": pump.shaft_power_w,
            "hydraulic_power_w": pump.hydraulic_power_w,
            "efficiency": pump.efficiency,
            "suction_pressure_pa": pump.suction_pressure_pa(site),  # type: ignore[arg-type]
            "discharge_pressure_pa": pump.discharge_pressure_pa(site),  # type: ignore[arg-type]
            "fluid_temperature_k": site.fluid_k,
            "casing_temperature_k": pump.casing_k,
            "npsh_available_m": pump.npsh_available_m,
            "cavitation_sigma": pump.sigma,
            "flow_ratio": pump.flow_ratio,
            "vane_force_n": pump.vane_force_n,
            "radial_load_n": pump.radial_load_n,
            "random_force_n": pump.random_force_n,
            "seal_pot_level_m": pump.seal.pot_level_m,
            "erosion_rate": pump.erosion_rate,
        }


class PumpSite:
    """What a pump sees of its network: the part of a loop's interface that its accounts ask for."""

    source: Any = None
    suction_resistance = 0.0

    def __init__(self) -> None:
        self.fluid_k = self.ambient_k = 293.15
        self.density_kg_m3 = 998.207
        self.suction_net_m = 0.0
        self.suction_area_m2 = self.discharge_area_m2 = 0.01

    def warm_by(self, rise_k: float) -> None:
        """Nothing to do: the network's water is hot as a whole."""


def fresh_points(count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return operating points of standing pumps, float64[count, OUT_SIZE]."""
    out = np.zeros((count, hy.OUT_SIZE))
    out[:, hy.O_SIGMA] = hy.SIGMA_MAX
    return out
