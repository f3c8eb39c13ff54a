"""Everything on one shaft, stepped together: drive, motor, pump in its circuit, bearings."""

import math
from dataclasses import dataclass, field
from typing import Any

from emulator.physics.asset import TICK_S
from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.circuit import Circuit
from emulator.physics.induction_circuit import OperatingPoint
from emulator.physics.induction_motor import InductionMotor, Load
from emulator.physics.kernels.hydraulics import O_TORQUE_CURVATURE, O_TORQUE_SLOPE
from emulator.physics.kernels.motor import E_IN, OMEGA
from emulator.physics.machine import ShaftLoad
from emulator.physics.rolling_bearing import RollingBearing
from emulator.physics.rotor import Rotor, RotorCondition, RotorParameters, together
from emulator.physics.shaft import ShaftAngle
from emulator.physics.thermal import BearingHousing
from emulator.physics.vfd import Vfd

TURNING_RAD_S = 1.0
DEFAULT_LOAD_N = 1500.0


@dataclass(slots=True)
class MountedBearing:
    """A bearing in its housing; `near_motor` is whether the motor's heat reaches it through the shaft."""

    bearing: RollingBearing
    housing: BearingHousing
    near_motor: bool


@dataclass(slots=True)
class DriveTrain:
    """One shaft. `drive` is the frequency converter, or a bypassed one standing for a contactor.

    `pump` works in a single loop of pipes; `loads` are the other machines on the shaft, in order.
    """

    motor: InductionMotor
    drive: Vfd
    pump: CentrifugalPump | None = None
    circuit: Circuit | None = None
    loads: list[ShaftLoad] = field(default_factory=list)
    bearings: dict[str, MountedBearing] = field(default_factory=dict)
    angle: ShaftAngle = field(default_factory=ShaftAngle)
    rotors: tuple[RotorCondition, ...] = ()  # conditions of all that turns with the shaft
    ambient_k: float = 293.15
    power_w: float = 0.0  # into the motor, mean over the last tick

    def tick(self) -> None:
        """Advance 10 ms."""
        motor, pump = self.motor, self.pump
        w0 = motor.speed_rad_s
        electrical_hz = w0 * motor.parameters.pole_pairs / (2.0 * math.pi)
        if pump is not None and self.circuit is not None:
            # Flow half a tick, shaft a whole tick, flow half a tick (Strang): second order over the tick.
            pump.advance_flow(self.circuit, w0, 0.5 * TICK_S)
        for machine in self.loads:
            machine.half_step(w0, 0.5 * TICK_S)
        self._obey_loads()
        supply = self.drive.tick(self.power_w, motor.current_a, electrical_hz)
        before = motor.state[E_IN]
        motor.advance(supply, self._load(w0))
        self.power_w = float(motor.state[E_IN] - before) / TICK_S
        w1 = motor.speed_rad_s
        if motor.winding_k > motor.parameters.winding_limit_k and self.drive.energised:
            self.drive.trip_on("winding temperature")
        if pump is not None and self.circuit is not None:
            pump.advance_flow(self.circuit, w1, 0.5 * TICK_S)
            pump.account(self.circuit, w1)
            self.circuit.advance(pump.flow_m3_s, TICK_S)
        for machine in self.loads:
            machine.half_step(w1, 0.5 * TICK_S)
            machine.account(w1, TICK_S)
        for mounted in self.bearings.values():
            torque = mounted.bearing.friction_torque_nm(self.radial_load_n)
            mounted.housing.advance(torque, w1, self._heat_source_k(mounted), self.ambient_k, TICK_S)
        self.angle.advance(w0, w1, TICK_S)

    def _obey_loads(self) -> None:
        """Let a machine with a controller of its own ask for its speed, or for a stop."""
        for machine in self.loads:
            wanted = getattr(machine, "asked_speed_rad_s", None)
            if wanted is not None and not self.drive.parameters.bypass:
                self.drive.command_reference(wanted * self.motor.parameters.pole_pairs / (2.0 * math.pi))
            reason = getattr(machine, "trip_reason", "")
            if reason and self.drive.energised:
                self.drive.trip_on(reason)

    @property
    def radial_load_n(self) -> float:
        """Static radial load per bearing [N]."""
        if self.pump is not None:
            return self.pump.radial_load_n
        return max((machine.radial_load_n for machine in self.loads), default=0.0) or DEFAULT_LOAD_N

    def _heat_source_k(self, mounted: MountedBearing) -> float:
        return self.motor.frame_k if mounted.near_motor else self.ambient_k

    def _excess_friction_nm(self, speed_rad_s: float) -> float:
        """Return the torque [N m] damaged bearings take beyond healthy friction, which B already holds."""
        if abs(speed_rad_s) < TURNING_RAD_S:
            return 0.0
        load = self.radial_load_n
        excess = sum(m.bearing.excess_torque_nm(load) for m in self.bearings.values())
        if any(rotor.rub_closure > 0.0 for rotor in self.rotors):
            excess += abs(Rotor(RotorParameters(), together(self.rotors)).rub_torque_nm(speed_rad_s))
        return math.copysign(excess, speed_rad_s)

    def _load(self, speed_rad_s: float) -> Load:
        torque = self._excess_friction_nm(speed_rad_s)
        slope = curvature = 0.0
        if self.pump is not None:
            out = self.pump.out
            torque, slope, curvature = torque + self.pump.torque_nm, out[O_TORQUE_SLOPE], out[O_TORQUE_CURVATURE]
        for machine in self.loads:
            own, own_slope, own_curvature = machine.load(speed_rad_s)
            torque, slope, curvature = torque + own, slope + own_slope, curvature + own_curvature
        return Load(torque, slope, speed_rad_s, curvature)

    # --- rest ---------------------------------------------------------------------------------------------

    def solve(self, frequency_hz: float, hold_flow_m3_s: float | None = None) -> OperatingPoint:
        """Find the steady state at an output frequency [Hz] and the present temperatures; set the pump to it.

        With ``hold_flow_m3_s`` the control valve is moved to where that flow passes, or to its nearer end.
        """
        from scipy.optimize import brentq

        circuit = self.motor.circuit()
        voltage = self.drive.voltage_v(frequency_hz)
        friction = self.motor.friction_nms

        def excess(slip: float) -> float:
            point = circuit.solve(voltage, frequency_hz, slip)
            w = point.speed_rad_s
            taken = self._excess_friction_nm(w) + self._pump_torque(w, hold_flow_m3_s)
            taken += sum(machine.settle(w) for machine in self.loads)
            return point.torque_nm - friction * w - taken

        top, _ = circuit.breakdown(voltage, frequency_hz)
        if excess(top) < 0.0:
            raise ValueError(
                f"the load is beyond the motor's breakdown torque at {frequency_hz:g} Hz: "
                "no steady state to start from; start cold or lower the load"
            )
        slip = brentq(excess, 0.0, top, xtol=1e-15, rtol=1e-14)
        excess(slip)
        return circuit.solve(voltage, frequency_hz, slip)

    def _pump_torque(self, speed_rad_s: float, hold_flow_m3_s: float | None) -> float:
        pump, loop = self.pump, self.circuit
        if pump is None or loop is None:
            return 0.0
        valve = loop.valve
        if hold_flow_m3_s is not None and valve is not None:
            # The head at the held flow does not depend on the valve: read it, then give the valve the rest
            # of it.
            head = pump.head_at(loop, hold_flow_m3_s, speed_rad_s)
            others = loop.resistance - valve.resistance_s2_m5
            needed = (head - loop.static_m) / hold_flow_m3_s**2 - others
            valve.place(valve.position_for(needed))
        return pump.steady(loop, speed_rad_s)

    def settle(self, frequency_hz: float, hold_flow_m3_s: float | None = None) -> None:
        """Put the whole train into running thermal equilibrium at an output frequency [Hz]."""
        motor = self.motor
        power = 0.0
        for _ in range(100):
            # The DC link sags with load and the resistances grow with heat: both settle within a few rounds.
            self.drive.settle(frequency_hz, power)
            point = self.solve(frequency_hz, hold_flow_m3_s)
            motor.state[OMEGA] = point.speed_rad_s
            winding, frame = motor.steady_rises(point)
            change = abs(self.ambient_k + winding - motor.winding_k) + abs(point.power_in_w - power) * 1e-3
            motor.set_temperatures(self.ambient_k + winding, self.ambient_k + frame)
            power = point.power_in_w
            if change < 1e-11:
                break
        self.drive.settle(frequency_hz, power)
        motor.settle(point, self.drive.voltage_v(frequency_hz), frequency_hz)
        self.power_w = power
        if self.pump is not None and self.circuit is not None:
            self.pump.settle_casing(self.circuit)
        for mounted in self.bearings.values():
            torque = mounted.bearing.friction_torque_nm(self.radial_load_n)
            mounted.housing.settle(torque, motor.speed_rad_s, self._heat_source_k(mounted), self.ambient_k)

    def critical_resistance(self, frequency_hz: float, hold_flow_m3_s: float | None) -> float:
        """Return the resistance [s²/m⁵] that, added on the suction side, brings the running pump to σ = 1.

        The duty is that of the start: a held flow if a controller holds one, else the valve where it stands.
        """
        from scipy.optimize import brentq

        pump, loop = self.pump, self.circuit
        if pump is None or loop is None or not loop.suction:
            return math.inf
        condition = loop.suction[0].condition
        healthy = condition.added_resistance_s2_m5

        def margin(exponent: float) -> float:
            condition.added_resistance_s2_m5 = healthy + 10.0**exponent
            self.solve(frequency_hz, hold_flow_m3_s)
            return pump.sigma - 1.0

        try:
            return float(10.0 ** brentq(margin, 1.0, 8.0, xtol=1e-13))
        except ValueError:  # already cavitating, or no clogging brings it there
            return math.inf
        finally:
            condition.added_resistance_s2_m5 = healthy

    def save(self) -> dict[str, Any]:
        """Return the train's own states (the assets save theirs)."""
        return {
            "revs": self.angle.revs,
            "frac": self.angle.frac,
            "power_w": self.power_w,
            "ambient_k": self.ambient_k,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        self.angle.revs, self.angle.frac = saved["revs"], saved["frac"]
        self.power_w, self.ambient_k = saved["power_w"], saved["ambient_k"]
