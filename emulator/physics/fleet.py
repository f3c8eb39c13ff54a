"""A fleet: thousands of pump sets as arrays, each with its own motor, loop, wear and faults (fidelity level F1).

Signals are asked by unit: ``a00017.flow_m3_s``. Motors hang on the mains; what a T-circuit cannot show (start
transients of the flux, line harmonics) a fleet does not have. The first units may carry an accelerometer (F2,
`ChannelBank`).
"""

import dataclasses
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.fleet_vibration import FleetVibration
from emulator.physics.kernels import fleet as k
from emulator.physics.machine import Balance, Command, Floats, Machine
from emulator.physics.shaft import ShaftTrace
from emulator.physics.site import Site
from emulator.physics.water import ATMOSPHERE_PA, GRAVITY_M_S2, density_kg_m3, vapour_pressure_pa

HEALTHY_GRADE_MM_S = 2.5
DIGITS = 5
# §2.5: unit-to-unit scatter, one standard deviation as a share; 2.5 sigma at most
SCATTER = {k.P_H0: 0.03, k.P_A2: 0.03, k.P_GWF: 0.03, k.P_GFA: 0.03, k.P_RS: 0.05, k.P_RR: 0.05, k.P_K: 0.05}
LARGEST_DEVIATION = 2.5


@dataclass(frozen=True, slots=True)
class PumpFleetParameters:
    """The type, in SI; by default the reference skid: motor direct on line, loop H = 10 + 44550 Q².

    `weibull_shape`, `damage_growth` : bearing life; a spall begins when damage reaches the unit's own life (Weibull,
    10 % of units before L10) and is fully grown after this more damage. `damage_acceleration` : of damage only.
    """

    count: int = 1
    instrumented: int = 0
    scatter: float = 1.0
    speed_rad_s: float = 1450.0 * math.pi / 30.0
    flow_m3_s: float = 80.0 / 3600.0
    head_m: float = 32.0
    shutoff_head_m: float = 40.0
    efficiency: float = 0.76
    npsh_required_m: float = 2.5
    static_head_m: float = 10.0
    resistance_s2_m5: float = 44_550.0
    suction_resistance_s2_m5: float = 1200.0
    suction_level_m: float = 1.5
    inertance_1_m: float = 7965.0
    voltage_v: float = 400.0
    frequency_hz: float = 50.0
    pole_pairs: int = 2
    stator_resistance_ohm: float = 0.2147
    rotor_resistance_ohm: float = 0.2205
    stator_inductance_h: float = 65.181e-3
    rotor_inductance_h: float = 65.181e-3
    magnetising_inductance_h: float = 64.19e-3
    inertia_kg_m2: float = 0.202
    friction_nms: float = 0.009541
    winding_heat_j_k: float = 6000.0
    frame_heat_j_k: float = 30_000.0
    winding_frame_w_k: float = 25.0
    frame_air_w_k: float = 18.0
    standstill_cooling: float = 0.4
    fan_speed_rad_s: float = 1450.0 * math.pi / 30.0
    bearing_load_n: float = 1500.0
    thrust_n: float = 40.0
    bearing_bore_m: float = 25e-3
    bearing_friction: float = 0.0015
    bearing_rating_n: float = 14_800.0
    bearing_heat_j_k: float = 1500.0
    bearing_air_w_k: float = 0.46
    casing_heat_j_k: float = 60_000.0
    weibull_shape: float = 1.5
    damage_growth: float = 0.1
    damage_acceleration: float = 1.0
    temperature_feedback: bool = True

    def __post_init__(self) -> None:
        """Refuse what no pump set can be."""
        may_be_zero = {"instrumented", "scatter", "static_head_m", "suction_resistance_s2_m5", "suction_level_m",
                       "friction_nms", "thrust_n", "damage_acceleration"}  # fmt: skip
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool):
                continue
            low = value >= 0 if item.name in may_be_zero else value > 0
            if not math.isfinite(value) or not low:
                raise ValueError(f"pump_fleet.{item.name} = {value} must be a number above 0; give the data sheet's")
        if self.shutoff_head_m <= self.head_m:
            raise ValueError(
                f"pump_fleet.shutoff_head_m = {self.shutoff_head_m} must exceed head_m = {self.head_m}: "
                "the head of a centrifugal pump falls with flow"
            )
        if self.efficiency >= 1.0:
            raise ValueError(f"pump_fleet.efficiency = {self.efficiency} must be below 1")
        if self.magnetising_inductance_h >= min(self.stator_inductance_h, self.rotor_inductance_h):
            raise ValueError(
                f"pump_fleet.magnetising_inductance_h = {self.magnetising_inductance_h} must be below stator and "
                "rotor inductance: the difference is leakage"
            )
        if self.instrumented > self.count:
            raise ValueError(f"pump_fleet.instrumented = {self.instrumented} must not exceed count = {self.count}")


class PumpFleet(Machine):
    """The fleet. `conditions` float64[`k.CONDITIONS`, n] is what faults may change, by unit; see `condition_of`.

    `threads` : how many step it; results do not depend on it.
    """

    kind: ClassVar[str] = "pump_fleet"
    # all channels are one bank, rendered together: a sensor cannot ask for more of one of them
    ONE_RATE: ClassVar[bool] = True
    STATES: ClassVar[tuple[str, ...]] = ("state", "out", "conditions", "begun", "run", "frequency_hz")

    def __init__(self, parameters: PumpFleetParameters, site: Site, name: str, threads: int = 1) -> None:
        super().__init__(parameters, site, name)
        self.threads = threads
        p, n = parameters, parameters.count
        self.count = n
        self.run = True
        self.frequency_hz = p.frequency_hz
        self.constants = np.ascontiguousarray(np.repeat(_constants(p)[:, None], n, axis=1))
        for row, share in SCATTER.items():
            draws = site.streams(f"{name}/scatter/{row}").normal(0, n)
            draws = np.clip(draws, -LARGEST_DEVIATION, LARGEST_DEVIATION)
            self.constants[row] *= 1.0 + p.scatter * share * draws
        life = site.streams(f"{name}/life").uniform(0, n)
        self.constants[k.P_LIFE] = (np.log1p(-life) / math.log(0.9)) ** (1.0 / p.weibull_shape)
        self.conditions = np.zeros((k.CONDITIONS, n))
        self.conditions[[k.C_HEAD_GAIN, k.C_BEARING, k.C_RUN]] = 1.0
        self.conditions[k.C_GRADE] = HEALTHY_GRADE_MM_S
        self.state = np.zeros((k.STATES, n))
        self.state[k.T_WINDING : k.T_BEARING + 1] = site.ambient_k
        self.out = np.zeros((k.OUTS, n))
        self.out[k.O_SIGMA] = k.SIGMA_MAX
        self.begun = np.zeros(n)
        self._begin()
        self._critical: dict[int, float] = {}
        self.vibration = FleetVibration(name, site.streams, p.instrumented)

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the fleet of a nameplate, private parameters `given` laid over it."""
        n = nameplate
        try:
            parameters = PumpFleetParameters(
                count=n.count, instrumented=n.instrumented, scatter=n.scatter, speed_rad_s=n.speed,
                flow_m3_s=n.flow, head_m=n.head, shutoff_head_m=n.shutoff_head, efficiency=n.efficiency,
                npsh_required_m=n.npsh_required, static_head_m=n.static_head, resistance_s2_m5=n.resistance,
                suction_resistance_s2_m5=n.suction_resistance, suction_level_m=n.suction_level,
                voltage_v=n.voltage, frequency_hz=n.frequency, pole_pairs=n.pole_pairs,
                stator_resistance_ohm=n.stator_resistance, rotor_resistance_ohm=n.rotor_resistance,
                stator_inductance_h=n.stator_inductance, rotor_inductance_h=n.rotor_inductance,
                magnetising_inductance_h=n.magnetising_inductance, inertia_kg_m2=n.inertia,
                bearing_rating_n=n.dynamic_load,
            )  # fmt: skip
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            raise ValueError(str(error).replace("pump_fleet.", f"{n.id}.", 1)) from None

    # --- time ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin in running thermal equilibrium, or at rest."""
        if self.site.warm and self.run:
            self._each(
                lambda a, b: k.settle(a, b, self.state, self.constants, self._acting(), self._common(), self.out)
            )
        self._begin()

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms."""
        self.advance(1, t_ns)

    def advance(self, ticks: int, t_ns: int = 0) -> None:
        """Advance `ticks` of 10 ms at constant commands and surroundings; the same bits as one by one."""
        note = np.empty((self.vibration.count, ticks, 2))
        acting, common = self._acting(), self._common()
        m = self.vibration.count
        self.vibration.begin(t_ns, self.state[k.OMEGA, :m], self.state[k.TURNS, :m], self.state[k.FRAC, :m])
        self._each(
            lambda a, b: k.advance(a, b, ticks, TICK_S, self.state, self.constants, acting, common, self.out, note)
        )
        self.vibration.note(note, t_ns + ticks * TICK_NS)

    def _each(self, job: Any) -> None:
        """Do `job(first, last)` for all units, in shares for the threads."""
        if self.threads == 1 or self.count < 128:
            job(0, self.count)
            return
        edges = np.linspace(0, self.count, self.threads + 1).astype(int)
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(lambda i: job(int(edges[i]), int(edges[i + 1])), range(self.threads)))

    def _acting(self) -> Floats:
        if self.run:
            return self.conditions
        standing = self.conditions.copy()
        standing[k.C_RUN] = 0.0
        return standing

    def _common(self) -> Floats:
        p, site = self.parameters, self.site
        u = np.zeros(k.COMMONS)
        # constant flux below the rated frequency, constant voltage above
        u[k.U_VOLT] = p.voltage_v / math.sqrt(3.0) * min(self.frequency_hz / p.frequency_hz, 1.0) * site.mains_gain
        u[k.U_WE] = 2.0 * math.pi * self.frequency_hz
        u[k.U_AMBIENT], u[k.U_FLUID] = site.ambient_k, site.fluid_k
        u[k.U_DENSITY] = density_kg_m3(site.fluid_k)
        u[k.U_VAPOUR] = vapour_pressure_pa(site.fluid_k) / (u[k.U_DENSITY] * GRAVITY_M_S2)
        u[k.U_FEEDBACK], u[k.U_ACCELERATION] = float(p.temperature_feedback), p.damage_acceleration
        return u

    # --- what can be seen and done ------------------------------------------------------------------------

    def unit(self, name: str) -> int:
        """Return the number of a unit's name.

        Raises
        ------
        ValueError
            There is no such unit.

        """
        if 1 < len(name) <= DIGITS + 1 and name[0] == "a" and name[1:].isdigit() and int(name[1:]) < self.count:
            return int(name[1:])
        raise ValueError(f"{self.name}: no unit {name!r}; units are a{0:05d} to a{self.count - 1:05d}")

    def signals(self) -> dict[str, float]:
        """Return totals and means over the units."""
        return {
            "units": float(self.count),
            "running": float(np.count_nonzero(self.state[k.OMEGA] > 1.0)),
            "power_w": float(self.out[k.O_POWER].sum()),
            "flow_m3_s": float(self.state[k.FLOW].sum()),
            "winding_temperature_k": float(self.state[k.T_WINDING].max()),
            "damaged": float(np.count_nonzero(self.out[k.O_SPALL] > 0.0)),
        }

    def signal(self, quantity: str) -> float | None:
        """Return a unit's value by ``a00017.flow_m3_s``; None if there is none of that name."""
        unit, _, what = quantity.partition(".")
        try:
            i = self.unit(unit)
        except ValueError:
            return None
        values = self.quantities(what)
        return None if values is None else float(values[i])

    def quantities(self, what: str) -> Floats | None:
        """Return a quantity of all units, float64[n]; None if there is none of that name."""
        s, o = self.state, self.out
        rows = {
            "speed_rad_s": s[k.OMEGA], "flow_m3_s": s[k.FLOW], "winding_temperature_k": s[k.T_WINDING],
            "frame_temperature_k": s[k.T_FRAME], "casing_temperature_k": s[k.T_CASING],
            "bearing_temperature_k": s[k.T_BEARING], "bearing_damage": s[k.DAMAGE], "energy_j": s[k.E_IN],
            "head_m": o[k.O_HEAD], "current_a": o[k.O_CURRENT], "active_power_w": o[k.O_POWER],
            "shaft_power_w": o[k.O_SHAFT], "cavitation_sigma": o[k.O_SIGMA], "flow_ratio": o[k.O_X],
            "radial_load_n": o[k.O_LOAD], "spall_mm": o[k.O_SPALL],
        }  # fmt: skip
        if what in rows:
            return np.asarray(rows[what])
        if what == "vibration_velocity_m_s":
            return self._velocity()
        if what in ("suction_pressure_pa", "discharge_pressure_pa"):
            return self._pressure(what)
        return None

    def _pressure(self, what: str) -> Floats:
        """Gauge pressure at the flanges [Pa]; equal sections, so the velocity head of both is the same."""
        c, s = self.constants, self.state
        weight = density_kg_m3(self.site.fluid_k) * GRAVITY_M_S2
        loss = (c[k.P_KS] + self.conditions[k.C_SUCTION]) * s[k.FLOW] ** 2
        suction = np.asarray(weight * (self.parameters.suction_level_m - loss))
        return suction if what == "suction_pressure_pa" else np.asarray(suction + weight * self.out[k.O_HEAD])

    def _velocity(self) -> Floats:
        """Housing velocity at 1× [m/s rms] of the unbalance (§2.4): M = 50 kg on k = 2e7 N/m, ζ = 0.05, rotor 40 kg."""
        w = self.state[k.OMEGA]
        rated = 1480.0 * math.pi / 30.0
        force = 40.0 * self.conditions[k.C_GRADE] * 1e-3 / rated * w**2
        r = w / math.sqrt(2.0e7 / 50.0)
        return np.asarray(w * force / 2.0e7 / np.sqrt((1.0 - r * r) ** 2 + (0.1 * r) ** 2) / math.sqrt(2.0))

    def commands(self) -> dict[str, Command]:
        """All units run or stop, and their frequency."""
        return {"run": self._set_run, "frequency_hz": self._set_frequency}

    def _set_run(self, value: float) -> None:
        self.run = value != 0.0

    def _set_frequency(self, value: float) -> None:
        self.frequency_hz = min(max(value, 0.0), 2.0 * self.parameters.frequency_hz)

    def waveforms(self) -> tuple[str, ...]:
        """Acceleration of the instrumented units; one word each, for a waveform's asset ends at the last dot."""
        return tuple(f"a{i:05d}_acceleration_m_s2" for i in range(self.vibration.count))

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return the true acceleration of a unit's drive-end bearing, float64[count] [m/s²]."""
        unit, _, what = quantity.partition("_")
        i = self.unit(unit)
        if what != "acceleration_m_s2" or i >= self.vibration.count:
            raise ValueError(f"{self.name} has no waveform {quantity!r}; {self.vibration.count} units have one")
        m = self.vibration.count
        return self.vibration.samples(
            i, n0, count, rate_hz, self.out[k.O_SPALL, :m], self.conditions[k.C_GRADE, :m] / HEALTHY_GRADE_MM_S
        )

    # --- faults -------------------------------------------------------------------------------------------

    def critical_resistance(self, unit: int) -> float:
        """Return the suction resistance [s²/m⁵] that, added, brings a running unit to σ = 1; infinite if none does."""
        if unit not in self._critical:
            self._critical[unit] = self._find_critical(unit)
        return self._critical[unit]

    def _find_critical(self, unit: int) -> float:
        one = slice(unit, unit + 1)
        constants = np.ascontiguousarray(self.constants[:, one])
        condition, state, out = self.conditions[:, one].copy(), self.state[:, one].copy(), self.out[:, one].copy()
        condition[k.C_RUN] = 1.0
        low, high = 0.0, 1e8
        for _ in range(60):
            condition[k.C_SUCTION] = middle = 0.5 * (low + high)
            k.settle(0, 1, state, constants, condition, self._common(), out)
            low, high = (middle, high) if out[k.O_SIGMA, 0] > 1.0 else (low, middle)
        return high if high < 1e8 else math.inf

    # --- accounts -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.begun = self._stored()

    def _stored(self) -> NDArray[np.float64]:
        """Return the energy in shaft, winding and frame [J], float64[n]; temperatures count from 20 °C."""
        s, c = self.state, self.constants
        kinetic = 0.5 * c[k.P_INERTIA] * s[k.OMEGA] ** 2
        warm = c[k.P_CW] * (s[k.T_WINDING] - k.REFERENCE_K) + c[k.P_CF] * (s[k.T_FRAME] - k.REFERENCE_K)
        return np.asarray(kinetic + warm)

    def unit_balances(self) -> tuple[Floats, Floats, Floats]:
        """Return energy in, out and stored since the start by unit [J], float64[n] each."""
        s = self.state
        return s[k.E_IN].copy(), s[k.E_AIR] + s[k.E_SHAFT] + s[k.E_BEARING], self._stored() - self.begun

    def balances(self) -> dict[str, Balance]:
        """Return the electrical energy of all motors: to air, to pumps and dry bearings, and stored."""
        came, went, stored = self.unit_balances()
        return {"energy": Balance(float(came.sum()), float(went.sum()), float(stored.sum()))}

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return a copy of everything that changes."""
        return super().save() | {"vibration": self.vibration.save()}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        states = dict(saved)
        self.vibration.restore(states.pop("vibration"))
        super().restore(states)


def _constants(p: PumpFleetParameters) -> Floats:
    c = np.zeros(k.PARAMETERS)
    c[k.P_POLES], c[k.P_RS], c[k.P_RR] = p.pole_pairs, p.stator_resistance_ohm, p.rotor_resistance_ohm
    c[k.P_LS], c[k.P_LR], c[k.P_LM] = p.stator_inductance_h, p.rotor_inductance_h, p.magnetising_inductance_h
    c[k.P_INERTIA], c[k.P_FRICTION] = p.inertia_kg_m2, p.friction_nms
    c[k.P_CW], c[k.P_CF] = p.winding_heat_j_k, p.frame_heat_j_k
    c[k.P_GWF], c[k.P_GFA] = p.winding_frame_w_k, p.frame_air_w_k
    c[k.P_STANDSTILL], c[k.P_FAN] = p.standstill_cooling, p.fan_speed_rad_s
    c[k.P_OMEGA0], c[k.P_QB], c[k.P_HB], c[k.P_H0] = p.speed_rad_s, p.flow_m3_s, p.head_m, p.shutoff_head_m
    c[k.P_A2], c[k.P_ETA] = (p.shutoff_head_m - p.head_m) / p.flow_m3_s**2, p.efficiency
    # NPSH3 = n_r² (1.5 + 1.0 x²) m for the default pump: three fifths of the rated value stand at no flow
    c[k.P_NPSH0], c[k.P_NPSH1] = 0.6 * p.npsh_required_m, 0.4 * p.npsh_required_m
    c[k.P_STATIC], c[k.P_K], c[k.P_INERTANCE] = p.static_head_m, p.resistance_s2_m5, p.inertance_1_m
    c[k.P_NET] = ATMOSPHERE_PA / (density_kg_m3(293.15) * GRAVITY_M_S2) + p.suction_level_m
    c[k.P_KS] = p.suction_resistance_s2_m5
    c[k.P_LOAD], c[k.P_THRUST] = p.bearing_load_n, p.thrust_n
    c[k.P_BORE_MU] = p.bearing_bore_m * p.bearing_friction
    c[k.P_RATING], c[k.P_GROWTH] = p.bearing_rating_n, p.damage_growth
    c[k.P_CB], c[k.P_GB], c[k.P_CCASE] = p.bearing_heat_j_k, p.bearing_air_w_k, p.casing_heat_j_k
    return c
