"""Hydraulic power unit: pump, relief valve, accumulator, servo valve, press cylinder, reservoir and cooler.

The pump gives D n - C_l Δp/µ(T); what it cannot place the relief valve turns into heat; heat thins the oil (Walther)
and thin oil leaks more. On a motor's shaft it is a load; alone it turns at its rated speed.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.hydraulic_oil import COOLER, LINE, PUMP, TANK, OilCircuit
from emulator.physics.hydraulic_parameters import HydraulicPowerUnitCondition, HydraulicPowerUnitParameters, Phase
from emulator.physics.hydraulic_sound import PRESSURES, HydraulicSound
from emulator.physics.kernels import hydraulic_power_unit as k
from emulator.physics.kernels import hydraulic_static as f0
from emulator.physics.kernels.hydraulic_store import stored
from emulator.physics.machine import Balance, Command, Floats, Machine
from emulator.physics.ports import Port
from emulator.physics.shaft import ShaftTrace
from emulator.physics.site import Site
from emulator.physics.water import HEAT_CAPACITY_J_KG_K

WARM_40_K = 313.15
GAS_FILL_K = 293.15
ORIFICE = 0.61
RUN_UP_S = 0.2
CREEP_RAD_S = 1.0


class HydraulicPowerUnit(Machine):
    """A power unit with its press; also a `ShaftLoad`."""

    kind: ClassVar[str] = "hydraulic_power_unit"
    STATES: ClassVar[tuple[str, ...]] = (
        "state", "spool", "mode", "times", "oil", "speed_rad_s", "running", "cooling", "cycling", "manual", "driven",
        "phase", "time_s", "pressure_mean_pa", "net_m3_s", "filter_m3_s", "motor_power_w", "shaft_w", "useful_w",
        "sound", "_p", "_sums", "_out", "_energy",
        "_first_j", "_first_m3", "_settled_at", "_tick",
    )  # fmt: skip
    parameters: HydraulicPowerUnitParameters
    condition: HydraulicPowerUnitCondition

    def __init__(self, parameters: HydraulicPowerUnitParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        p = parameters
        self.condition = HydraulicPowerUnitCondition()
        self.ports = {
            "water_in": Port("stream", "potential"), "water_out": Port("stream", "flow"),
            "oil_in": Port("stream", "potential"), "oil_out": Port("stream", "flow"),
        }  # fmt: skip
        self.running, self.cooling, self.cycling, self.driven = True, True, True, False
        self.manual = Phase(0.0, 0.0, 1.0)
        self.phase = p.phase_at(0.0)
        self.speed_rad_s = 0.0
        self.time_s = 0.0
        self.oil = OilCircuit(p, np.full(4, site.ambient_k), site.cooling_water_k)
        self.state = np.zeros(k.STATE_SIZE)
        self.state[k.S_GAS_M3], self.state[k.S_GAS_0] = p.accumulator_m3, site.ambient_k
        self.spool = np.zeros(2)
        self.mode = np.zeros(k.MODE_SIZE, dtype=np.int64)
        self.mode[k.M_HELD] = 1
        self.times = np.zeros(k.TIMES_SIZE)
        self.pressure_mean_pa = self.net_m3_s = self.filter_m3_s = 0.0
        self.motor_power_w = self.shaft_w = self.useful_w = 0.0
        self.sound = HydraulicSound()
        self._p = np.zeros(k.P_SIZE)
        self._sums = np.zeros(k.SUMS_SIZE)
        self._out = np.zeros(f0.OUT_SIZE)
        # since the start: shaft [J], and what changes of gas and air brought into the store [J], [m³]
        self._energy = np.zeros(3)
        self._first_j = self._first_m3 = 0.0
        self._settled_at = -1.0
        self._tick = -1
        self._constants()
        self._fill()

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the unit of a `rigs.assets` nameplate."""
        n = nameplate
        more: dict[str, Any] = {}
        if n.cycle:
            more["cycle"] = tuple(Phase(step.at, step.valve, step.pressure) for step in n.cycle)
        try:
            parameters = HydraulicPowerUnitParameters(
                displacement_m3=n.displacement, speed_rad_s=n.speed, pressure_pa=n.pressure, pistons=n.pistons,
                reservoir_m3=n.reservoir, accumulator_m3=n.accumulator, precharge_pa=n.precharge,
                cap_area_m2=0.25 * math.pi * n.bore**2, rod_area_m2=0.25 * math.pi * (n.bore**2 - n.rod**2),
                stroke_m=n.stroke, cycle_s=n.cycle_time, dynamic=n.level != "F0", **more,
            )  # fmt: skip
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    # --- what the kernels are given -----------------------------------------------------------------------

    def _constants(self) -> None:
        p, a = self.parameters, self._p
        a[k.P_V_PUMP], a[k.P_V_SUPPLY], a[k.P_V_RETURN] = p.pump_line_m3, p.supply_line_m3, p.return_line_m3
        a[k.P_V_CAP] = a[k.P_V_ROD] = p.chamber_m3
        a[k.P_AREA_CAP], a[k.P_AREA_ROD], a[k.P_STROKE] = p.cap_area_m2, p.rod_area_m2, p.stroke_m
        a[k.P_MASS], a[k.P_VISCOUS], a[k.P_COULOMB] = p.mass_kg, p.viscous_n_s_m, p.coulomb_n
        a[k.P_CONTACT], a[k.P_STIFFNESS] = p.contact_m, p.stiffness_n_m
        a[k.P_VALVE] = p.valve_flow_m3_s / math.sqrt(p.valve_drop_pa)
        a[k.P_OVERLAP], a[k.P_NULL] = p.overlap, p.null_share
        a[k.P_NECK] = p.neck_flow_m3_s / math.sqrt(3e5)
        a[k.P_RETURN] = p.valve_flow_m3_s / math.sqrt(p.return_drop_pa)
        a[k.P_MAKE_UP] = p.neck_flow_m3_s / math.sqrt(5e4)
        a[k.P_RELIEF] = p.relief_flow_m3_s / math.sqrt((1.0 + p.relief_override) * p.pressure_pa)
        a[k.P_RELIEF_TAU], a[k.P_GAS_TAU] = p.relief_tau_s, p.gas_tau_s
        a[k.P_GAS_V0], a[k.P_AIR] = p.accumulator_m3, self.site.pressure_pa
        a[k.P_SPOOL_Z] = p.spool_damping

    def _fill(self) -> None:
        """Bring what temperatures, faults and commands move up to date; book what that changes in the store."""
        p, c, a, s = self.parameters, self.condition, self._p, self.state
        bulk = p.bulk_pa / c.softness
        gas = ((c.precharge_pa or p.precharge_pa) + a[k.P_AIR]) * p.accumulator_m3 / GAS_FILL_K
        if p.dynamic and a[k.P_BETA] > 0.0 and (bulk != a[k.P_BETA] or gas != a[k.P_GAS_MR]):
            before = stored(s, a)
            a[k.P_BETA], a[k.P_GAS_MR] = bulk, gas
            after = stored(s, a)
            self._energy[1] += after[0] - before[0]
            self._energy[2] += after[1] - before[1]
        a[k.P_BETA], a[k.P_GAS_MR] = bulk, gas
        thin = self.oil.thin(PUMP)  # µ over µ(40 °C)
        warm_pa_s = p.oil.viscosity_40_m2_s * p.oil.density_kg_m3
        a[k.P_LEAK] = p.leak_m3 * c.leak_factor / (thin * warm_pa_s)
        a[k.P_FILTER] = p.rated_flow_m3_s / (p.filter_drop_pa * thin * c.clogging)
        a[k.P_PISTON] = p.piston_leak_m3_s / (p.pressure_pa * self.oil.thin(LINE))
        area = 0.25 * math.pi * c.piston_hole_m**2
        a[k.P_CROSS] = ORIFICE * area * math.sqrt(2.0 / p.oil.density_kg_m3)
        opens = p.pressure_pa * self.phase.pressure * c.relief_share
        a[k.P_OPEN] = opens
        a[k.P_CLOSE], a[k.P_FULL] = (1.0 - p.relief_hysteresis) * opens, (1.0 + p.relief_override) * opens
        a[k.P_GAS_WALL] = self.oil.temperatures_k[PUMP]
        # A solenoid with less current opens less far and much later: its spring stays, its force goes with i².
        a[k.P_SPOOL_W] = 2.0 * math.pi * p.spool_hz * c.valve_share**6
        a[k.P_TARGET] = self.phase.valve * c.valve_share

    # --- rest ---------------------------------------------------------------------------------------------

    def settle(self, speed_rad_s: float) -> float:
        """Find the balance of the cycle's first phase at a speed; return the torque taken [N m]."""
        self.driven = True
        self._settled_at = speed_rad_s
        self._rest(speed_rad_s)
        return self.load(speed_rad_s)[0]

    def start(self) -> None:
        """Warm: oil and pressures as the cycle leaves them; cold: no pressure, everything as warm as the air."""
        speed = self._settled_at if self.driven else self.parameters.speed_rad_s * self.running
        self.state[k.S_PLACE] = 0.0
        if self.site.warm and speed > 0.0:
            self.speed_rad_s = speed
            for _ in range(20):
                before = float(self.oil.temperatures_k[TANK])
                self._rest(speed)
                self._warm_up(speed)
                if abs(float(self.oil.temperatures_k[TANK]) - before) < 0.01:
                    break
            self._rest(speed)
        else:
            self.speed_rad_s = 0.0
            self.oil.temperatures_k[:] = self.site.ambient_k
            self._fill()
            self.state[:] = 0.0
            self.state[k.S_GAS_M3], self.state[k.S_GAS_0] = self.parameters.accumulator_m3, self.site.ambient_k
            self.mode[:] = 0
            self.mode[k.M_HELD] = 1
        self._sums[:] = 0.0
        self._energy[:] = 0.0
        self.oil.reset()
        self._first_j, self._first_m3 = self._held()
        self._write()

    def _rest(self, speed_rad_s: float) -> None:
        p, s, a = self.parameters, self.state, self._p
        self.phase = p.phase_at(0.0) if self.cycling else self.manual
        self._fill()
        a[k.P_FLOW] = p.displacement_m3 * speed_rad_s / (2.0 * math.pi)
        f0.static_point(s[k.S_PLACE], a[k.P_TARGET], a, self._out)
        o = self._out
        s[k.S_PUMP] = s[k.S_SUPPLY] = self.pressure_mean_pa = o[f0.O_PUMP]
        s[k.S_CAP], s[k.S_ROD], s[k.S_RETURN] = o[f0.O_CAP], o[f0.O_ROD], o[f0.O_RETURN]
        s[k.S_SPEED] = 0.0
        s[k.S_RELIEF] = f0.relief_share(o[f0.O_PUMP], a)
        gas_k = float(self.oil.temperatures_k[PUMP])
        s[k.S_GAS_M3] = min(a[k.P_GAS_MR] * gas_k / (o[f0.O_PUMP] + a[k.P_AIR]), p.accumulator_m3)
        s[k.S_GAS_0] = gas_k * (s[k.S_GAS_M3] / p.accumulator_m3) ** (k.KAPPA - 1.0)
        self.spool[:] = a[k.P_TARGET], 0.0
        self.mode[k.M_RELIEF] = int(o[f0.O_PUMP] > a[k.P_CLOSE])
        self.mode[k.M_HELD] = 1

    def _warm_up(self, speed_rad_s: float) -> None:
        """Put the oil where the mean heat of a cycle on the static map holds it."""
        p, a = self.parameters, self._p
        place = self.state.copy(), self.spool.copy(), self.phase
        sums, dt = np.zeros(k.SUMS_SIZE), 0.1
        torque_s = 0.0
        for i in range(round(p.cycle_s / dt)):
            phase = p.phase_at(i * dt) if self.cycling else self.manual
            if phase is not self.phase:
                self.phase = phase
                self._fill()
            f0.static_advance(self.state, self.spool, a, dt, sums, self._out)
            torque_s += self._torque(float(self.state[k.S_PUMP]), speed_rad_s) * dt
        self.state[:], self.spool[:], self.phase = place
        self._heat(torque_s * speed_rad_s / p.cycle_s, sums / p.cycle_s, 0.0)

    # --- as a load of a shaft -----------------------------------------------------------------------------

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia of pump and coupling [kg m²]."""
        return self.parameters.inertia_kg_m2

    @property
    def radial_load_n(self) -> float:
        """The coupling passes no radial load [N]."""
        return 0.0

    def _torque(self, pressure_pa: float, speed_rad_s: float) -> float:
        p = self.parameters
        ideal = p.displacement_m3 * pressure_pa / (2.0 * math.pi)
        turning = math.tanh(speed_rad_s / CREEP_RAD_S)
        friction = (p.friction_nm + p.pressure_friction * abs(ideal)) * turning
        return ideal + friction + p.viscous_nms * self.oil.thin(PUMP) * speed_rad_s

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Advance pressures, spool and cylinder by `dt_s` at constant speed."""
        self.driven = True
        self._advance(speed_rad_s, dt_s)

    def _advance(self, speed_rad_s: float, dt_s: float) -> None:
        p, a = self.parameters, self._p
        a[k.P_FLOW] = p.displacement_m3 * speed_rad_s / (2.0 * math.pi)
        before = self._sums.copy()
        if p.dynamic:
            count = max(math.ceil(dt_s / p.inner_step_s - 1e-9), 1)
            k.advance(
                self.state, self.spool, self.mode, a, self.time_s, dt_s / count, count, self._sums, self.times
            )  # fmt: skip
        else:
            f0.static_advance(self.state, self.spool, a, dt_s, self._sums, self._out)
        self.time_s += dt_s
        mean = (self._sums - before) / dt_s
        self.pressure_mean_pa = float(mean[k.I_PRESSURE])
        self._energy[0] += self._torque(self.pressure_mean_pa, speed_rad_s) * speed_rad_s * dt_s

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque taken [N m], slope [N m s] and curvature at a speed, pressures held."""
        slope = self.parameters.viscous_nms * self.oil.thin(PUMP)
        return self._torque(self.pressure_mean_pa, speed_rad_s), slope, 0.0

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Note the tick that ended at a speed: oil temperatures, flows, powers."""
        shaft_j = float(self._energy[0]) - self._tick_from[0]
        mean = (self._sums - self._tick_from[1]) / dt_s
        self.shaft_w = shaft_j / dt_s
        self.motor_power_w = self.shaft_w / self.parameters.motor_efficiency
        self.net_m3_s, self.filter_m3_s = float(mean[k.I_NET]), float(mean[k.I_FILTER])
        self.useful_w = float(mean[k.I_FLUID])
        self._heat(self.shaft_w, mean, dt_s)
        self.sound.note(self, speed_rad_s, dt_s)
        self.speed_rad_s = speed_rad_s
        self._mark()
        self._write()

    def _heat(self, shaft_w: float, mean: Floats, dt_s: float) -> None:
        self.oil.advance(
            float(self._p[k.P_FLOW]), float(mean[k.I_NET]), shaft_w - float(mean[k.I_FLUID]),
            float(mean[k.I_HEAT] + mean[k.I_GAS_HEAT]), self.condition.cooler_share, self.cooling,
            self.site.ambient_k, self.site.cooling_water_k, self.ports, dt_s,
        )  # fmt: skip

    def _mark(self) -> None:
        self._tick_from = float(self._energy[0]), self._sums.copy()

    _tick_from: tuple[float, Any] = (0.0, 0.0)

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms, unless a shaft drives it: then only take up what the cycle and the ports say."""
        self._tick = t_ns // TICK_NS
        self.time_s = t_ns * 1e-9
        self.phase = self.parameters.phase_at(self.time_s) if self.cycling else self.manual
        self._fill()
        self._mark()
        if self.driven:
            return
        wanted = self.parameters.speed_rad_s if self.running else 0.0
        keep = math.exp(-TICK_S / RUN_UP_S)
        before = self.speed_rad_s
        after = wanted + (before - wanted) * keep
        if abs(after - wanted) < 1e-3:
            after = wanted
        self._advance(before, 0.5 * TICK_S)
        self._advance(after, 0.5 * TICK_S)
        self.account(after, TICK_S)

    def _write(self) -> None:
        p = self.parameters
        self.ports["oil_out"].flow = self.oil.flow_m3_s * p.oil.density_kg_m3
        self.ports["oil_out"].temperature_k = float(self.oil.temperatures_k[TANK])
        self.ports["oil_in"].temperature_k = float(self.oil.temperatures_k[COOLER])
        water, out = self.ports["water_in"], self.ports["water_out"]
        flow = max(water.flow, 0.0) if water.joined else p.water_flow_kg_s
        rated = max(p.water_flow_kg_s, 1e-9)
        water.potential = out.potential + 2e4 * (flow / rated) ** 2
        out.flow = flow
        warmer = self.oil.cooler_w / (flow * HEAT_CAPACITY_J_KG_K) if flow > 0.0 else 0.0
        outside = self.ports["oil_in"].joined and self.ports["oil_out"].joined
        out.temperature_k = self.oil.water_k + (0.0 if outside else warmer)

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return pressures [Pa, gauge], flows, temperatures [K], powers [W], the press, and the virtual sensors."""
        s, t = self.state, self.oil.temperatures_k
        return {name: float(s[place]) for name, place in PRESSURES.items()} | {
            "cooling_pressure_pa": self.oil.pressure_pa,
            "pump_flow_m3_s": self.net_m3_s,
            "supply_flow_m3_s": self.filter_m3_s,
            "cooling_flow_m3_s": self.oil.flow_m3_s,
            "pump_temperature_k": float(t[PUMP]),
            "return_temperature_k": float(t[LINE]),
            "reservoir_temperature_k": float(t[TANK]),
            "cooler_outlet_temperature_k": float(t[COOLER]),
            "gas_temperature_k": float(k.gas_temperature(s, self._p)),
            "viscosity_m2_s": self.parameters.oil.kinematic_m2_s(float(t[TANK])),
            "motor_power_w": self.motor_power_w,
            "shaft_power_w": self.shaft_w,
            "vibration_velocity_m_s": self.sound.rms_m_s,
            "ripple_pa": self.sound.pump_pa,
            "cooling_power_w": self.oil.cooler_w,
            "cooling_efficiency": self.oil.cooling_efficiency,
            "efficiency_factor": self.useful_w / self.motor_power_w if self.motor_power_w > 1.0 else 0.0,
            "piston_position_m": float(s[k.S_PLACE]),
            "piston_speed_m_s": float(s[k.S_SPEED]),
            "press_force_n": float(k.load_force(s[k.S_PLACE], self._p)),
            "spool_position": float(self.spool[0]),
            "relief_opening": float(s[k.S_RELIEF]),
            "speed_rad_s": self.speed_rad_s,
        }

    def commands(self) -> dict[str, Command]:
        """Return run and cooling (1, 0), cycle (1: follow it), and for cycle 0 valve (-1 … 1) and pressure share."""

        def switch(name: str) -> Command:
            return lambda value: setattr(self, name, value != 0.0)

        def valve(value: float) -> None:
            self.manual = Phase(0.0, min(max(value, -1.0), 1.0), self.manual.pressure)

        def pressure(value: float) -> None:
            self.manual = Phase(0.0, self.manual.valve, min(max(value, 0.05), 1.0))

        own = {} if self.driven else {"run": switch("running")}
        return own | {
            "cooling": switch("cooling"), "cycle": switch("cycling"), "valve": valve, "pressure_share": pressure,
        }  # fmt: skip

    def waveforms(self) -> tuple[str, ...]:
        """Pressures, motor power and vibration velocity."""
        return (*PRESSURES, "motor_power_w", "vibration_velocity_m_s")

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return a pressure [Pa], the motor's power [W] or the housing's velocity [m/s] at sample instants."""
        if quantity not in self.waveforms():
            raise ValueError(f"{self.name} has no waveform {quantity!r}; there are: {', '.join(self.waveforms())}")
        return self.sound.waveform(quantity, self.parameters.pistons, n0, count, rate_hz)

    def balances(self) -> dict[str, Balance]:
        """Return ``energy`` [J] of oil, gas, press and cooler, and ``oil`` [m³ at tank pressure] outside the tank."""
        e, i, heat = self._energy, self._sums, self.oil
        energy, oil = self._held()
        came = float(e[0] + e[1]) + heat.pumped_j
        went = float(i[k.I_LOAD]) + heat.to_air_j + heat.to_cooler_j
        drawn = float(i[k.I_NET] + i[k.I_DRAWN] + e[2])
        return {
            "energy": Balance(came, went, energy - self._first_j),
            "oil": Balance(drawn, float(i[k.I_RETURNED]), oil - self._first_m3),
        }

    def _held(self) -> tuple[float, float]:
        if not self.parameters.dynamic:  # the static map keeps nothing but warmth
            return self.oil.stored_j, 0.0
        energy, oil = stored(self.state, self._p)
        return energy + self.oil.stored_j, oil
