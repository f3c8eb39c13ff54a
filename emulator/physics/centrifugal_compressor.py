"""Centrifugal compressor with its duct, plenum and anti-surge valve: surge comes out of Greitzer's two equations.

Stability is lost where Ψ_c' = Φ_T'/B². The anti-surge control opens the recycle valve when the flow comes near the
surge line; delay and stroke decide whether it is in time.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from emulator.physics import air
from emulator.physics.asset import TICK_S, override
from emulator.physics.checks import check, check_finite, check_positive
from emulator.physics.kernels import centrifugal_compressor as k
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.ports import Port
from emulator.physics.shaft import ShaftTrace
from emulator.physics.shaft_log import ShaftLog
from emulator.physics.site import Site

STEP_XI = 0.05  # of a Runge-Kutta step, in Greitzer's time
SOFT_RAD_S = 2.0


@dataclass(frozen=True, slots=True)
class CentrifugalParameters:
    """A blower of 300 m/s tip speed whose B is 1.

    Attributes
    ----------
    tip_radius_m, speed_rad_s : of the wheel · gear : wheel over shaft speed
    duct_m2, duct_m, plenum_m3 : flow area and length of the duct, volume between wheel and throttle
    psi0, h, w : shut-off Ψ, half height and half width of the cubic characteristic
    throttle : γ of the discharge throttle, Φ_T = γ√Ψ · slip : work factor, torque = slip·|ṁ|·U·r2
    recycle : γ of the open anti-surge valve · margin : flow over that of the surge line at which it is opened
    delay_s, open_s, close_s : until the valve moves, its stroke open, its stroke shut
    thrust_m2 : unbalanced area of the wheel on which the pressure rise pushes · thrust_rest_n : left when balanced

    """

    tip_radius_m: float = 0.12
    speed_rad_s: float = 2500.0
    gear: float = 1.0
    duct_m2: float = 0.02
    duct_m: float = 3.0
    plenum_m3: float = 0.3142
    psi0: float = 0.3
    h: float = 0.18
    w: float = 0.25
    throttle: float = 0.75
    slip: float = 0.5
    recycle: float = 0.5
    margin: float = 1.10
    delay_s: float = 0.15
    open_s: float = 0.5
    close_s: float = 20.0
    anti_surge: bool = True
    thrust_m2: float = 0.01
    thrust_rest_n: float = 150.0
    friction_nm: float = 0.05
    inertia_kg_m2: float = 0.02
    bearing_load_n: float = 400.0
    built_in: bool = True
    ramp_rad_s2: float = 250.0
    motor_efficiency: float = 0.93
    aftercooler_k: float = 10.0
    casing_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what no compressor can be."""
        check_finite(self)
        check_positive(
            self, "tip_radius_m", "speed_rad_s", "gear", "duct_m2", "duct_m", "plenum_m3", "h", "w", "open_s",
            "close_s", "inertia_kg_m2", "ramp_rad_s2", "casing_s", "slip",
        )  # fmt: skip
        for name in ("psi0", "throttle", "recycle", "delay_s", "thrust_m2", "friction_nm"):
            check(self, name, getattr(self, name) >= 0.0, "0 or above")
        check(self, "margin", 1.0 <= self.margin <= 2.0, "in [1, 2]; 1.1 keeps 10 % from the surge line")
        tip = self.tip_radius_m * self.speed_rad_s * self.gear
        check(self, "speed_rad_s", tip < 600.0, f"slower: the wheel's tip would move at {tip:.0f} m/s, above 600")
        check(self, "motor_efficiency", 0.0 < self.motor_efficiency <= 1.0, "in (0, 1]")

    def greitzer_b(self, sound_m_s: float) -> float:
        """Return B = (U/2a)√(V_p/(A_c L_c)) at rated speed."""
        tip = self.tip_radius_m * self.speed_rad_s * self.gear
        return tip / (2.0 * sound_m_s) * math.sqrt(self.plenum_m3 / (self.duct_m2 * self.duct_m))


@dataclass(slots=True)
class CentrifugalCondition:
    """What faults may change.

    How far the anti-surge valve can open; extra drop of the intake filter at rated flow [Pa]; balance grade.
    """

    valve_limit: float = 1.0
    filter_drop_pa: float = 0.0
    unbalance_grade_mm_s: float = 2.5


class CentrifugalCompressor(Machine):
    """The compressor; its throttle feeds the net it is joined to, or the open air."""

    kind: ClassVar[str] = "centrifugal_compressor"
    STATES: ClassVar[tuple[str, ...]] = (
        "y", "throttle", "valve", "asked", "waited_s", "surges", "casing_k", "shaft_w", "run", "speed_share", "log",
        "inlet_pa", "_first", "_below", "_handed", "_first_kg", "_sums", "_t_ns", "_flow_kg_s",
    )  # fmt: skip

    def __init__(self, parameters: CentrifugalParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.condition = CentrifugalCondition()
        self.ports = {"air": Port("gas", "flow", potential=site.pressure_pa)}
        self.y = np.zeros(k.SIZE)
        self.throttle = parameters.throttle
        self.valve = self.waited_s = 0.0
        self.asked = False
        self.surges = 0
        self.casing_k = site.ambient_k
        self.shaft_w = self._flow_kg_s = 0.0
        self.run = True
        self.speed_share = 1.0
        self.inlet_pa = site.pressure_pa
        self.log = ShaftLog()
        self._first = self._below = False
        self._handed = 0.0
        self._first_kg = 0.0
        self._sums = np.zeros(2)  # shaft work, heat of friction and wheel [J]
        self._t_ns = 0
        self._a = np.zeros(k.A_SIZE)
        self._k, self._tmp = np.zeros((4, k.SIZE)), np.zeros(k.SIZE)

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the compressor of a `rigs.assets` nameplate; the rated flow sets the duct, the plenum the surge."""
        n = nameplate
        try:
            base = CentrifugalParameters()
            tip = n.tip_diameter * 0.5 * n.speed * n.gear_ratio
            # The best point lies at Φ = 2W.
            duct = n.flow / (2.0 * base.w * tip) if tip > 0.0 else base.duct_m2
            parameters = CentrifugalParameters(
                tip_radius_m=0.5 * n.tip_diameter, speed_rad_s=n.speed, gear=n.gear_ratio, duct_m2=duct,
                duct_m=n.duct_length, plenum_m3=n.plenum, built_in=n.drive == "built_in", anti_surge=n.anti_surge,
            )  # fmt: skip
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    # --- the gas ------------------------------------------------------------------------------------------

    def _fill(self, speed_rad_s: float) -> None:
        p, site, a = self.parameters, self.site, self._a
        drop = self.condition.filter_drop_pa * min((float(self.y[k.MASS_FLOW]) / self._rated_kg_s) ** 2, 4.0)
        self.inlet_pa = site.pressure_pa - min(drop, 0.5 * site.pressure_pa)
        port = self.ports["air"]
        a[k.A_DENSITY] = self.inlet_pa / (air.R_AIR * site.ambient_k)
        a[k.A_DUCT_M2], a[k.A_DUCT_M], a[k.A_PLENUM] = p.duct_m2, p.duct_m, p.plenum_m3
        a[k.A_SOUND] = math.sqrt(air.KAPPA * air.R_AIR * site.ambient_k)
        a[k.A_PSI0], a[k.A_H], a[k.A_W] = p.psi0, p.h, p.w
        a[k.A_SPEED], a[k.A_RATED] = self._tip(speed_rad_s), self._tip(p.speed_rad_s)
        a[k.A_GAMMA], a[k.A_RECYCLE] = self.throttle, p.recycle
        a[k.A_NET] = port.potential - self.inlet_pa if port.joined else 0.0
        a[k.A_CHECK] = float(port.joined)

    def _tip(self, speed_rad_s: float) -> float:
        return float(self.parameters.tip_radius_m * self.parameters.gear * speed_rad_s)

    @property
    def _rated_kg_s(self) -> float:
        p, site = self.parameters, self.site
        density = site.pressure_pa / (air.R_AIR * site.ambient_k)
        return float(density * p.duct_m2 * self._tip(p.speed_rad_s) * 2.0 * p.w)

    @property
    def phi(self) -> float:
        """Flow coefficient Φ; 0 at rest."""
        scale = self._a[k.A_DENSITY] * self.parameters.duct_m2 * abs(self._a[k.A_SPEED])
        return float(self.y[k.MASS_FLOW] / scale) if scale > 1e-9 else 0.0

    @property
    def psi(self) -> float:
        """Pressure coefficient Ψ of the plenum; 0 at rest."""
        scale = 0.5 * self._a[k.A_DENSITY] * self._a[k.A_SPEED] ** 2
        return float(self.y[k.PRESSURE] / scale) if scale > 1e-6 else 0.0

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Warm: at the crossing of characteristic and throttle; cold: at rest."""
        p = self.parameters
        if not self.site.warm:
            self.y[:] = 0.0
            self.log = ShaftLog()
            self.casing_k = self.site.ambient_k
        elif p.built_in and self.run:
            self.settle(p.speed_rad_s * self.speed_share)
        self._fill(self.log.speed_rad_s)
        self.y[k.S_IN :] = 0.0
        self._sums[:] = 0.0
        self._handed = 0.0
        self._first_kg = self._plenum_kg
        self.ports["air"].flow = self._flow_kg_s = 0.0

    def settle(self, speed_rad_s: float) -> float:
        """Come to rest state on the right of the characteristic's peak at a speed; return the torque [N m]."""
        p = self.parameters
        self.log.begin(speed_rad_s, (0.0,))
        self._fill(speed_rad_s)
        tip, a = self._tip(speed_rad_s), self._a
        low, high = 0.0, 6.0 * self._rated_kg_s
        for _ in range(80):
            flow = 0.5 * (low + high)
            pressure = float(k.rise(flow, tip, a))
            out = k.throttle(self.throttle, pressure - a[k.A_NET], a) + k.throttle(self.valve * p.recycle, pressure, a)
            low, high = (flow, high) if flow < out else (low, flow)
        self.y[k.MASS_FLOW], self.y[k.PRESSURE] = flow, pressure
        self.casing_k = self.site.ambient_k + p.slip * tip**2 / air.CP_AIR
        return self._torque(speed_rad_s) + self._friction(speed_rad_s)

    # --- on the shaft -------------------------------------------------------------------------------------

    def _torque(self, speed_rad_s: float) -> float:
        tip = self._tip(speed_rad_s)
        return float(self.parameters.slip * abs(self.y[k.MASS_FLOW]) * tip * self.parameters.tip_radius_m
                     * self.parameters.gear)  # fmt: skip

    def _friction(self, speed_rad_s: float) -> float:
        return float(self.parameters.friction_nm * speed_rad_s / math.hypot(speed_rad_s, SOFT_RAD_S))

    @property
    def inertia_kg_m2(self) -> float:
        """Of wheel and gear, seen from the shaft [kg m²]."""
        return float(self.parameters.inertia_kg_m2)

    @property
    def radial_load_n(self) -> float:
        """On each bearing [N]."""
        return float(self.parameters.bearing_load_n)

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms: guard against surge; with a drive of its own, turn."""
        p = self.parameters
        self._t_ns = t_ns
        self._first = True
        self._handed += TICK_S * self.ports["air"].flow  # the junction has just handed this over
        if p.built_in:
            speed = self.log.speed_rad_s
            self.half_step(speed, 0.5 * TICK_S)
            change = (p.speed_rad_s * self.speed_share if self.run else 0.0) - speed
            limit = p.ramp_rad_s2 * TICK_S
            self.account(speed + min(max(change, -limit), limit), TICK_S)

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Take over the speed from which the tick starts."""
        if self._first:
            self.log.begin(speed_rad_s, (0.0,))
            self._fill(speed_rad_s)
            self._first = False

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque [N m], its slope and curvature: Euler's work on what flows."""
        p = self.parameters
        tip_slope = p.tip_radius_m * p.gear
        slope = p.slip * abs(float(self.y[k.MASS_FLOW])) * tip_slope**2
        root = math.hypot(speed_rad_s, SOFT_RAD_S)
        return (
            self._torque(speed_rad_s) + self._friction(speed_rad_s),
            slope + p.friction_nm * SOFT_RAD_S**2 / root**3,
            0.0,
        )

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Book the tick: flow and pressure, valve, heat."""
        p, w0 = self.parameters, self.log.speed_rad_s
        before, old = self.valve, self.y.copy()
        self._guard(dt_s)
        a = self._a
        xi = dt_s * a[k.A_SOUND] * math.sqrt(p.duct_m2 / (p.plenum_m3 * p.duct_m))
        steps = max(int(xi / STEP_XI) + 1, 4)
        k.surge_advance(
            self.y, self._tip(w0), self._tip(speed_rad_s), before * p.recycle, self.valve * p.recycle, dt_s, steps, a,
            self._k, self._tmp,
        )  # fmt: skip
        a[k.A_SPEED] = self._tip(speed_rad_s)
        gained = self.y - old
        self._flow_kg_s = float(gained[k.S_OUT]) / dt_s
        self._count_surge()
        middle = 0.5 * (w0 + speed_rad_s)
        through = float(abs(gained[k.S_IN])) / dt_s
        work = p.slip * through * self._tip(middle) ** 2
        self.shaft_w = work + self._friction(middle) * middle
        ambient = self.site.ambient_k
        goal = ambient + p.slip * self._tip(middle) ** 2 / air.CP_AIR
        fade = -math.expm1(-dt_s / p.casing_s * min(through / self._rated_kg_s, 2.0))
        self.casing_k += fade * (goal - self.casing_k)
        port = self.ports["air"]
        port.flow = self._flow_kg_s if port.joined else 0.0
        port.temperature_k = min(self.casing_k, ambient + p.aftercooler_k)
        self._sums += dt_s * self.shaft_w, 0.0
        self.log.note(speed_rad_s, (0.0,))

    def _guard(self, dt_s: float) -> None:
        """Move the anti-surge valve: asked when the flow is near the surge line, and moving after the delay."""
        p = self.parameters
        turning = abs(self._a[k.A_SPEED]) > 0.3 * self._a[k.A_RATED]
        near = p.anti_surge and turning and self.phi < p.margin * 2.0 * p.w
        if near:
            self.waited_s = min(self.waited_s + dt_s, p.delay_s + dt_s)
        elif self.phi > (p.margin + 0.05) * 2.0 * p.w or not turning:
            self.waited_s = max(self.waited_s - dt_s, 0.0)
        self.asked = self.waited_s >= p.delay_s and near
        goal = 1.0 if self.asked else self.valve if near or self.waited_s > 0.0 else 0.0
        step = dt_s / (p.open_s if goal > self.valve else p.close_s)
        moved = min(self.valve + step, goal) if goal > self.valve else max(self.valve - step, goal)
        self.valve = min(moved, self.condition.valve_limit)

    def _count_surge(self) -> None:
        """Count each time the flow turns back."""
        reversed_ = self.phi < 0.0
        if reversed_ and not self._below:
            self.surges += 1
        if reversed_ or self.phi > self.parameters.w:
            self._below = reversed_

    @property
    def _plenum_kg(self) -> float:
        return float(self.parameters.plenum_m3 / self._a[k.A_SOUND] ** 2 * self.y[k.PRESSURE])

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return coefficients, pressures, flows, valve, thrust, temperature, power."""
        p = self.parameters
        density = self.site.pressure_pa / (air.R_AIR * self.site.ambient_k)
        values = {
            "speed_rad_s": self.log.speed_rad_s,
            "phi": self.phi,
            "psi": self.psi,
            "flow_kg_s": float(self.y[k.MASS_FLOW]),
            "flow_m3_s": float(self.y[k.MASS_FLOW]) / density,
            "delivered_kg_s": self._flow_kg_s,
            "inlet_pressure_pa": self.inlet_pa - self.site.pressure_pa,
            "discharge_pressure_pa": float(self.y[k.PRESSURE]) + self.inlet_pa - self.site.pressure_pa,
            "discharge_temperature_k": self.casing_k,
            "anti_surge_opening": self.valve,
            "axial_load_n": p.thrust_rest_n + p.thrust_m2 * float(self.y[k.PRESSURE]),
            "surges": float(self.surges),
            "throttle": self.throttle,
            "shaft_power_w": self.shaft_w,
        }
        if p.built_in:
            values["running"] = float(self.run)
            values["active_power_w"] = self.shaft_w / p.motor_efficiency
        return values

    def commands(self) -> dict[str, Command]:
        """Return: the discharge throttle's γ; run and share of rated speed, with a drive of its own."""

        def throttle(value: float) -> None:
            self.throttle = min(max(value, 0.0), 10.0)

        def run(value: float) -> None:
            self.run = value != 0.0

        def share(value: float) -> None:
            self.speed_share = min(max(value, 0.0), 1.1)

        table: dict[str, Command] = {"throttle": throttle}
        return table | ({"run": run, "speed_share": share} if self.parameters.built_in else {})

    def balances(self) -> dict[str, Balance]:
        """Return ``mass`` [kg]: through the wheel, into the net and around the valve, kept in the plenum."""
        port = self.ports["air"]
        out, recycled = float(self.y[k.S_OUT]), float(self.y[k.S_RECYCLED])
        on_its_way = TICK_S * port.flow
        given = self._handed if port.joined else out
        kept = self._plenum_kg - self._first_kg + on_its_way
        return {"mass": Balance(float(self.y[k.S_IN]), given + recycled, kept)}

    # --- own shaft ----------------------------------------------------------------------------------------

    @property
    def own_speed_rad_s(self) -> float:
        """Speed of the shaft [rad/s]."""
        return self.log.speed_rad_s

    @property
    def own_radial_load_n(self) -> float:
        """Load on each bearing [N]."""
        return self.radial_load_n

    def own_trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block of the shaft that began at `t0_ns` and has just ended."""
        return self.log.trace(t0_ns)
