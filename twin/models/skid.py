"""The pump skid as the twin expects it: roles of the points, and the relations that tie them together.

A relation is an equation between measured values that holds while everything is healthy; its residual is
measured minus expected, in the unit given. Which values enter which relation is what later tells a lying sensor
from a worn machine:

=============  ====  =====================================================================
relation       unit  values
=============  ====  =====================================================================
pump_curve     m     flow, p_d, p_s, speed              (head from the data-sheet curve)
power          W     power, speed, flow                 (shaft power through the T-circuit)
system         m     p_d, flow, position                (lift, pipe loss, valve drop)
suction        m     p_s, level, flow                   (static head less pipe loss)
speed          rad/s speed, frequency, flow             (synchronous speed less slip)
torque         N m   torque, speed, flow
current        A     current, speed, flow
drive_current  A     drive current, current
voltage        V     voltage, frequency                 (constant-flux law)
apparent       W     power, voltage, current, pf
reactive       var   reactive power, voltage, current, power
dc_link        V     dc link                            (constant mains)
valve          -     position, output                   (the stem follows its command)
inventory      m     level                              (a closed circuit keeps its water)
=============  ====  =====================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.models import water
from twin.models.motor import MotorCircuit
from twin.models.pump import PumpCurve

if TYPE_CHECKING:
    from rigs.schema import Rig

ROLES: dict[tuple[str, str], str] = {
    ("centrifugal_pump", "flow"): "flow",
    ("centrifugal_pump", "suction_pressure"): "p_s",
    ("centrifugal_pump", "discharge_pressure"): "p_d",
    ("centrifugal_pump", "water_temperature"): "t_water",
    ("induction_motor", "speed"): "speed",
    ("induction_motor", "winding_temperature"): "t_winding",
    ("induction_motor", "frame_temperature"): "t_frame",
    ("induction_motor", "ambient_temperature"): "t_ambient",
    ("induction_motor", "voltage"): "voltage",
    ("induction_motor", "current"): "current",
    ("induction_motor", "active_power"): "power",
    ("induction_motor", "reactive_power"): "reactive",
    ("induction_motor", "power_factor"): "pf",
    ("induction_motor", "running"): "running",
    ("vfd", "frequency"): "frequency",
    ("vfd", "current"): "drive_current",
    ("vfd", "torque"): "torque",
    ("vfd", "dc_link_voltage"): "dc_link",
    ("vfd", "reference"): "reference",
    ("tank", "level"): "level",
    ("control_valve", "position"): "position",
    ("pid_loop", "output"): "output",
    ("pid_loop", "setpoint"): "setpoint",
}

NEEDS: dict[str, tuple[str, ...]] = {
    "pump_curve": ("flow", "p_d", "p_s", "speed"),
    "power": ("power", "speed", "flow"),
    "system": ("p_d", "flow", "position"),
    "suction": ("p_s", "level", "flow"),
    "speed": ("speed", "frequency", "flow"),
    "torque": ("torque", "speed", "flow"),
    "current": ("current", "speed", "flow"),
    "drive_current": ("drive_current", "current"),
    "voltage": ("voltage", "frequency"),
    "apparent": ("power", "voltage", "current", "pf"),
    "reactive": ("reactive", "voltage", "current", "power"),
    "dc_link": ("dc_link",),
    "valve": ("position", "output"),
    "inventory": ("level",),
}

UNITS: dict[str, str] = {
    "pump_curve": "m", "power": "W", "system": "m", "suction": "m", "speed": "rad/s", "torque": "N*m",
    "current": "A", "drive_current": "A", "voltage": "V", "apparent": "W", "reactive": "W", "dc_link": "V",
    "valve": "1", "inventory": "m",
}  # fmt: skip

LEAST_FLOW = 0.03
"""Share of best flow, and valve opening, below which the discharge line says nothing."""
FRICTION_SHARE = 0.015
"""Windage and bearing friction of a small motor as a share of rated power (IEC 60034-2-1 typical values)."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far the machines are believed to be from their data sheets.

    `wear` is 1 at 15 % lost shut-off head and 12 % internal leakage; `clog_s2_m5` is added suction resistance.
    """

    wear: float = 0.0
    clog_s2_m5: float = 0.0


HEALTHY = Deviation()


def roles_of(rig: Rig) -> dict[str, str]:
    """Map role to point id for every point whose asset and quantity are known here."""
    kinds = {asset.id: asset.kind for asset in rig.assets}
    found: dict[str, str] = {}
    for point in rig.points:
        role = ROLES.get((kinds.get(point.asset, ""), point.quantity))
        if role is not None:
            found.setdefault(role, point.id)
    return found


class SkidModel:
    """Expected behaviour of a pump skid from the nameplates in the rig.

    Parameters
    ----------
    rig
        The twin's view of the rig. Parts that are not there make their relations absent, not wrong.
    """

    def __init__(self, rig: Rig) -> None:
        by_kind: dict[str, list] = {}  # type: ignore[type-arg]
        for asset in rig.assets:
            by_kind.setdefault(asset.kind, []).append(asset)
        pumps, motors = by_kind.get("centrifugal_pump", []), by_kind.get("induction_motor", [])
        valves, pipes = by_kind.get("control_valve", []), by_kind.get("pipe", [])
        self.pump_id: str | None = pumps[0].id if pumps else None
        self.motor_id: str | None = motors[0].id if motors else None
        self.pump: PumpCurve | None = None
        self.motor: MotorCircuit | None = None
        self.valve = valves[0] if valves else None
        self.suction_pipe = self.discharge_pipe = None
        if pumps:
            plate = pumps[0]
            self.pump = PumpCurve(
                plate.speed, plate.flow, plate.head, plate.shutoff_head, plate.efficiency, plate.npsh_required
            )
            route = rig.joined("pipe", plate.id)
            order = {name: place for place, name in enumerate(route)}
            here = order.get(plate.id, 0)
            for pipe in pipes:
                if pipe.id in order and order[pipe.id] < here:
                    self.suction_pipe = pipe
                elif pipe.id in order:
                    self.discharge_pipe = pipe
        if motors:
            plate = motors[0]
            self.motor_rated_w: float = plate.power
            self.motor_rated_rad_s: float = plate.speed
            self.motor = MotorCircuit(
                plate.pole_pairs,
                plate.voltage,
                plate.frequency,
                plate.stator_resistance,
                plate.rotor_resistance,
                plate.stator_inductance,
                plate.rotor_inductance,
                plate.magnetising_inductance,
            )
        self._best_flow = self.pump.flow_m3_s if self.pump is not None else 0.0
        self.level_m: float | None = None
        self.dc_link_v: float | None = None

    def names(self, roles: dict[str, str]) -> tuple[str, ...]:
        """Names of the relations that nameplates and points of this rig allow."""
        able = {
            "pump_curve": self.pump is not None,
            "power": self.pump is not None and self.motor is not None,
            "system": self.valve is not None and self.discharge_pipe is not None,
            "suction": self.suction_pipe is not None,
            "speed": self.pump is not None and self.motor is not None,
            "torque": self.pump is not None and self.motor is not None,
            "current": self.pump is not None and self.motor is not None,
            "voltage": self.motor is not None,
        }
        return tuple(
            name for name, needs in NEEDS.items() if able.get(name, True) and all(need in roles for need in needs)
        )

    def residuals(self, v: dict[str, float], names: tuple[str, ...], off: Deviation = HEALTHY) -> list[float]:
        """Measured minus expected for each relation in `names`; NaN where a value is missing.

        `v` maps role to SI value; `off` is the deviation the expectation assumes.
        """
        nan = math.nan
        get = v.get
        flow, speed = get("flow", nan), get("speed", nan)
        kelvin = get("t_water", 293.15)
        rho = water.density(kelvin if not math.isnan(kelvin) and 273.0 < kelvin < 373.0 else 293.15)
        weight = rho * water.GRAVITY
        winding = get("t_winding", nan)
        winding = winding if not math.isnan(winding) and 233.0 < winding < 473.0 else 333.15
        choke = self._choke(flow, speed, get("p_s", nan), kelvin)
        motor = None
        if not {"power", "speed", "torque", "current"}.isdisjoint(names):
            motor = self.motor_point(flow, speed, rho, winding, off, choke)
        out: list[float] = []
        for name in names:
            r = nan
            if name == "pump_curve":
                r = (
                    (get("p_d", nan) - get("p_s", nan)) / weight
                    + self._velocity_rise(flow)
                    - choke * self.head(flow, speed, off)
                )
            elif name == "power" and motor is not None:
                r = get("power", nan) - motor[1]
            elif name == "system" and flow > LEAST_FLOW * self._best_flow and get("position", nan) > LEAST_FLOW:
                # A closed valve or check valve carries any pressure: no flow, no relation.
                r = get("p_d", nan) / weight - self.system_head(flow, get("position", nan), weight)
            elif name == "suction":
                r = get("p_s", nan) / weight - self.suction_head(flow, get("level", nan), off)
            elif name == "speed" and motor is not None and self.motor is not None:
                synchronous = 2.0 * math.pi * get("frequency", nan) / self.motor.pole_pairs
                r = speed - synchronous * (1.0 - motor[2])
            elif name == "torque" and motor is not None:
                r = get("torque", nan) - motor[0]
            elif name == "current" and motor is not None:
                r = get("current", nan) - motor[3]
            elif name == "drive_current":
                r = get("drive_current", nan) - get("current", nan)
            elif name == "voltage" and self.motor is not None:
                ratio = min(1.0, get("frequency", nan) / self.motor.frequency_hz)
                r = get("voltage", nan) - self.motor.voltage_v * ratio
            elif name == "apparent":
                r = get("power", nan) - math.sqrt(3.0) * get("voltage", nan) * get("current", nan) * get("pf", nan)
            elif name == "reactive":
                square = 3.0 * (get("voltage", nan) * get("current", nan)) ** 2 - get("power", nan) ** 2
                r = get("reactive", nan) - (math.sqrt(square) if square > 0.0 else (nan if math.isnan(square) else 0.0))
            elif name == "dc_link":
                r = get("dc_link", nan) - (self.dc_link_v if self.dc_link_v is not None else get("dc_link", nan))
            elif name == "valve":
                r = get("position", nan) - get("output", nan)
            elif name == "inventory":
                r = get("level", nan) - (self.level_m if self.level_m is not None else get("level", nan))
            out.append(r)
        return out

    def head(self, flow: float, speed: float, off: Deviation = HEALTHY) -> float:
        """Pump head [m]; wear lowers the curve and leaks part of the flow back to the suction eye."""
        if self.pump is None or math.isnan(flow) or math.isnan(speed):
            return math.nan
        if off.wear == 0.0:
            return self.pump.head(flow, speed)
        inner = flow + self._leak(speed, off)
        n_r = speed / self.pump.speed_rad_s
        return self.pump.head(inner, speed) - 0.15 * off.wear * self.pump.shutoff_head_m * n_r**2

    def _leak(self, speed: float, off: Deviation) -> float:
        assert self.pump is not None
        return 0.12 * off.wear * self.pump.flow_m3_s * speed / self.pump.speed_rad_s

    def motor_point(
        self,
        flow: float,
        speed: float,
        rho: float,
        winding_k: float,
        off: Deviation = HEALTHY,
        choke: float = 1.0,
    ) -> tuple[float, float, float, float, float, float] | None:
        """Return (torque, electrical W, slip, current A, winding loss W, frame loss W) expected at flow and speed."""
        if self.pump is None or self.motor is None or math.isnan(flow) or not speed > 5.0:
            return None
        shaft = choke * self.pump.shaft_power(flow, speed, rho)
        if off.wear > 0.0:
            inner = flow + self._leak(speed, off)
            healthy = self.pump.head(inner, speed)
            worn = healthy - 0.15 * off.wear * self.pump.shutoff_head_m * (speed / self.pump.speed_rad_s) ** 2
            shaft = choke * self.pump.shaft_power(inner, speed, rho) * (worn / healthy if healthy > 1.0 else 1.0)
        friction = FRICTION_SHARE * self.motor_rated_w * (speed / self.motor_rated_rad_s) ** 2
        torque = (shaft + friction) / speed
        point = self.motor.at_speed(speed, torque, winding_k)
        winding_w = point.stator_copper_w + 0.5 * point.rotor_copper_w
        frame_w = 0.5 * point.rotor_copper_w + friction
        return torque, point.electrical_w, point.slip, point.current_a, winding_w, frame_w

    def _velocity_rise(self, flow: float) -> float:
        """Velocity head gained between the pressure taps [m], from the pipe bores."""
        if self.suction_pipe is None or self.discharge_pipe is None:
            return 0.0
        return _velocity_head(flow, self.discharge_pipe.diameter) - _velocity_head(flow, self.suction_pipe.diameter)

    def system_head(self, flow: float, position: float, weight: float) -> float:
        """Pressure head [m] the discharge line needs: lift, pipe loss and valve drop (IEC 60534-2-1, turbulent)."""
        if self.valve is None or self.discharge_pipe is None or math.isnan(flow) or math.isnan(position):
            return math.nan
        kv = self.valve.kvs_m3_h * self.valve.rangeability ** (min(1.0, max(0.0, position)) - 1.0)
        drop_pa = 1.0e5 * (flow * 3600.0 / kv) ** 2 * weight / (water.GRAVITY * 1000.0)
        pipe = self.discharge_pipe
        return float(pipe.static_head + pipe.resistance * flow * abs(flow) + drop_pa / weight)

    def suction_head(self, flow: float, level: float, off: Deviation = HEALTHY) -> float:
        """Gauge pressure head [m] at the suction tap: static head less pipe loss and velocity head."""
        if self.suction_pipe is None:
            return math.nan
        loss = (self.suction_pipe.resistance + off.clog_s2_m5) * flow * abs(flow)
        return float(level + self.suction_pipe.static_head - loss - _velocity_head(flow, self.suction_pipe.diameter))

    def cavitation_margin(self, flow: float, speed: float, p_s: float, water_k: float) -> float:
        """NPSH available over NPSH required [-]; 1 is 3 % head loss."""
        if self.pump is None:
            return math.nan
        rho = water.density(water_k)
        available = (p_s + water.ATMOSPHERE_PA - water.vapour_pressure(water_k)) / (rho * water.GRAVITY)
        if self.suction_pipe is not None:
            available += _velocity_head(flow, self.suction_pipe.diameter)
        return available / self.pump.npsh_required(flow, speed)

    def margin_of(self, v: dict[str, float]) -> float:
        """Cavitation margin by the readings `v` (role → SI value); NaN where one is missing."""
        flow, speed, p_s = (v.get(role, math.nan) for role in ("flow", "speed", "p_s"))
        if not (speed > 5.0 and math.isfinite(flow) and math.isfinite(p_s)):
            return math.nan
        kelvin = v.get("t_water", math.nan)
        return self.cavitation_margin(flow, speed, p_s, kelvin if math.isfinite(kelvin) else 293.15)

    def clog_severity(self, v: dict[str, float], added_s2_m5: float) -> float:
        """0.8 where the margin reaches one (3 % head loss), linear in the suction head lost."""
        margin = self.margin_of(v)
        if self.pump is None or not math.isfinite(margin):
            return 0.5
        lost = added_s2_m5 * v["flow"] ** 2
        spare = lost + (margin - 1.0) * self.pump.npsh_required(v["flow"], v["speed"])
        return min(1.0, max(0.0, 0.8 * lost / spare)) if spare > 0.0 else 1.0

    def _choke(self, flow: float, speed: float, p_s: float, water_k: float) -> float:
        """Head left under cavitation [-]: 3 % lost at margin 1 by definition, with the steep knee of test curves."""
        if self.pump is None or math.isnan(flow) or not speed > 5.0 or math.isnan(p_s):
            return 1.0
        kelvin = water_k if not math.isnan(water_k) and 273.0 < water_k < 373.0 else 293.15
        margin = max(0.3, self.cavitation_margin(flow, speed, p_s, kelvin))
        return max(0.2, 1.0 - 0.03 * margin**-8)


def _velocity_head(flow: float, bore_m: float) -> float:
    speed = flow / (0.25 * math.pi * bore_m**2)
    return speed * speed / (2.0 * water.GRAVITY)
