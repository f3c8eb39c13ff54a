"""Centrifugal pump: curve, leakage, cavitation, gas, power, casing heat, seal, and the forces it puts on its shaft."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_S, Asset
from emulator.physics.kernels import hydraulics as k
from emulator.physics.pump_unsteadiness import Unsteadiness
from emulator.physics.rotor import RotorCondition
from emulator.physics.seal import SEAL_PRESSURE_SHARE, Seal, SealParameters
from emulator.physics.thermal import relax
from emulator.physics.water import ATMOSPHERE_PA, GRAVITY_M_S2, HEAT_CAPACITY_J_KG_K
from emulator.streams import Streams

if TYPE_CHECKING:
    from emulator.physics.circuit import Circuit
    from emulator.physics.pipe import Pipe

GAS_HEAD_LOSS = 6.0  # share of head lost per volume fraction of gas


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
    recirculation_force_n: float = 60.0  # rms of the slow random force at shut-off and rated speed
    gas_force_n: float = 40.0  # rms of the slow random force at a tenth of gas and rated speed
    seal_pot_area_m2: float = 0.02
    seal_pot_height_m: float = 0.6
    seal_pot_level_m: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a pump that cannot be."""
        rules = (
            ("speed_rad_s", self.speed_rad_s > 0.0, "must be above 0"),
            ("flow_m3_s", self.flow_m3_s > 0.0, "must be above 0"),
            ("head_m", self.head_m > 0.0, "must be above 0"),
            ("shutoff_head_m", self.shutoff_head_m >= self.head_m, "must not be below head_m: the curve must fall"),
            ("efficiency", 0.0 < self.efficiency < 1.0, "must lie between 0 and 1"),
            ("npsh_required_m", self.npsh_required_m >= 0.0, "must not be negative"),
            ("inertia_kg_m2", self.inertia_kg_m2 > 0.0, "must be above 0"),
            ("casing_heat_j_k", self.casing_heat_j_k > 0.0, "must be above 0"),
            ("casing_air_w_k", self.casing_air_w_k > 0.0, "must be above 0: a casing always loses some heat"),
        )
        for name, holds, rule in rules:
            if not holds:
                raise ValueError(f"centrifugal_pump.{name} = {getattr(self, name):g} {rule}; correct the data sheet")

    @property
    def curve_a2(self) -> float:
        """a2 of H = H0 n_r² - a2 Q² [s²/m⁵]."""
        return (self.shutoff_head_m - self.head_m) / self.flow_m3_s**2


@dataclass(slots=True)
class CentrifugalPumpCondition(RotorCondition):
    """What faults may change beyond the rotor's own.

    Head gain, wear-ring leak [m³/s at rated head], wear 0…1; gas volume fraction at the
    eye, what the liquid is hotter than the plant's water [K], bore of the leak in the seal [m], phase order of the
    supply (-1: the impeller turns backwards), resistance of a throttle that stands in the discharge besides the
    valve [s²/m⁵].
    """

    head_gain: float = 1.0
    leak_m3_s: float = 0.0
    wear: float = 0.0
    gas_fraction: float = 0.0
    liquid_rise_k: float = 0.0
    seal_bore_m: float = 0.0
    phase_order: float = 1.0
    throttle_s2_m5: float = 0.0


class CentrifugalPump(Asset):
    """The pump in its circuit.

    `streams` and `name` give the slow random forces and the surge of gas their randomness; without them the pump
    takes those of seed 0.
    """

    STATES: ClassVar[tuple[str, ...]] = (
        "flow_m3_s", "casing_k", "out", "hydraulic_j", "shaft_j", "vane_force_n", "radial_load_n", "_circuit",
        "boiled_j", "unsteadiness", "seal",
    )  # fmt: skip

    def __init__(
        self, parameters: CentrifugalPumpParameters, streams: Streams | None = None, name: str = "pump"
    ) -> None:
        """Build the pump at rest."""
        self.parameters = parameters
        self.name = name
        self.unsteadiness = Unsteadiness((streams or Streams(0))(f"{name}/unsteadiness"))
        self.seal = Seal(SealParameters(
            parameters.seal_pot_area_m2, parameters.seal_pot_height_m, parameters.seal_pot_level_m
        ))  # fmt: skip
        self.boiled_j = 0.0
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

    @property
    def erosion_rate(self) -> float:
        """Cavitation intensity that wears vanes and seal: 0 above σ = 3.5, 1 at the peak of σ = 1.2, less below.

        The attack follows the rate of bubble collapses, which falls again as vapour cushions them; it scales with
        the sixth power of the speed (the customary exponent of erosion over the velocity at the vane's edge).
        """
        speed = abs(float(self.out[k.O_SPEED])) / self.parameters.speed_rad_s
        return float(k.collapse_intensity(self.sigma)) * speed**6

    @property
    def random_force_n(self) -> float:
        """Slow random radial force, 0.2 … 0.8 of the turning frequency [N]: recirculation and gas."""
        return self.unsteadiness.force_n

    # --- time ---------------------------------------------------------------------------------------------

    def fill(self, a: NDArray[np.float64], dry: bool) -> None:
        """Write the pump into the kernel's array."""
        p, c = self.parameters, self.condition
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
        a[k.C_ORDER] = c.phase_order
        gas = self.unsteadiness.gas(c.gas_fraction)
        a[k.C_GAS] = gas
        if gas != 0.0:
            a[k.C_DRY] *= max(1.0 - GAS_HEAD_LOSS * gas, 0.05)

    def tell_density(self, density_kg_m3: float) -> None:
        """Take the density of what is pumped [kg/m³] from a network that solves the flow itself."""
        self._circuit[k.N_DENSITY] = density_kg_m3

    def _fill(self, circuit: "Circuit", dry: bool) -> None:
        circuit.warm_by(self.condition.liquid_rise_k)
        self.fill(self._pump, dry)
        circuit.fill(self._circuit)
        if self.condition.gas_fraction != 0.0:
            self._circuit[k.N_DENSITY] *= 1.0 - self._pump[k.C_GAS]
        if self.condition.throttle_s2_m5 != 0.0:
            self._circuit[k.N_RESISTANCE] += self.condition.throttle_s2_m5

    def advance_flow(self, circuit: "Circuit", speed_rad_s: float, dt_s: float) -> None:
        """Advance the flow by ``dt_s`` at a constant shaft speed [rad/s] (implicit, second order)."""
        self._fill(circuit, circuit.dry)
        self.flow_m3_s = float(k.pump_step(speed_rad_s, self.flow_m3_s, dt_s, self._pump, self._circuit, self.out))

    def account(self, circuit: "Circuit", speed_rad_s: float, tick_s: float = TICK_S) -> None:
        """Book the tick [s] that ends now: work, forces, casing heat, seal."""
        self._forces(speed_rad_s)
        self._unsteady(speed_rad_s, tick_s)
        if self.condition.seal_bore_m > 0.0:
            suction = self.suction_pressure_pa(circuit)
            chamber = suction + SEAL_PRESSURE_SHARE * (self.discharge_pressure_pa(circuit) - suction)
            wet = circuit.source is None or not circuit.source.empty
            lost = self.seal.advance(
                chamber if wet else 0.0, self.condition.seal_bore_m, float(self._circuit[k.N_DENSITY]), tick_s
            )
            if circuit.source is not None:
                circuit.source.advance(0.0, lost, tick_s)
        self.hydraulic_j += self.hydraulic_power_w * tick_s
        self.shaft_j += self.shaft_power_w * tick_s
        p = self.parameters
        through = self._circuit[k.N_DENSITY] * HEAT_CAPACITY_J_KG_K * self.flow_m3_s
        total = through + p.casing_air_w_k
        sink = (through * circuit.fluid_k + p.casing_air_w_k * circuit.ambient_k) / total
        loss = self.shaft_power_w - self.hydraulic_power_w
        self.casing_k = relax(self.casing_k, loss, total, sink, p.casing_heat_j_k, tick_s)
        boiling = float(k.saturation_k(ATMOSPHERE_PA + max(self.discharge_pressure_pa(circuit), 0.0)))
        if self.casing_k > boiling:  # at shut-off all power stays inside until the water boils it away
            self.boiled_j += (self.casing_k - boiling) * p.casing_heat_j_k
            self.casing_k = boiling

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

    def _unsteady(self, speed_rad_s: float, tick_s: float) -> None:
        p = self.parameters
        head = max(self.head_m, 0.0) / p.head_m
        low = max(1.0 - 2.0 * self.flow_ratio, 0.0) if speed_rad_s != 0.0 else 0.0
        gas = self.condition.gas_fraction / 0.1
        level = head * math.hypot(p.recirculation_force_n * low, p.gas_force_n * gas)
        turning_hz = abs(speed_rad_s) / (2.0 * math.pi)
        self.unsteadiness.advance(level, turning_hz, self.condition.gas_fraction > 0.0, tick_s)

    # --- pressures ----------------------------------------------------------------------------------------

    def suction_pressure_pa(self, circuit: "Circuit") -> float:
        """Gauge pressure at the suction flange [Pa]."""
        circuit.warm_by(self.condition.liquid_rise_k)
        velocity = self.flow_m3_s / circuit.suction_area_m2
        head = circuit.suction_net_m - circuit.suction_resistance * self.flow_m3_s**2
        return circuit.density_kg_m3 * (GRAVITY_M_S2 * head - 0.5 * velocity**2)

    def discharge_pressure_pa(self, circuit: "Circuit") -> float:
        """Gauge pressure at the discharge flange, before the check valve [Pa]."""
        q = self.flow_m3_s
        dynamic = 0.5 * ((q / circuit.suction_area_m2) ** 2 - (q / circuit.discharge_area_m2) ** 2)
        mixture = circuit.density_kg_m3 * (1.0 - self.unsteadiness.gas(self.condition.gas_fraction))
        rise = mixture * (GRAVITY_M_S2 * self.head_m + dynamic)
        return self.suction_pressure_pa(circuit) + rise
