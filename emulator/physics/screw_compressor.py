"""Oil-flooded screw compressor: ṁ = ρ1 V_d η_v n, P = P_iso/η_iso(load), oil that carries the heat to a cooler.

It is a load on a shaft, or turns itself (``built_in``). Its intake valve loads and unloads it; with speed control it
says in `demand` how fast it wants to turn.
"""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from emulator.physics import air
from emulator.physics.asset import TICK_S, override
from emulator.physics.compressor_control import ControlParameters, LoadControl
from emulator.physics.compressor_ear import CompressorEar
from emulator.physics.housing import sample_grid
from emulator.physics.kernels.impacts import turns_at_ticks
from emulator.physics.kernels.screw_compressor import rotor_force
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.ports import Port
from emulator.physics.screw_parameters import ScrewCondition, ScrewParameters
from emulator.physics.shaft import ShaftTrace
from emulator.physics.shaft_log import ShaftLog
from emulator.physics.site import Site

Floats = NDArray[np.float64]
SOFT_RAD_S = 2.0  # below this the torque fades with the speed
CONTROL = {field.name for field in fields(ControlParameters)}


class ScrewCompressor(Machine):
    """The compressor with its separator, coolers and controls."""

    kind: ClassVar[str] = "screw_compressor"
    STATES: ClassVar[tuple[str, ...]] = (
        "control", "element_k", "oil_k", "tripped", "tripped_at_s", "run", "flow_kg_s", "inlet_pa", "separator_pa",
        "shaft_w", "heat_w", "cooler_w", "log", "_first", "_sums", "_mass", "_energy_0_j", "_t_ns", "_sink_k",
    )  # fmt: skip

    def __init__(self, parameters: ScrewParameters, control: ControlParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.control_parameters = control
        self.condition = ScrewCondition(unbalance_grade_mm_s=parameters.balance_grade_mm_s)
        middle = 0.5 * (control.load_pa + control.unload_pa)
        self.ports = {
            "air": Port("gas", "flow", potential=site.pressure_pa + middle),
            "cooling": Port("heat", "flow", potential=site.ambient_k),
        }
        self.control = LoadControl(setpoint_pa=control.setpoint_pa)
        self.element_k = self.oil_k = self._sink_k = site.ambient_k
        self.tripped, self.tripped_at_s = False, math.nan
        self.run = True
        self.flow_kg_s = self.shaft_w = self.heat_w = self.cooler_w = 0.0
        self.inlet_pa = self.separator_pa = site.pressure_pa
        self.log = ShaftLog()
        self._first = True
        self._sums = np.zeros(4)  # work in, enthalpy of the air, heat of both coolers, friction included [J]
        self._mass = np.zeros(2)  # drawn in, handed over [kg]
        self._energy_0_j = 0.0
        self._t_ns = 0
        self._ear = CompressorEar(site.streams(f"{name}/acceleration/noise"), parameters.noise_m_s2, 1.3)

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the compressor of a `rigs.assets` nameplate; it swallows what the data sheet says it delivers."""
        n = nameplate
        try:
            band = ControlParameters(
                load_pa=n.load_pressure, unload_pa=n.unload_pressure, setpoint_pa=min(n.setpoint, n.unload_pressure),
                speed_control=n.control == "speed",
            )  # fmt: skip
            own = {name: value for name, value in given.items() if name not in CONTROL}
            turns = n.speed / (2.0 * math.pi)
            efficiency = ScrewParameters().volumetric_efficiency
            parameters = ScrewParameters(
                displacement_m3=n.free_air / turns / efficiency, isothermal_efficiency=n.isothermal_efficiency,
                speed_rad_s=n.speed, design_ratio=1.0 + n.pressure / 1e5, lobes=n.lobes, flutes=n.flutes,
                built_in=n.drive == "built_in", trip_k=n.trip_temperature, water_cooled=n.cooling == "water",
                **_scaled(n.power / 37_000.0),
            )  # fmt: skip
            control = override(band, {name: value for name, value in given.items() if name in CONTROL}, n.id)
            return cls(override(parameters, own, n.id), control, site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Cold: as warm as the air and at rest; warm: its shaft's own start has settled it."""
        p, site = self.parameters, self.site
        self._sink_k = self._coolant_k()
        self.control.last_pa = -1.0
        if not site.warm:
            self.element_k = self.oil_k = site.ambient_k
            self.control.opening = self.control.mean_opening = self.control.running_s = 0.0
            self.log = ShaftLog()
        elif p.built_in and self.run:
            self.settle(p.speed_rad_s)
        self._sums[:] = 0.0
        self._mass[:] = 0.0
        self._energy_0_j = self._heat_j
        # What the junction hands over at once was drawn in before.
        self.ports["air"].flow = self.flow_kg_s = 0.0

    def settle(self, speed_rad_s: float) -> float:
        """Come to thermal rest under full load at a speed; return the torque [N m]."""
        self.control.opening = self.control.mean_opening = 1.0
        self.control.running_s = self.control_parameters.load_delay_s + TICK_S
        self.log.begin(speed_rad_s, (self._pulse_n(),))
        self._sink_k = self._coolant_k()
        torque, flow, _ = self._swallow(speed_rad_s)
        p = self.parameters
        torque += p.friction_nm
        power = torque * speed_rad_s
        low, high = min(self._sink_k, self.site.ambient_k), 1000.0
        for _ in range(60):  # the heat that leaves grows with the oil's temperature
            oil = 0.5 * (low + high)
            cooler = self._cooler(oil, True) * (oil - self._sink_k)
            element = oil + cooler / p.oil_w_k
            spare = power - cooler - flow * air.CP_AIR * (element - self.site.ambient_k)
            low, high = (oil, high) if spare > 0.0 else (low, oil)
        self.oil_k, self.element_k = oil, min(element, p.trip_k - 5.0)
        return float(torque)

    # --- the gas ------------------------------------------------------------------------------------------

    def _swallow(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque [N m], mass flow [kg/s] and the torque's slope [N m s] at a speed, as the intake stands."""
        p, c, site = self.parameters, self.condition, self.site
        opening = self.control.mean_opening
        ratio = speed_rad_s / p.speed_rad_s
        drop = (p.inlet_drop_pa + c.filter_drop_pa) * (opening * max(ratio, 0.0)) ** 2
        self.inlet_pa = site.pressure_pa - min(drop, 0.5 * site.pressure_pa)
        self.separator_pa = max(self.ports["air"].potential, site.pressure_pa + p.minimum_pa)
        swept = p.displacement_m3 * p.volumetric_efficiency / (2.0 * math.pi)
        density = self.inlet_pa / (air.R_AIR * site.ambient_k)
        flow = density * swept * max(speed_rad_s, 0.0) * opening
        full = self.inlet_pa * swept * math.log(max(self.separator_pa / self.inlet_pa, 1.0)) / p.isothermal_efficiency
        idle = p.idle_share * site.pressure_pa * swept * math.log(p.design_ratio) / p.isothermal_efficiency
        # P(load) = P_full (u + (1-u) load): the efficiency over the load falls as the intake shuts.
        torque = full * opening + idle * (1.0 - opening)
        root = math.hypot(speed_rad_s, SOFT_RAD_S)
        return torque * speed_rad_s / root, flow, torque * SOFT_RAD_S**2 / root**3

    @property
    def isothermal_w(self) -> float:
        """p1 V̇1 ln(p2/p1) of what it delivers now [W]."""
        volume = self.flow_kg_s * air.R_AIR * self.site.ambient_k / self.inlet_pa
        return self.inlet_pa * volume * math.log(max(self.separator_pa / self.inlet_pa, 1.0))

    def _pulse_n(self) -> float:
        p = self.parameters
        over = self.separator_pa / (self.site.pressure_pa * p.design_ratio)
        return float(p.pulse_n * over * (0.35 + 0.65 * self.control.opening))

    # --- on the shaft -------------------------------------------------------------------------------------

    @property
    def inertia_kg_m2(self) -> float:
        """Of both rotors, seen from the shaft [kg m²]."""
        return float(self.parameters.inertia_kg_m2)

    @property
    def radial_load_n(self) -> float:
        """On each bearing [N]: it follows the pressure difference."""
        over = (self.separator_pa - self.inlet_pa) / (self.site.pressure_pa * (self.parameters.design_ratio - 1.0))
        return float(self.parameters.bearing_load_n * max(over, 0.1))

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms: see the pressure, decide the load; with a drive of its own, turn."""
        p, port = self.parameters, self.ports["air"]
        self._t_ns = t_ns
        self._mass[1] += TICK_S * port.flow  # the junction has just handed this over
        self._first = True
        self._sink_k = self._coolant_k()
        running = self.log.speed_rad_s > 0.8 * self.control_parameters.minimum_speed * p.speed_rad_s
        held = (self.condition.opening_least, self.condition.opening_most)
        gauge = port.potential - self.site.pressure_pa
        held = (0.0, 0.0) if self.tripped else held
        self.control.step(self.control_parameters, gauge, running, held, TICK_S)
        if p.built_in:
            self.half_step(self.log.speed_rad_s, 0.5 * TICK_S)
            change = self._wanted_rad_s() - self.log.speed_rad_s
            limit = p.ramp_rad_s2 * TICK_S
            self.account(self.log.speed_rad_s + min(max(change, -limit), limit), TICK_S)

    def _wanted_rad_s(self) -> float:
        if not self.run or self.tripped:
            return 0.0
        share = self.control.demand if self.control_parameters.speed_control else 1.0
        return share * float(self.parameters.speed_rad_s)

    @property
    def asked_speed_rad_s(self) -> float | None:
        """Speed it wants of whatever turns it [rad/s]; None: any that its motor has."""
        if self.tripped or self.control_parameters.speed_control:
            return self._wanted_rad_s()
        return None

    @property
    def trip_reason(self) -> str:
        """Why it wants to be stopped; empty: it does not."""
        return "compressor discharge temperature" if self.tripped else ""

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Take over the speed from which the tick starts."""
        if self._first:
            self.log.begin(speed_rad_s, (self._pulse_n(),))
            self._first = False

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque taken [N m], its slope and curvature."""
        torque, _, slope = self._swallow(speed_rad_s)
        root = math.hypot(speed_rad_s, SOFT_RAD_S)
        friction = self.parameters.friction_nm
        return torque + friction * speed_rad_s / root, slope + friction * SOFT_RAD_S**2 / root**3, 0.0

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Book the tick: air delivered, work, heat."""
        middle = 0.5 * (self.log.speed_rad_s + speed_rad_s)
        torque, _, _ = self.load(middle)
        _, self.flow_kg_s, _ = self._swallow(middle)
        self.shaft_w = torque * middle
        self._warm(self.shaft_w, abs(middle) / self.parameters.speed_rad_s, dt_s)
        self._mass[0] += dt_s * self.flow_kg_s
        self.ports["air"].flow = self.flow_kg_s
        self.log.note(speed_rad_s, (self._pulse_n(),))

    # --- heat ---------------------------------------------------------------------------------------------

    def _coolant_k(self) -> float:
        port = self.ports["cooling"]
        if port.joined:
            return port.potential
        return self.site.cooling_water_k if self.parameters.water_cooled else self.site.ambient_k

    def _cooler(self, oil_k: float, turning: bool) -> float:
        """Return the conductance from oil to coolant [W/K]: the thermostat opens, the fan turns with the machine."""
        p = self.parameters
        share = min(max((oil_k - p.thermostat_k) / p.thermostat_span_k, p.closed_share), 1.0)
        return float(p.cooler_w_k * self.condition.cooler_gain * (share if turning else p.closed_share))

    def _warm(self, power_w: float, ratio: float, dt_s: float) -> None:
        """Advance rotors and sump by the implicit midpoint rule, which keeps energy exactly; trip where T2 ends."""
        p, before = self.parameters, self.element_k
        ambient, sink = self.site.ambient_k, self._sink_k
        carried, oil = self.flow_kg_s * air.CP_AIR, p.oil_w_k * max(ratio, 0.02)
        cooler = self._cooler(self.oil_k, ratio > 0.1)
        # (C/dt + G/2) x' = …, two by two, in the temperatures half way (x = old + change/2)
        a11, a12 = 2.0 * p.element_j_k / dt_s + carried + oil, -oil
        a22 = 2.0 * p.sump_j_k / dt_s + oil + cooler
        b1 = 2.0 * p.element_j_k / dt_s * self.element_k + power_w + carried * ambient
        b2 = 2.0 * p.sump_j_k / dt_s * self.oil_k + cooler * sink
        det = a11 * a22 - a12 * a12
        element, sump = (b1 * a22 - a12 * b2) / det, (a11 * b2 - a12 * b1) / det
        self.element_k += 2.0 * (element - self.element_k)
        self.oil_k += 2.0 * (sump - self.oil_k)
        self.cooler_w = cooler * (sump - sink)
        out_k = min(max(sink + p.aftercooler_k, ambient), max(element, ambient))
        enthalpy = carried * (out_k - ambient)
        self.heat_w = self.cooler_w + carried * (element - out_k)
        self.ports["air"].temperature_k = out_k
        self.ports["cooling"].flow, self.ports["cooling"].temperature_k = self.heat_w, out_k
        self._sums[:3] += dt_s * power_w, dt_s * enthalpy, dt_s * self.heat_w
        if self.element_k >= p.trip_k and not self.tripped:
            rise = self.element_k - before
            part = (p.trip_k - before) / rise if rise > 0.0 and before < p.trip_k else 0.0
            self.tripped, self.tripped_at_s = True, self._t_ns * 1e-9 + part * dt_s

    @property
    def _heat_j(self) -> float:
        return float(self.parameters.element_j_k * self.element_k + self.parameters.sump_j_k * self.oil_k)

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return pressures, temperatures, flow, powers, state of the load."""
        density = self.site.pressure_pa / (air.R_AIR * self.site.ambient_k)
        delivered = self.flow_kg_s / density
        values = {
            "speed_rad_s": self.log.speed_rad_s,
            "inlet_pressure_pa": self.inlet_pa - self.site.pressure_pa,
            "discharge_pressure_pa": self.separator_pa - self.site.pressure_pa,
            "discharge_temperature_k": self.element_k,
            "oil_temperature_k": self.oil_k,
            "flow_kg_s": self.flow_kg_s,
            "flow_m3_s": delivered,
            "shaft_power_w": self.shaft_w,
            "isothermal_power_w": self.isothermal_w,
            "specific_power_j_m3": self.shaft_w / delivered if delivered > 1e-6 else 0.0,
            "cooling_w": self.heat_w,
            "opening": self.control.opening,
            "loaded": float(self.control.opening > 0.5),
            "loaded_s": self.control.loaded_s,
            "tripped": float(self.tripped),
            "speed_demand": self.control.demand,
            "setpoint_pa": self.control.setpoint_pa,
        }
        if self.parameters.built_in:
            values["running"] = float(self.run and not self.tripped)
            values["active_power_w"] = self.shaft_w / self.parameters.motor_efficiency
        return values

    def commands(self) -> dict[str, Command]:
        """Return: deliver or not, set-point [Pa gauge], acknowledge a trip; run, with a drive of its own."""

        def deliver(value: float) -> None:
            self.control.allowed = value != 0.0

        def setpoint(value: float) -> None:
            self.control.setpoint_pa = min(max(value, 0.0), self.control_parameters.unload_pa)

        def reset(value: float) -> None:
            if value != 0.0 and self.element_k < self.parameters.trip_k - 10.0:
                self.tripped = False

        def run(value: float) -> None:
            self.run = value != 0.0

        table: dict[str, Command] = {"load": deliver, "setpoint_pa": setpoint, "reset": reset}
        return table | ({"run": run} if self.parameters.built_in else {})

    def balances(self) -> dict[str, Balance]:
        """Return ``energy`` [J] (work in; enthalpy of the air and heat out) and ``mass`` [kg]."""
        work, enthalpy, heat, _ = (float(x) for x in self._sums)
        drawn, given = (float(x) for x in self._mass)
        return {
            "energy": Balance(work, enthalpy + heat, self._heat_j - self._energy_0_j),
            "mass": Balance(drawn, given, TICK_S * self.ports["air"].flow),
        }

    # --- waveforms ----------------------------------------------------------------------------------------

    @property
    def own_speed_rad_s(self) -> float:
        """Speed of the male rotor [rad/s]."""
        return self.log.speed_rad_s

    @property
    def own_radial_load_n(self) -> float:
        """Load on each bearing [N]."""
        return self.radial_load_n

    def own_trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block of the male rotor that began at `t0_ns` and has just ended."""
        return self.log.trace(t0_ns)

    def waveforms(self) -> tuple[str, ...]:
        """Acceleration of the housing."""
        return ("acceleration_m_s2",)

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return the acceleration [m/s²] of samples n0 … of the block just ended."""
        block, p = self.log.last, self.parameters
        if quantity not in self.waveforms():
            return super().waveform(quantity, trace, n0, count, rate_hz)
        if block is None:
            raise ValueError("no block has been stepped yet; call step() first")
        first, lead = sample_grid(block, rate_hz)
        if n0 < first[0] or n0 + count > first[-1]:
            raise ValueError(f"samples {n0}..{n0 + count - 1} are not in this block, {first[0]}..{first[-1] - 1}")
        revs, frac = np.empty(first.size, np.int64), np.empty(first.size)
        turns_at_ticks(block.speed_rad_s, block.tick_s, block.revs0, block.frac0, revs, frac)
        off = self.condition.unbalance_grade_mm_s * 1e-3 / p.speed_rad_s
        heavy = off * np.array([p.male_kg, p.female_kg])
        force = np.empty(int(first[-1] - first[0]))
        rotor_force(
            first, lead, block.tick_s, rate_hz, block.speed_rad_s, frac, revs, float(p.lobes), float(p.flutes),
            np.ascontiguousarray(self.log.last_rows[:, 0]), p.pulse_decay, heavy, force,
        )  # fmt: skip
        at = n0 - int(first[0])
        return self._ear.hear(force[at : at + count], n0, rate_hz)

    def save(self) -> dict[str, Any]:
        """Return a copy of everything that changes."""
        return super().save() | {"ear": self._ear.save()}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        rest = dict(saved)
        self._ear.restore(rest.pop("ear"))
        super().restore(rest)


def _scaled(size: float) -> dict[str, float]:
    """Return what grows with the machine, `size` times that of 37 kW."""
    base = ScrewParameters()
    names = ("inertia_kg_m2", "element_j_k", "sump_j_k", "oil_w_k", "cooler_w_k", "friction_nm", "pulse_n", "male_kg",
             "female_kg", "bearing_load_n")  # fmt: skip
    return {name: getattr(base, name) * size for name in names}
