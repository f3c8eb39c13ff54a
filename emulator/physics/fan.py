"""Fan or blower behind a belt: curve on duct and filter, a belt that creeps and slips, deposits, stall, shaking.

Fidelity F1 (speed, filter dust, deposit, belt temperature); waveforms F2. Curve and duct after the fan laws; the belt
after Euler's capstan equation with creep.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.fan_shaking import FanShaking
from emulator.physics.kernels import fan as k
from emulator.physics.kernels.philox import philox_uniform
from emulator.physics.machine import Balance, Command, Floats, Machine
from emulator.physics.rotor import RotorCondition
from emulator.physics.shaft import ShaftAngle, ShaftTrace
from emulator.physics.site import Site
from emulator.physics.thermal import relax

AIR_KG_M3, AIR_PA, AIR_K = 1.2046, 101_325.0, 293.15
AIR_J_KG_K = 1006.0
STALL_BELOW, STALL_ABOVE = 0.60, 0.66  # of the best flow at the present speed


@dataclass(frozen=True, slots=True)
class FanParameters:
    """Fan of 5 m³/s at 1500 Pa and 980 rpm with twelve blades, pulleys 0.20 and 0.30 m."""

    speed_rad_s: float = 980.0 * math.pi / 30.0
    flow_m3_s: float = 5.0
    pressure_pa: float = 1500.0
    shutoff_pressure_pa: float = 2000.0
    efficiency: float = 0.8
    blades: int = 12
    inertia_kg_m2: float = 6.0
    friction_nms: float = 0.02
    motor_pulley_m: float = 0.20
    fan_pulley_m: float = 0.30
    belt_length_m: float = 2.4
    belt_friction: float = 0.3
    belt_wrap_rad: float = math.pi
    belt_tension_n: float = 1100.0  # mean of the two strands
    belt_creep: float = 0.01  # slip at the design duty
    filter_pressure_pa: float = 100.0  # clean, at design flow
    filter_dust_kg: float = 4.0  # at which its resistance is eight times the clean one
    filter_efficiency: float = 0.9
    dust_kg_m3: float = 50e-9
    belt_heat_j_k: float = 3000.0
    belt_air_w_k: float = 8.0
    rotor_mass_kg: float = 60.0
    rotor_radius_m: float = 0.4
    support_mass_kg: float = 150.0
    support_hz: float = 30.0
    support_damping: float = 0.05
    blade_force_n: float = 6.0
    belt_force_n: float = 0.5
    stall_force_n: float = 60.0
    flow_noise_m_s2: float = 2e-3  # one-sided density at design flow [m/s²/√Hz]

    def __post_init__(self) -> None:
        """Refuse what no fan has.

        Raises
        ------
        ValueError
            Naming parameter, value and rule.

        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"fan: {field.name} = {value} must be a finite number, not below 0")
        for name in ("speed_rad_s", "flow_m3_s", "pressure_pa", "inertia_kg_m2", "motor_pulley_m", "fan_pulley_m",
                     "belt_length_m", "belt_friction", "belt_wrap_rad", "belt_tension_n", "belt_creep",
                     "belt_heat_j_k", "support_mass_kg", "support_hz", "filter_dust_kg"):  # fmt: skip
            if getattr(self, name) == 0.0:
                raise ValueError(f"fan: {name} = 0 must be above 0")
        if self.shutoff_pressure_pa <= self.pressure_pa:
            raise ValueError(
                f"fan: shutoff_pressure_pa = {self.shutoff_pressure_pa} must be above "
                f"pressure_pa = {self.pressure_pa}; the pressure falls with the flow"
            )
        if self.filter_pressure_pa >= self.pressure_pa:
            raise ValueError(
                f"fan: filter_pressure_pa = {self.filter_pressure_pa} must be below pressure_pa = {self.pressure_pa}; "
                "nothing would be left for the duct"
            )
        if self.design_pull_n >= self.belt_limit_n(1.0):
            raise ValueError(
                f"fan: belt_tension_n = {self.belt_tension_n} cannot pull the design torque; "
                f"it must be above {self.belt_tension_n * self.design_pull_n / self.belt_limit_n(1.0):.0f}"
            )

    @property
    def curve_b(self) -> float:
        """Fall of the curve b [Pa s²/m⁶] at reference density."""
        return (self.shutoff_pressure_pa - self.pressure_pa) / self.flow_m3_s**2

    @property
    def duct_k(self) -> float:
        """K_d of Δp = ½ K_d ρ Q² [1/m⁴] that puts the design point on the curve."""
        return 2.0 * (self.pressure_pa - self.filter_pressure_pa) / (AIR_KG_M3 * self.flow_m3_s**2)

    @property
    def power_w(self) -> float:
        """Shaft power at the design point [W]."""
        return self.flow_m3_s * self.pressure_pa / self.efficiency

    @property
    def design_pull_n(self) -> float:
        """Difference of the strands' tensions at the design point [N]."""
        return (self.power_w / self.speed_rad_s + self.friction_nms * self.speed_rad_s) / (0.5 * self.fan_pulley_m)

    def belt_limit_n(self, tension_gain: float) -> float:
        """Return the pull at which the belt slides freely [N] (Euler's e^{µθ} over the wrap)."""
        grip = math.exp(self.belt_friction * self.belt_wrap_rad)
        return 2.0 * self.belt_tension_n * tension_gain * (grip - 1.0) / (grip + 1.0)

    @property
    def creep_s0(self) -> float:
        """s0 of the belt's law that gives `belt_creep` at the design pull."""
        share = self.design_pull_n / self.belt_limit_n(1.0)
        return self.belt_creep * math.sqrt(1.0 - share * share) / share


@dataclass(slots=True)
class FanCondition(RotorCondition):
    """What faults may change beyond the rotor's own: gains and shares, 1 or 0 when healthy."""

    deposit: float = 0.0  # of a G100 unbalance, on the blades
    filter_load: float = 0.0  # dust of a filter due for change
    tension_gain: float = 1.0
    belt_spot: float = 0.0  # stiff spot of the belt
    blade_crack: float = 0.0
    duct_gain: float = 1.0  # resistance of the duct beyond damper and filter
    damper_stuck: float = 0.0
    support_stiffness_gain: float = 1.0


class Fan(Machine):
    """The fan on its belt: a load on the motor's shaft, with a shaft of its own."""

    kind: ClassVar[str] = "fan"
    STATES: ClassVar[tuple[str, ...]] = (
        "speed_rad_s", "flow_m3_s", "pressure_pa", "power_w", "pull_n", "slip", "dust_kg", "passed_kg", "drawn_kg",
        "belt_k", "stalled", "damper", "damper_position", "deposit_share", "_belt_turns", "_sums", "_rows", "_angle",
        "_last_speed", "_at_start", "_shaking",
    )  # fmt: skip

    def __init__(self, parameters: FanParameters, site: Site, name: str) -> None:
        """Build the fan at rest with a clean filter and its damper open."""
        super().__init__(parameters, site, name)
        self.parameters: FanParameters = parameters
        self.condition = FanCondition()
        self.speed_rad_s = 0.0
        self.flow_m3_s = self.pressure_pa = self.power_w = self.pull_n = self.slip = 0.0
        self.dust_kg = self.passed_kg = self.drawn_kg = 0.0
        self.belt_k = site.ambient_k
        self.stalled = False
        self.damper = self.damper_position = 1.0
        self.deposit_share = 1.0
        self._belt_turns = 0.0
        self._sums = np.zeros(4)  # in, air, friction, slip heat [J]
        self._angle = ShaftAngle()
        self._last_speed = 0.0
        self._rows: list[tuple[float, ...]] = []
        self._out = np.zeros(k.OUT_SIZE)
        self._par = np.zeros(k.PAR_SIZE)
        self._shed = site.streams(f"{name}/shedding")
        self._shaking = FanShaking(site.streams, name)
        self._at_start = 0.0
        self._refresh()

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the fan of a nameplate."""
        parameters = FanParameters(
            speed_rad_s=nameplate.speed,
            flow_m3_s=nameplate.flow,
            pressure_pa=nameplate.pressure,
            shutoff_pressure_pa=nameplate.shutoff_pressure,
            efficiency=nameplate.efficiency,
            blades=nameplate.blades,
            inertia_kg_m2=nameplate.inertia,
            motor_pulley_m=nameplate.motor_pulley,
            fan_pulley_m=nameplate.fan_pulley,
            belt_length_m=nameplate.belt_length,
            filter_pressure_pa=nameplate.filter_pressure,
        )
        return cls(override(parameters, dict(given), nameplate.id), site, nameplate.id)

    # --- the moment's numbers -----------------------------------------------------------------------------

    @property
    def density_kg_m3(self) -> float:
        """Density of the air [kg/m³]: p/(R T), 1.2046 at 20 °C and one atmosphere."""
        return AIR_KG_M3 * self.site.pressure_pa / AIR_PA * AIR_K / self.site.ambient_k

    @property
    def filter_k(self) -> float:
        """Resistance of the filter [Pa s/m³]: eight times the clean one when it is due."""
        p = self.parameters
        load = self.dust_kg / p.filter_dust_kg + self.condition.filter_load
        return p.filter_pressure_pa / p.flow_m3_s * (1.0 + 7.0 * load)

    def _refresh(self) -> None:
        p, c, par = self.parameters, self.condition, self._par
        par[k.W0], par[k.Q_B], par[k.P0], par[k.B_Q] = p.speed_rad_s, p.flow_m3_s, p.shutoff_pressure_pa, p.curve_b
        par[k.ETA], par[k.DENSITY], par[k.RHO0] = p.efficiency, self.density_kg_m3, AIR_KG_M3
        # A damper's resistance rises with the inverse square of its opening; shut, it still leaks a little.
        par[k.DUCT] = p.duct_k * c.duct_gain / max(self.damper_position, 0.05) ** 2
        par[k.FILTER] = self.filter_k
        par[k.J], par[k.FRICTION] = p.inertia_kg_m2, p.friction_nms
        par[k.R1], par[k.R2] = 0.5 * p.motor_pulley_m, 0.5 * p.fan_pulley_m
        par[k.F_MAX], par[k.S0] = p.belt_limit_n(c.tension_gain), p.creep_s0
        par[k.V_MIN] = 0.5
        par[k.STALL_FACTOR] = 0.85

    def tension_gain_for(self, slip: float) -> float:
        """Return the tension, relative to the right one, at which the belt slips by `slip` at the design motor speed.

        In standard air, with damper open and filter clean.
        """
        p, par = self.parameters, self._par.copy()
        par[k.DENSITY], par[k.DUCT] = AIR_KG_M3, p.duct_k
        par[k.FILTER] = p.filter_pressure_pa / p.flow_m3_s
        w = p.speed_rad_s * (1.0 - slip) / (1.0 - p.belt_creep)
        torque = float(k.operating_point(w, False, par)[2]) + p.friction_nms * w
        share = slip / math.hypot(slip, p.creep_s0)
        return torque / (0.5 * p.fan_pulley_m) / share / p.belt_limit_n(1.0)

    # --- as a load on the motor's shaft -------------------------------------------------------------------

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia that turns with the motor at once [kg m²]: its pulley; the fan hangs on the belt."""
        return 0.02

    @property
    def radial_load_n(self) -> float:
        """Radial load of the belt on each bearing of the motor [N]: both strands, shared by two."""
        return self.parameters.belt_tension_n * self.condition.tension_gain

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Advance the fan's speed at a constant motor speed."""
        self._refresh()
        p, old = self.parameters, self.speed_rad_s
        new = float(k.fan_step(speed_rad_s, old, dt_s, self.stalled, self._par, self._out))
        out, mean = self._out, 0.5 * (old + new)
        self.speed_rad_s = new
        self.flow_m3_s, self.pressure_pa = float(out[k.O_FLOW]), float(out[k.O_PRESSURE])
        self.pull_n, self.slip = float(out[k.O_PULL]), float(out[k.O_SLIP])
        drag = float(out[k.O_TORQUE]) * (1.0 if new >= 0.0 else -1.0)
        self.power_w = drag * new
        # Work at the mean speed of the step: exactly what the kinetic energy gains or loses.
        pulled = self.pull_n * 0.5 * p.fan_pulley_m * mean
        came = self.pull_n * 0.5 * p.motor_pulley_m * speed_rad_s
        self._sums += np.array((came, drag * mean, p.friction_nms * new * mean, came - pulled)) * dt_s
        self.belt_k = relax(self.belt_k, came - pulled, p.belt_air_w_k, self.site.ambient_k, p.belt_heat_j_k, dt_s)

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque [N m], slope and curvature the belt takes from the motor with the fan's speed held."""
        force, _, slope = k.pull(speed_rad_s, self.speed_rad_s, self._par)
        radius = 0.5 * self.parameters.motor_pulley_m
        return float(force) * radius, float(slope) * radius * radius, 0.0

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Note the tick: stall, dust, damper, and the row a trace is made of."""
        p = self.parameters
        limit = STALL_ABOVE if self.stalled else STALL_BELOW
        best = p.flow_m3_s * abs(self.speed_rad_s) / p.speed_rad_s
        self.stalled = best > 0.1 * p.flow_m3_s and self.flow_m3_s < limit * best
        moved = p.dust_kg_m3 * self.flow_m3_s * dt_s
        self.drawn_kg += moved
        self.dust_kg += moved * p.filter_efficiency
        self.passed_kg += moved - moved * p.filter_efficiency
        if self.condition.damper_stuck == 0.0:
            step = dt_s / 30.0  # half a minute from end to end
            self.damper_position += min(max(self.damper - self.damper_position, -step), step)
        self._row(speed_rad_s)

    def settle(self, speed_rad_s: float) -> float:
        """Come to the steady speed behind the belt; return the torque on the motor [N m]."""
        self._refresh()
        self.damper_position = self.damper
        w = self.speed_rad_s = float(k.fan_step(speed_rad_s, 0.0, 1e12, False, self._par, self._out))
        out = self._out
        self.flow_m3_s, self.pressure_pa = float(out[k.O_FLOW]), float(out[k.O_PRESSURE])
        self.pull_n, self.slip, self.power_w = float(out[k.O_PULL]), float(out[k.O_SLIP]), float(out[k.O_POWER])
        lost = self.pull_n * 0.5 * (self.parameters.motor_pulley_m * speed_rad_s - self.parameters.fan_pulley_m * w)
        self.belt_k = self.site.ambient_k + lost / self.parameters.belt_air_w_k
        self._at_start, self._last_speed = self._kinetic_j, w
        return self.pull_n * 0.5 * self.parameters.motor_pulley_m

    # --- its own shaft ------------------------------------------------------------------------------------

    @property
    def own_speed_rad_s(self) -> float:
        """Speed of the fan's shaft [rad/s]."""
        return self.speed_rad_s

    @property
    def own_radial_load_n(self) -> float:
        """Radial load on each bearing of the fan's shaft [N]: half the rotor's weight and the belt's strands."""
        return 0.5 * self.parameters.rotor_mass_kg * 9.80665 + self.radial_load_n

    def _row(self, motor_rad_s: float) -> None:
        p = self.parameters
        belt_hz = motor_rad_s * 0.5 * p.motor_pulley_m / p.belt_length_m
        stall = p.stall_force_n * (self.speed_rad_s / p.speed_rad_s) ** 2 if self.stalled else 0.0
        share = self.flow_m3_s / p.flow_m3_s
        blade = p.blade_force_n * self.pressure_pa / p.pressure_pa
        # A fan off its best flow meets its tongue less smoothly.
        self._rows.append((self.speed_rad_s, self._belt_turns, belt_hz, blade, stall, share * share))
        self._belt_turns = (self._belt_turns + belt_hz * TICK_S) % 1.0

    def tick(self, t_ns: int) -> None:
        """Let deposits grow back, and now and then fall off in a lump."""
        if self.condition.deposit == 0.0:
            return
        key, tick = (self._shed.key0, self._shed.key1), t_ns // TICK_NS
        self.deposit_share += (1.0 - self.deposit_share) * TICK_S / 900.0
        if philox_uniform(*key, 2 * tick) < TICK_S / 1200.0 * self.condition.deposit:
            self.deposit_share *= 0.4 + 0.4 * float(philox_uniform(*key, 2 * tick + 1))

    def own_trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block just stepped."""
        rows, self._rows = self._rows, []
        speeds = np.array([self._last_speed, *(row[0] for row in rows)])
        count = len(rows)
        trace = ShaftTrace(
            t0_ns, TICK_S, self._angle.revs, self._angle.frac, speeds,
            np.full(count, 1e3), np.array([math.sqrt(row[5]) for row in rows]),
            np.full(count, self.own_radial_load_n), np.array([row[3] for row in rows]),
        )  # fmt: skip
        self._shaking.begin(trace, np.array([row[1:] for row in rows]).reshape(count, 5))
        for before, after in pairwise(speeds):
            self._angle.advance(float(before), float(after), TICK_S)
        self._last_speed = float(speeds[-1])
        return trace

    # --- what can be seen and done ------------------------------------------------------------------------

    @property
    def _kinetic_j(self) -> float:
        return 0.5 * self.parameters.inertia_kg_m2 * self.speed_rad_s**2

    @property
    def filter_pressure_pa(self) -> float:
        """Pressure the filter takes [Pa]."""
        return self.filter_k * self.flow_m3_s

    def signals(self) -> dict[str, float]:
        """Return the fan's true values."""
        return {
            "speed_rad_s": self.speed_rad_s,
            "flow_m3_s": self.flow_m3_s,
            "pressure_pa": self.pressure_pa,
            "shaft_power_w": self.power_w,
            "efficiency": self.flow_m3_s * self.pressure_pa / self.power_w if self.power_w > 0.0 else 0.0,
            "filter_pressure_pa": self.filter_pressure_pa,
            "filter_dust_kg": self.dust_kg,
            "belt_slip": self.slip,
            "belt_temperature_k": self.belt_k,
            "damper_position": self.damper_position,
            "damper_command": self.damper,
            "stalled": float(self.stalled),
            "air_temperature_k": self.site.ambient_k + self._air_rise_k,
        }

    @property
    def _air_rise_k(self) -> float:
        mass = self.density_kg_m3 * self.flow_m3_s
        return self.power_w / (mass * AIR_J_KG_K) if mass > 1e-3 else 0.0

    def commands(self) -> dict[str, Command]:
        """Return the damper's command, 0 shut … 1 open, and the change of the filter."""
        return {"damper": self._set_damper, "change_filter": self._change_filter}

    def _set_damper(self, value: float) -> None:
        self.damper = min(max(value, 0.0), 1.0)

    def _change_filter(self, value: float) -> None:
        if value != 0.0:
            self.drawn_kg -= self.dust_kg  # it leaves with the old filter
            self.dust_kg = 0.0

    def waveforms(self) -> tuple[str, ...]:
        """Return the casing's acceleration."""
        return ("acceleration_m_s2",)

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return the casing's radial acceleration float64[count] [m/s²]."""
        if quantity != "acceleration_m_s2":
            return super().waveform(quantity, trace, n0, count, rate_hz)
        return self._shaking.render(self.parameters, self.condition, self.deposit_share, n0, count, rate_hz)

    def balances(self) -> dict[str, Balance]:
        """Return energy [J]: from the belt, into air, friction and belt heat, kinetic; dust [kg]."""
        came, air, friction, heat = (float(v) for v in self._sums)
        stored = self._kinetic_j - self._at_start
        return {
            "energy": Balance(came, air + friction + heat, stored),
            "dust": Balance(self.drawn_kg, self.passed_kg, self.dust_kg),
        }
