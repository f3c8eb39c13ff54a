"""Reciprocating air compressor: cylinders on the shaft's angle, self-acting valves, a torque that swings.

Level F2 (the default) integrates gas and valves along the angle; level F1 takes the means of the polytropic cycle:
η_v = 1 + c - c r^{1/n}, W = n/(n-1) p1 V η_v (r^{(n-1)/n} - 1), valve losses and leaks by quadrature.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from emulator.physics import air
from emulator.physics.asset import TICK_S, override
from emulator.physics.compressor_control import ControlParameters, LoadControl
from emulator.physics.compressor_ear import CompressorEar
from emulator.physics.cylinders import Cylinders
from emulator.physics.kernels import reciprocating_compressor as k
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.ports import Port
from emulator.physics.reciprocating_heat import ReciprocatingHeat
from emulator.physics.reciprocating_parameters import ReciprocatingCondition, ReciprocatingParameters
from emulator.physics.screw_compressor import CONTROL, SOFT_RAD_S
from emulator.physics.shaft import ShaftTrace
from emulator.physics.shaft_log import ShaftLog
from emulator.physics.site import Site

Floats = NDArray[np.float64]
MEAN_S = 1.0  # over which signals average the pulsation
POINTS = 180


class ReciprocatingCompressor(Machine):
    """The compressor with its coolers and its unloader, which holds the suction plates off their seats."""

    kind: ClassVar[str] = "reciprocating_compressor"
    STATES: ClassVar[tuple[str, ...]] = (
        "control", "run", "flow_kg_s", "mean_flow_kg_s", "mean_power_w", "shaft_w", "inlet_pa", "rings_kg_s", "log",
        "_first", "_sums", "_mass", "_first_kept", "_kept_j", "_t_ns", "_sink_k", "_foreseen_nm", "_foreseen",
    )  # fmt: skip

    def __init__(self, parameters: ReciprocatingParameters, control: ControlParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        p = parameters
        self.control_parameters = control
        self.condition = ReciprocatingCondition.healthy(p.throws)
        middle = 0.5 * (control.load_pa + control.unload_pa)
        self.ports = {
            "air": Port("gas", "flow", potential=site.pressure_pa + middle),
            "cooling": Port("heat", "flow", potential=site.ambient_k),
        }
        self.control = LoadControl(setpoint_pa=control.setpoint_pa)
        self.run = True
        self.flow_kg_s = self.mean_flow_kg_s = self.mean_power_w = self.shaft_w = self.rings_kg_s = 0.0
        self.inlet_pa = site.pressure_pa
        self._sink_k = site.ambient_k
        self.heat = ReciprocatingHeat(p, site.ambient_k)
        self.log = ShaftLog()
        self.cylinders = Cylinders(p)
        self._first = self._foreseen = False
        self._foreseen_nm = 0.0
        self._sums = np.zeros(3)  # work in, enthalpy of the air, heat [J]
        self._mass = np.zeros(3)  # drawn in, handed over, blown past the rings [kg]
        self._first_kept = np.zeros(3)  # heat and gas [J], mass [kg], U of the polytropic gas [J] at the start
        self._kept_j = 0.0
        self._t_ns = 0
        self._ear = CompressorEar(site.streams(f"{name}/acceleration/noise"), p.noise_m_s2, 0.93)
        self._means = np.zeros(6)
        self._set()
        self.cylinders.fill(0.0)

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the compressor of a `rigs.assets` nameplate; plates and moving masses grow with the piston."""
        n = nameplate
        try:
            band = ControlParameters(
                load_pa=n.load_pressure, unload_pa=n.unload_pressure, stroke_s=0.2,
                setpoint_pa=0.5 * (n.load_pressure + n.unload_pressure),
            )  # fmt: skip
            base = ReciprocatingParameters()
            size = 0.25 * math.pi * n.bore**2 / base.area_m2
            scaled = ("valve_m2", "plate_m2", "plate_kg", "spring_n_m", "preload_n", "damping_n_s_m", "stiction_n",
                      "moving_kg", "friction_nm", "inertia_kg_m2", "mixing_kg", "crankcase_j_k", "crankcase_w_k",
                      "bearing_load_n")  # fmt: skip
            parameters = ReciprocatingParameters(
                bore_m=n.bore, stroke_m=n.stroke, rod_m=n.rod, throws=n.throws, clearance=n.clearance,
                speed_rad_s=n.speed, built_in=n.drive == "built_in", water_cooled=n.cooling == "water",
                waveforms=n.level in (None, "F2"), **{name: getattr(base, name) * size for name in scaled},
            )  # fmt: skip
            own = {name: value for name, value in given.items() if name not in CONTROL}
            control = override(band, {name: value for name, value in given.items() if name in CONTROL}, n.id)
            return cls(override(parameters, own, n.id), control, site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    # --- the gas ------------------------------------------------------------------------------------------

    def _set(self) -> None:
        p, c, site = self.parameters, self.condition, self.site
        ratio = self.log.speed_rad_s / p.speed_rad_s
        drop = (p.inlet_drop_pa + c.filter_drop_pa) * (self.control.mean_opening * ratio) ** 2
        self.inlet_pa = site.pressure_pa - min(drop, 0.5 * site.pressure_pa)
        behind = max(self.ports["air"].potential, 0.5 * site.pressure_pa)
        self.cylinders.set(
            c, (self.inlet_pa, site.ambient_k), (behind, self.heat.discharge_k), site.pressure_pa,
            1.0 - self.control.mean_opening,
        )  # fmt: skip

    def cycle(self, throw: int = 0, speed_rad_s: float | None = None) -> dict[str, float]:
        """Return the means of a cycle of one cylinder at level F1, fully loaded, at a speed (the present one).

        Air delivered and blown past the rings [kg], work with valve losses and of the ideal cycle [J], temperatures
        [K] of the discharge and of what the suction cap meets, volumetric efficiency of the ideal cycle.
        """
        speed = self.log.speed_rad_s if speed_rad_s is None else speed_rad_s
        k.cycle_means(self.cylinders.rows[throw], speed, POINTS, self._means)
        mass, rings, work, hot, cap, ideal = (float(x) for x in self._means)
        density = self.inlet_pa / (air.R_AIR * self.site.ambient_k)
        return {
            "mass_kg": mass, "rings_kg": rings, "work_j": work, "discharge_k": hot, "cap_k": cap, "ideal_work_j": ideal,
            "volumetric_efficiency": mass / (density * self.parameters.swept_m3),
        }  # fmt: skip

    def _mean_torque_nm(self, speed_rad_s: float) -> float:
        """Return the torque of gas over a whole turn by cycle means [N m]."""
        work = sum(self.cycle(throw, speed_rad_s)["work_j"] for throw in range(self.parameters.throws))
        return self.control.mean_opening * work / (2.0 * math.pi)

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Cold: as warm as the air, at rest, cylinders full of air; warm: after many turns at the speed settled to."""
        p, site = self.parameters, self.site
        self._sink_k = self._coolant_k()
        self.control.last_pa = -1.0
        self.cylinders.state[:] = 0.0
        if not site.warm:
            self.heat.cool(site.ambient_k)
            self.control.opening = self.control.mean_opening = self.control.running_s = 0.0
            self.log = ShaftLog()
        elif p.built_in and self.run:
            self.settle(p.speed_rad_s)
        self._set()
        self.cylinders.fill(self.log.angle.frac)
        if p.waveforms and self.log.speed_rad_s > 0.2 * p.speed_rad_s:
            self.cylinders.turn(self.log.angle.frac, self.log.speed_rad_s)
        self.cylinders.sums[:] = 0.0
        self._sums[:] = 0.0
        self._mass[:] = 0.0
        self._kept_j = self._gas_j + p.crankcase_j_k * self.heat.crankcase_k
        self._first_kept[:] = self._kept_j, self._gas_kg, float(self.cylinders.state[:, k.U].sum())
        self.ports["air"].flow = self.flow_kg_s = 0.0

    def settle(self, speed_rad_s: float) -> float:
        """Come to thermal rest under full load at a speed; return the mean torque [N m]."""
        p, site = self.parameters, self.site
        self.control.opening = self.control.mean_opening = 1.0
        self.control.running_s = self.control_parameters.load_delay_s + TICK_S
        self.log.begin(speed_rad_s, (0.0,))
        self._sink_k = self._coolant_k()
        self._set()
        cycles = [self.cycle(throw, speed_rad_s) for throw in range(p.throws)]
        turns = speed_rad_s / (2.0 * math.pi)
        rings = sum(c["rings_kg"] * (c["discharge_k"] - site.ambient_k) for c in cycles) * turns
        crank_w = 0.5 * p.friction_nm * speed_rad_s + rings * air.CP_AIR
        self.heat.settle([c["discharge_k"] for c in cycles], [c["cap_k"] for c in cycles], crank_w, site.ambient_k)
        self.mean_flow_kg_s = sum(c["mass_kg"] for c in cycles) * turns
        torque = sum(c["work_j"] for c in cycles) / (2.0 * math.pi)
        self.mean_power_w = (torque + p.friction_nm) * speed_rad_s
        return float(torque + p.friction_nm)

    # --- on the shaft -------------------------------------------------------------------------------------

    @property
    def inertia_kg_m2(self) -> float:
        """Of crank and flywheel [kg m²]; the moving masses come in through the torque."""
        return float(self.parameters.inertia_kg_m2)

    @property
    def radial_load_n(self) -> float:
        """On each main bearing [N], mean."""
        over = (self.ports["air"].potential - self.inlet_pa) / (3.0 * self.site.pressure_pa)
        return float(self.parameters.bearing_load_n * max(over, 0.1))

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms: see the pressure, decide the load; with a drive of its own, turn."""
        p, port = self.parameters, self.ports["air"]
        self._t_ns = t_ns
        self._mass[1] += TICK_S * port.flow  # the junction has just handed this over
        self._first, self._foreseen = True, False
        self._sink_k = self._coolant_k()
        running = self.log.speed_rad_s > 0.3 * p.speed_rad_s
        held = (self.condition.opening_least, self.condition.opening_most)
        self.control.step(
            self.control_parameters, port.potential - self.site.pressure_pa, running, held, TICK_S
        )  # fmt: skip
        if p.built_in:
            speed = self.log.speed_rad_s
            self.half_step(speed, 0.5 * TICK_S)
            change = (p.speed_rad_s if self.run else 0.0) - speed
            limit = p.ramp_rad_s2 * TICK_S
            self.account(speed + min(max(change, -limit), limit), TICK_S)

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Take over the speed from which the tick starts."""
        if self._first:
            self.log.begin(speed_rad_s, (0.0,))
            self._set()
            self._first = False

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return the mean torque of the tick that comes [N m], its slope and curvature."""
        p = self.parameters
        if not p.waveforms:
            gas = self._mean_torque_nm(speed_rad_s) * speed_rad_s / math.hypot(speed_rad_s, SOFT_RAD_S)
        else:
            if not self._foreseen:
                self._foreseen_nm = self.cylinders.foresee(self.log.angle.frac, speed_rad_s)
                self._foreseen = True
            gas = self._foreseen_nm
        root = math.hypot(speed_rad_s, SOFT_RAD_S)
        return gas + p.friction_nm * speed_rad_s / root, p.friction_nm * SOFT_RAD_S**2 / root**3, 0.0

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Book the tick: turn the cylinders, deliver, warm."""
        p, w0 = self.parameters, self.log.speed_rad_s
        middle = 0.5 * (w0 + speed_rad_s)
        turned = middle * dt_s
        friction = p.friction_nm * middle / math.hypot(middle, SOFT_RAD_S) * turned
        if p.waveforms:
            gained = self.cylinders.tick(self._t_ns, self.log.angle.frac, w0, speed_rad_s)
        else:
            gained = self._by_means(middle, dt_s)
        self._book(gained, friction, dt_s)
        self.log.note(speed_rad_s, (0.0,))

    def _by_means(self, speed_rad_s: float, dt_s: float) -> Floats:
        """Return what the sums of all cylinders gain in a tick by the means of their cycles."""
        p, gained = self.parameters, np.zeros_like(self.cylinders.sums)
        share = self.control.mean_opening * max(speed_rad_s, 0.0) * dt_s / (2.0 * math.pi)
        heat = p.index * air.R_AIR / (p.index - 1.0)
        for throw in range(p.throws):
            c = self.cycle(throw, abs(speed_rad_s))
            mass, rings = c["mass_kg"] * share, c["rings_kg"] * share
            drawn = mass + rings
            gained[throw, k.W] = c["work_j"] * share
            gained[throw, [k.M_SUCTION, k.M_DISCHARGE, k.M_RINGS]] = drawn, mass, rings
            gained[throw, k.H_SUCTION] = drawn * heat * self.site.ambient_k
            gained[throw, k.H_DISCHARGE], gained[throw, k.H_RINGS] = (
                m * heat * c["discharge_k"] for m in (mass, rings)
            )
            # What leaks back is what warms the cap from the intake's temperature to the mixture's.
            gap = c["discharge_k"] - c["cap_k"]
            back = drawn * (c["cap_k"] - self.site.ambient_k) / gap if gap > 1e-6 else 0.0
            gained[throw, k.M_BACK], gained[throw, k.H_BACK] = back, back * heat * c["discharge_k"]
        return gained

    def _book(self, gained: Floats, friction_j: float, dt_s: float) -> None:
        p, site = self.parameters, self.site
        heat = p.index * air.R_AIR / (p.index - 1.0)
        real = air.CP_AIR / heat
        rings = float(gained[:, k.M_RINGS].sum())
        rings_j = float(gained[:, k.H_RINGS].sum()) * real - rings * air.CP_AIR * site.ambient_k
        self.heat.advance(gained, heat, (0.5 * friction_j + rings_j) / dt_s, site.ambient_k, dt_s)
        before = self._kept_j
        self.flow_kg_s = float(gained[:, k.M_DISCHARGE].sum()) / dt_s
        work = float(gained[:, k.W].sum()) + friction_j
        self.shaft_w = work / dt_s
        out_k = max(self._sink_k + p.aftercooler_k, site.ambient_k)
        enthalpy = self.flow_kg_s * dt_s * air.CP_AIR * (out_k - site.ambient_k)
        kept = self._gas_j + p.crankcase_j_k * self.heat.crankcase_k
        self._kept_j = kept
        # Jackets, aftercooler and crankcase give up what the air does not carry away and nothing stores.
        lost = work - enthalpy - (kept - before)
        self._sums += work, enthalpy, lost
        self._mass[0] += float(gained[:, k.M_SUCTION].sum())
        self._mass[2] += float(gained[:, k.M_RINGS].sum())
        fade = -math.expm1(-dt_s / MEAN_S)
        self.mean_flow_kg_s += fade * (self.flow_kg_s - self.mean_flow_kg_s)
        self.mean_power_w += fade * (self.shaft_w - self.mean_power_w)
        self.rings_kg_s += fade * (rings / dt_s - self.rings_kg_s)
        port, cooling = self.ports["air"], self.ports["cooling"]
        port.flow, port.temperature_k = self.flow_kg_s, out_k
        cooling.flow = max(self.mean_power_w - self.mean_flow_kg_s * air.CP_AIR * (out_k - site.ambient_k), 0.0)
        cooling.temperature_k = out_k

    def _coolant_k(self) -> float:
        port = self.ports["cooling"]
        if port.joined:
            return port.potential
        return self.site.cooling_water_k if self.parameters.water_cooled else self.site.ambient_k

    @property
    def _gas_j(self) -> float:
        """Inner energy of the air in the cylinders [J]."""
        return float(self.cylinders.state[:, k.U].sum() * (self.parameters.index - 1.0) / (air.KAPPA - 1.0))

    @property
    def _gas_kg(self) -> float:
        return float(self.cylinders.state[:, k.M].sum())

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return pressures, temperatures, flow and powers, means over about a second."""
        p, site = self.parameters, self.site
        density = site.pressure_pa / (air.R_AIR * site.ambient_k)
        delivered = self.mean_flow_kg_s / density
        swept = p.swept_m3 * p.throws * self.log.speed_rad_s / (2.0 * math.pi)
        values = {
            "speed_rad_s": self.log.speed_rad_s,
            "inlet_pressure_pa": self.inlet_pa - site.pressure_pa,
            "discharge_pressure_pa": self.ports["air"].potential - site.pressure_pa,
            "discharge_temperature_k": self.heat.discharge_k,
            "crankcase_temperature_k": self.heat.crankcase_k,
            "flow_kg_s": self.mean_flow_kg_s,
            "flow_m3_s": delivered,
            "volumetric_efficiency": delivered / swept if swept > 1e-6 else 0.0,
            "shaft_power_w": self.mean_power_w,
            "specific_power_j_m3": self.mean_power_w / delivered if delivered > 1e-6 else 0.0,
            "blow_by_kg_s": self.rings_kg_s,
            "cooling_w": self.ports["cooling"].flow,
            "opening": self.control.opening,
            "loaded": float(self.control.opening > 0.5),
            "loaded_s": self.control.loaded_s,
        }
        for throw in range(p.throws):
            values[f"suction_cap_{throw + 1}_temperature_k"] = float(self.heat.suction_cap_k[throw])
            values[f"discharge_cap_{throw + 1}_temperature_k"] = float(self.heat.discharge_cap_k[throw])
        if p.built_in:
            values["running"] = float(self.run)
            values["active_power_w"] = self.mean_power_w / p.motor_efficiency
        return values

    def commands(self) -> dict[str, Command]:
        """Return: deliver or not; run, with a drive of its own."""

        def deliver(value: float) -> None:
            self.control.allowed = value != 0.0

        def run(value: float) -> None:
            self.run = value != 0.0

        table: dict[str, Command] = {"load": deliver}
        return table | ({"run": run} if self.parameters.built_in else {})

    def balances(self) -> dict[str, Balance]:
        """Return ``mass`` [kg], ``energy`` [J], and at level F2 ``gas`` [J]: the indicator diagram's own account.

        ``gas`` is that of the polytropic gas in the cylinders: work and enthalpy in, enthalpy out, U = pV/(n-1) kept.
        """
        work, enthalpy, lost = (float(x) for x in self._sums)
        drawn, given, blown = (float(x) for x in self._mass)
        on_its_way = TICK_S * self.ports["air"].flow
        accounts = {
            "energy": Balance(work, enthalpy + lost, self._kept_j - float(self._first_kept[0])),
            "mass": Balance(drawn, given + blown, self._gas_kg - float(self._first_kept[1]) + on_its_way),
        }
        if self.parameters.waveforms:
            s = self.cylinders.sums.sum(0)
            kept = float(self.cylinders.state[:, k.U].sum()) - float(self._first_kept[2])
            out = float(s[k.H_DISCHARGE] + s[k.H_RINGS])
            accounts["gas"] = Balance(float(s[k.W] + s[k.H_SUCTION]), out, kept)
        return accounts

    # --- waveforms ----------------------------------------------------------------------------------------

    @property
    def own_speed_rad_s(self) -> float:
        """Speed of the crankshaft [rad/s]."""
        return self.log.speed_rad_s

    @property
    def own_radial_load_n(self) -> float:
        """Load on each bearing [N]."""
        return self.radial_load_n

    def own_trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block of the crankshaft that began at `t0_ns` and has just ended."""
        self.cylinders.end_block(t0_ns // round(TICK_S * 1e9))
        return self.log.trace(t0_ns)

    def waveforms(self) -> tuple[str, ...]:
        """At level F2: pressure in each cylinder, load and position of each rod, acceleration of the frame."""
        if not self.parameters.waveforms:
            return ()
        each = range(1, self.parameters.throws + 1)
        kinds_ = ("cylinder_{}_pressure_pa", "rod_{}_load_n", "rod_{}_position_m")
        return ("acceleration_m_s2", *(name.format(i) for name in kinds_ for i in each))

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return samples n0 … of the block just ended: absolute pressure [Pa], load [N], position [m], [m/s²]."""
        block, p = self.log.last, self.parameters
        if quantity not in self.waveforms():
            return super().waveform(quantity, trace, n0, count, rate_hz)
        if block is None:
            raise ValueError("no block has been stepped yet; call step() first")
        first, pressure, rod, shaking, turns = self.cylinders.render(block, rate_hz)
        at = n0 - first
        if at < 0 or at + count > shaking.size:
            raise ValueError(
                f"samples {n0}..{n0 + count - 1} are not in this block, {first}..{first + shaking.size - 1}"
            )
        part = slice(at, at + count)
        if quantity == "acceleration_m_s2":
            return self._ear.hear(shaking[part], n0, rate_hz)
        throw = int(quantity.split("_")[1]) - 1
        if quantity.startswith("cylinder"):
            return pressure[throw, part].copy()
        load = rod[throw, part]
        if quantity.endswith("load_n"):
            return load.copy()
        # The rod gives under its load; a loose pin lies on one side or the other; the rod itself runs a little out.
        play = 0.5 * self.condition.knock_clearance_m[throw] * load / (np.abs(load) + 20.0)
        where = turns[part] + self.cylinders.phase[throw]
        return np.asarray(load / p.rod_n_m + play + p.runout_m * np.cos(2.0 * math.pi * where))

    def save(self) -> dict[str, Any]:
        """Return a copy of everything that changes."""
        parts = {"ear": self._ear.save(), "cylinders": self.cylinders.save(), "heat": self.heat.save()}
        return super().save() | parts

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        rest = dict(saved)
        self._ear.restore(rest.pop("ear"))
        self.cylinders.restore(rest.pop("cylinders"))
        self.heat.restore(rest.pop("heat"))
        super().restore(rest)
