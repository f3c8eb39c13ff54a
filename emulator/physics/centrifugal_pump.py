"""Centrifugal pump: curve, leakage, cavitation, power, casing heat, and the forces it puts on its shaft."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from emulator.physics.asset import TICK_S, Asset
from emulator.physics.kernels import hydraulics as k
from emulator.physics.rotor import RotorCondition
from emulator.physics.thermal import relax
from emulator.physics.water import GRAVITY_M_S2, HEAT_CAPACITY_J_KG_K

if TYPE_CHECKING:
    from emulator.physics.circuit import Circuit
    from emulator.physics.pipe import Pipe

HEALTHY_GRADE_MM_S = RotorCondition().unbalance_grade_mm_s


@dataclass(frozen=True, slots=True)
class CentrifugalPumpParameters:
    """Pump of the reference skid: 80 m³/h, 32 m at 1450 rpm, six vanes."""

    speed_rad_s: float = 1450.0 * math.pi / 30.0
    flow_m3_s: float = 80.0 / 3600.0
    head_m: float = 32.0
    shutoff_head_m: float = 40.0
    efficiency: float = 0.76
    vanes: int = 6
    npsh_required_m: float = 2.5
    inertia_kg_m2: float = 0.10
    casing_heat_j_k: float = 60_000.0  # 10 l of water and the iron around it
    casing_air_w_k: float = 5.0
    bearing_load_n: float = 1500.0  # static radial load per bearing: rotor, coupling, preload
    thrust_n: float = 40.0  # radial thrust per bearing at shut-off and rated speed
    vane_force_n: float = 12.0  # amplitude of the vane-pass force at the design point

    @property
    def curve_a2(self) -> float:
        """a2 of H = H0 n_r² - a2 Q² [s²/m⁵]."""
        return (self.shutoff_head_m - self.head_m) / self.flow_m3_s**2


@dataclass(slots=True)
class CentrifugalPumpCondition:
    """What faults may change.

    Head gain, wear-ring leak [m³/s at rated head], wear 0…1, balance grade of the rotor.
    """

    head_gain: float = 1.0
    leak_m3_s: float = 0.0
    wear: float = 0.0
    unbalance_grade_mm_s: float = HEALTHY_GRADE_MM_S


class CentrifugalPump(Asset):
    """The pump in its circuit."""

    STATES: ClassVar[tuple[str, ...]] = (
        "flow_m3_s", "casing_k", "out", "hydraulic_j", "shaft_j", "vane_force_n", "radial_load_n", "_circuit",
    )  # fmt: skip

    def __init__(self, parameters: CentrifugalPumpParameters) -> None:
        """Build the pump at rest."""
        self.parameters = parameters
        self.condition = CentrifugalPumpCondition()
        self.suction: Pipe | None = None  # wired by the plant
        self.flow_m3_s = 0.0
        self.casing_k = 293.15
        self.hydraulic_j = 0.0
        self.shaft_j = 0.0
        self.vane_force_n = 0.0
        self.radial_load_n = parameters.bearing_load_n
        self.out = np.zeros(k.OUT_SIZE)
        self.out[k.O_SIGMA] = k.SIGMA_MAX
        self._pump = np.zeros(k.PUMP_SIZE)
        self._circuit = np.zeros(k.CIRCUIT_SIZE)

    # --- the operating point ------------------------------------------------------------------------------

    @property
    def head_m(self) -> float:
        """Head [m]."""
        return float(self.out[k.O_HEAD])

    @property
    def sigma(self) -> float:
        """Cavitation number NPSHa/NPSH3."""
        return float(self.out[k.O_SIGMA])

    @property
    def flow_ratio(self) -> float:
        """Per-unit impeller flow x = Q_i/(n_r Q_b)."""
        return float(self.out[k.O_X])

    @property
    def torque_nm(self) -> float:
        """Shaft torque [N m]."""
        return float(self.out[k.O_TORQUE])

    @property
    def shaft_power_w(self) -> float:
        """Shaft power [W]."""
        return float(self.out[k.O_POWER])

    @property
    def hydraulic_power_w(self) -> float:
        """Hydraulic power ρ g Q H [W]."""
        return float(self.out[k.O_HYDRAULIC])

    @property
    def efficiency(self) -> float:
        """Hydraulic over shaft power; 0 when nothing is taken."""
        return self.hydraulic_power_w / self.shaft_power_w if self.shaft_power_w > 0.0 else 0.0

    @property
    def npsh_available_m(self) -> float:
        """NPSHa [m]."""
        return float(self.out[k.O_NPSHA])

    # --- time ---------------------------------------------------------------------------------------------

    def _fill(self, circuit: "Circuit", dry: bool) -> None:
        p, c, a = self.parameters, self.condition, self._pump
        a[k.C_OMEGA0] = p.speed_rad_s
        a[k.C_FLOW] = p.flow_m3_s
        a[k.C_HEAD] = p.head_m
        a[k.C_H0] = p.shutoff_head_m * c.head_gain
        a[k.C_A2] = p.curve_a2
        a[k.C_ETA] = p.efficiency
        a[k.C_LEAK] = c.leak_m3_s
        # NPSH3 = n_r² (1.5 + 1.0 x²) m for the default pump: three fifths of the rated value stand at zero
        # flow.
        a[k.C_NPSH0] = 0.6 * p.npsh_required_m
        a[k.C_NPSH1] = 0.4 * p.npsh_required_m
        a[k.C_DRY] = 0.2 if dry else 1.0
        circuit.fill(self._circuit)

    def advance_flow(self, circuit: "Circuit", speed_rad_s: float, dt_s: float) -> None:
        """Advance the flow by ``dt_s`` at a constant shaft speed [rad/s] (implicit, second order)."""
        self._fill(circuit, circuit.dry)
        self.flow_m3_s = float(k.pump_step(speed_rad_s, self.flow_m3_s, dt_s, self._pump, self._circuit, self.out))

    def account(self, circuit: "Circuit", speed_rad_s: float, tick_s: float = TICK_S) -> None:
        """Book the tick [s] that ends now: work, forces, casing heat."""
        self._forces(speed_rad_s)
        self.hydraulic_j += self.hydraulic_power_w * tick_s
        self.shaft_j += self.shaft_power_w * tick_s
        p = self.parameters
        through = self._circuit[k.N_DENSITY] * HEAT_CAPACITY_J_KG_K * self.flow_m3_s
        total = through + p.casing_air_w_k
        sink = (through * circuit.fluid_k + p.casing_air_w_k * circuit.ambient_k) / total
        loss = self.shaft_power_w - self.hydraulic_power_w
        self.casing_k = relax(self.casing_k, loss, total, sink, p.casing_heat_j_k, tick_s)

    def steady(self, circuit: "Circuit", speed_rad_s: float) -> float:
        """Put flow and forces into the steady state at a speed [rad/s]; return the shaft torque [N m]."""
        self._fill(circuit, circuit.dry)
        start = self.flow_m3_s if self.flow_m3_s > 0.0 else self.parameters.flow_m3_s
        self.flow_m3_s = float(k.pump_step(speed_rad_s, start, 0.0, self._pump, self._circuit, self.out))
        self._forces(speed_rad_s)
        return self.torque_nm

    def head_at(self, circuit: "Circuit", flow_m3_s: float, speed_rad_s: float) -> float:
        """Return the head [m] at a flow and speed; nothing changes."""
        self._fill(circuit, circuit.dry)
        return float(k.head_of(flow_m3_s, speed_rad_s, self._pump, self._circuit)[0])

    def settle_casing(self, circuit: "Circuit") -> None:
        """Put the casing into thermal rest at the present operating point."""
        p = self.parameters
        through = self._circuit[k.N_DENSITY] * HEAT_CAPACITY_J_KG_K * self.flow_m3_s
        total = through + p.casing_air_w_k
        loss = self.shaft_power_w - self.hydraulic_power_w
        self.casing_k = (through * circuit.fluid_k + p.casing_air_w_k * circuit.ambient_k + loss) / total

    def _forces(self, speed_rad_s: float) -> None:
        p = self.parameters
        head = max(self.head_m, 0.0) / p.head_m
        x = min(self.flow_ratio, 2.0)
        # Radial thrust after Stepanoff: zero at the design flow, proportional to head.
        self.radial_load_n = p.bearing_load_n + p.thrust_n * head * abs(1.0 - x * x)
        # Vane pass: grows off the design flow, with wear-ring clearance and as vapour unsteadies the inflow.
        off = 1.0 + 6.0 * (x - 1.0) ** 2
        vapour = 1.0 + 1.5 / max(self.sigma, 0.5) ** 2
        self.vane_force_n = p.vane_force_n * head * off * (1.0 + self.condition.wear) * vapour
        if speed_rad_s == 0.0:
            self.vane_force_n = 0.0

    # --- pressures ----------------------------------------------------------------------------------------

    def suction_pressure_pa(self, circuit: "Circuit") -> float:
        """Gauge pressure at the suction flange [Pa]."""
        velocity = self.flow_m3_s / circuit.suction_area_m2
        head = circuit.suction_net_m - circuit.suction_resistance * self.flow_m3_s**2
        return circuit.density_kg_m3 * (GRAVITY_M_S2 * head - 0.5 * velocity**2)

    def discharge_pressure_pa(self, circuit: "Circuit") -> float:
        """Gauge pressure at the discharge flange, before the check valve [Pa]."""
        q = self.flow_m3_s
        dynamic = 0.5 * ((q / circuit.suction_area_m2) ** 2 - (q / circuit.discharge_area_m2) ** 2)
        rise = circuit.density_kg_m3 * (GRAVITY_M_S2 * self.head_m + dynamic)
        return self.suction_pressure_pa(circuit) + rise
