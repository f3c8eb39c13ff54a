"""Squirrel-cage induction motor.

Four fluxes, the shaft, and two masses that grow warm (fidelity level F1). A sound motor on a symmetrical sine steps in
the frame of its supply, where a steady state stands still; with an asymmetry in it or on its terminals it steps the
general equations in the stationary frame, from the same fluxes and back to them, so that nothing jumps in between.
"""

import math
from typing import Any, ClassVar, NamedTuple

import numpy as np

from emulator.physics.asset import TICK_S, Asset
from emulator.physics.induction_circuit import InductionCircuit, OperatingPoint
from emulator.physics.kernels import motor as k
from emulator.physics.kernels import motor_stage as ka
from emulator.physics.kernels.motor_asymmetric import motor_advance_asymmetric
from emulator.physics.motor_asymmetry import asymmetry, supply_vector
from emulator.physics.motor_currents import QUANTITIES, Floats, MotorTrace, Recorder
from emulator.physics.motor_parameters import InductionMotorCondition, InductionMotorParameters
from emulator.physics.terminal import Terminal

__all__ = ["InductionMotor", "InductionMotorCondition", "InductionMotorParameters", "Load", "Supply", "steady_rises"]

COPPER_PER_K = 0.00393
ALUMINIUM_PER_K = 0.00403
REFERENCE_K = 293.15


class Supply(NamedTuple):
    """What a drive gives during a tick.

    Phase voltage [V peak] and frequency [rad/s] at its start and their slopes; `terminal` is what else lies on the
    terminals, None for a symmetrical sine.
    """

    connected: bool
    voltage_v: float
    voltage_slope: float
    speed_rad_s: float
    speed_slope: float
    terminal: Terminal | None = None


class Load(NamedTuple):
    """What the shaft takes in a tick: torque [N m] at `speed_rad_s`, slope [N m s], curvature [N m s²]."""

    torque_nm: float
    slope_nms: float
    speed_rad_s: float
    curvature_nms2: float = 0.0


class InductionMotor(Asset):
    """The motor and the inertia of everything on its shaft."""

    STATES: ClassVar[tuple[str, ...]] = (
        "state", "extra", "asymmetry", "ambient_k", "voltage_v", "current_square", "general", "trace",
    )  # fmt: skip

    def __init__(self, parameters: InductionMotorParameters, load_inertia_kg_m2: float = 0.0) -> None:
        """Build the motor at rest and at reference temperature."""
        self.parameters = parameters
        self.condition = InductionMotorCondition()
        self.inertia_kg_m2 = parameters.inertia_kg_m2 + load_inertia_kg_m2
        self.ambient_k = REFERENCE_K
        self.voltage_v = 0.0  # terminal voltage at the last tick's end [V peak per phase]
        self.current_square = 0.0  # mean square of the stator current over the last tick [A² peak]
        self.state = np.zeros(k.STATE_SIZE)
        self.state[k.T_WINDING] = self.state[k.T_FRAME] = REFERENCE_K
        self.extra = np.zeros(ka.EXTRA_SIZE)
        self.extra[ka.X_OPEN] = -1.0
        self.asymmetry = np.zeros(ka.ASYMMETRY_SIZE)  # as it was in the last tick
        self.general = False  # whether the last tick took the general equations
        self.trace: MotorTrace | None = None  # of the last block that was recorded
        self._recorder: Recorder | None = None
        self._par = np.zeros(k.PARAMETER_SIZE)
        self._refresh()

    # --- views of the state -------------------------------------------------------------------------------

    @property
    def speed_rad_s(self) -> float:
        """Shaft speed [rad/s]."""
        return float(self.state[k.OMEGA])

    @property
    def winding_k(self) -> float:
        """Winding temperature [K]."""
        return float(self.state[k.T_WINDING])

    @property
    def frame_k(self) -> float:
        """Frame temperature [K]."""
        return float(self.state[k.T_FRAME])

    @property
    def current_a(self) -> float:
        """Stator current [A rms], mean over the last tick."""
        return math.sqrt(0.5 * self.current_square)

    @property
    def torque_nm(self) -> float:
        """Air-gap torque [N m]; with an asymmetry the mean over the last tick, since it pulsates at 2 f₁."""
        if self.general:
            return float(self.extra[ka.X_TORQUE])
        return float(k.electromagnetic_torque(self.state, self._par))

    @property
    def reactive_var(self) -> float:
        """Reactive power drawn at this instant [var]; with an asymmetry the mean over the last tick."""
        if self.general:
            return float(self.extra[ka.X_REACTIVE])
        if self.state[k.CONNECTED] == 0.0:
            return 0.0
        s, p = self.state, self.parameters
        _, isq, _, _ = k.currents(
            s[k.PSD], s[k.PSQ], s[k.PRD], s[k.PRQ],
            p.stator_inductance_h, p.rotor_inductance_h, p.magnetising_inductance_h,
        )  # fmt: skip
        # The core branch is resistive but lies behind R_s, so it turns the terminal current a little.
        g = p.core_conductance_s
        resistance = float(self._par[k.P_RS])
        return -1.5 * self.voltage_v * float(isq) / (1.0 + g * resistance)

    def energy(self) -> dict[str, float]:
        """Return the energy account since the start [J]; in = losses + shaft + change of stored."""
        s = self.state
        return {
            "electrical_in": float(s[k.E_IN]),
            "shaft_out": float(s[k.E_SHAFT]),
            "stator_copper": float(s[k.E_STATOR]),
            "rotor_copper": float(s[k.E_ROTOR]),
            "friction": float(s[k.E_FRICTION]),
            "core": float(s[k.E_CORE]),
            "arc": float(s[k.E_ARC]),
            "short": float(self.extra[ka.X_SHORT_J]),
            "magnetic": self.field_energy_j,
            "kinetic": 0.5 * self.inertia_kg_m2 * float(s[k.OMEGA]) ** 2,
            "winding_heat": self.parameters.winding_heat_j_k * float(s[k.T_WINDING]),
            "frame_heat": self.parameters.frame_heat_j_k * float(s[k.T_FRAME]),
            "spot_heat": self.parameters.spot_heat_j_k * float(self.extra[ka.X_SPOT_RISE_K]),
            "to_air": float(s[k.E_TO_AIR]),
        }

    @property
    def field_energy_j(self) -> float:
        """Energy in the windings' field [J], that of shorted turns included."""
        if not self.asymmetry.any():
            return float(k.magnetic_energy(self.state, self._par))
        return self._field_energy_j(self.asymmetry)

    def _field_energy_j(self, asym: Any) -> float:
        s = self.state
        theta = 2.0 * math.pi * float(self.extra[ka.X_ROTOR_TURN])
        y = np.array([s[k.PSD], s[k.PSQ], s[k.PRD], s[k.PRQ], s[k.OMEGA], theta])
        return float(ka.field_energy(y, float(self.extra[ka.X_LOOP_A]), self._par, asym))

    @property
    def spot_k(self) -> float:
        """Temperature at shorted turns [K]; the winding's without them."""
        return self.winding_k + float(self.extra[ka.X_SPOT_RISE_K])

    @property
    def winding_sensors_k(self) -> tuple[float, float, float]:
        """What Pt100 in the slots of phases a, b, c have [K]: the one in phase a is near shorted turns, not in them."""
        return self.winding_k + SENSOR_SHARE * float(self.extra[ka.X_SPOT_RISE_K]), self.winding_k, self.winding_k

    @property
    def loop_current_a(self) -> float:
        """Current in the shorted turns at this instant [A]."""
        return float(self.extra[ka.X_LOOP_A])

    # --- parameters of the moment -------------------------------------------------------------------------

    def circuit(self, winding_k: float | None = None) -> InductionCircuit:
        """Return the equivalent circuit at a winding temperature [K], the present one by default."""
        p, c = self.parameters, self.condition
        rise = ((self.winding_k if winding_k is None else winding_k) - REFERENCE_K) if p.temperature_feedback else 0.0
        return InductionCircuit(
            p.pole_pairs,
            p.stator_resistance_ohm * c.stator_resistance_gain * (1.0 + COPPER_PER_K * rise),
            p.rotor_resistance_ohm * c.rotor_resistance_gain * (1.0 + ALUMINIUM_PER_K * rise),
            p.stator_inductance_h,
            p.rotor_inductance_h,
            p.magnetising_inductance_h,
            p.core_conductance_s,
        )

    def cooling_w_k(self, speed_rad_s: float) -> float:
        """Heat conductance frame to air [W/K]: the shaft fan gives most of it, up to its rated speed."""
        p = self.parameters
        share = min(1.0, abs(speed_rad_s) / p.fan_speed_rad_s)
        turning = p.standstill_cooling + (1.0 - p.standstill_cooling) * share
        return p.frame_air_w_k * turning * (1.0 - 0.6 * self.condition.fan_blockage)

    @property
    def friction_nms(self) -> float:
        """Viscous friction [N m s]."""
        return self.parameters.friction_nms * self.condition.friction_gain

    def _refresh(self) -> None:
        p, par = self.parameters, self._par
        rise = (self.state[k.T_WINDING] - REFERENCE_K) if p.temperature_feedback else 0.0
        par[k.P_POLES] = p.pole_pairs
        par[k.P_LS] = p.stator_inductance_h
        par[k.P_LR] = p.rotor_inductance_h
        par[k.P_LM] = p.magnetising_inductance_h
        par[k.P_INERTIA] = self.inertia_kg_m2
        par[k.P_FRICTION] = self.friction_nms
        par[k.P_CORE] = p.core_conductance_s
        par[k.P_CW] = p.winding_heat_j_k
        par[k.P_CF] = p.frame_heat_j_k
        par[k.P_GWF] = p.winding_frame_w_k
        par[k.P_RS] = p.stator_resistance_ohm * self.condition.stator_resistance_gain * (1.0 + COPPER_PER_K * rise)
        par[k.P_RR] = p.rotor_resistance_ohm * self.condition.rotor_resistance_gain * (1.0 + ALUMINIUM_PER_K * rise)
        par[k.P_GFA] = self.cooling_w_k(self.speed_rad_s)
        par[k.P_AMBIENT] = self.ambient_k

    # --- time ---------------------------------------------------------------------------------------------

    def advance(self, supply: Supply, load: Load, tick_s: float = TICK_S) -> None:
        """Advance one tick [s] under a supply and a load; resistances and cooling are those of its start."""
        self._refresh()
        w0, turn = float(self.state[k.OMEGA]), float(self.extra[ka.X_SUPPLY_TURN])
        rows = NO_ROWS if self._recorder is None else self._recorder.rows(self.parameters.substeps)
        self.general = not (self.condition.symmetrical and supply.terminal is None)
        if self.general or self.asymmetry.any():
            self._change_asymmetry()
        if self.general:
            self._advance_general(supply, load, tick_s, turn, rows)
        else:
            self._advance_symmetrical(supply, load, tick_s, rows)
        if self._recorder is not None:
            self._recorder.note(turn, supply.speed_rad_s, supply.speed_slope)
            if self._recorder.full:
                self.trace, self._recorder = self._recorder.trace(tick_s), None
        turn += (supply.speed_rad_s + 0.5 * supply.speed_slope * tick_s) * tick_s / (2.0 * math.pi)
        self.extra[ka.X_SUPPLY_TURN] = turn - math.floor(turn)
        self.voltage_v = supply.voltage_v + supply.voltage_slope * tick_s if supply.connected else 0.0
        if not supply.connected and abs(self.state[k.OMEGA]) < STANDSTILL_RAD_S:
            # Static friction holds what viscous friction alone would let creep for ever.
            self.state[k.E_FRICTION] += 0.5 * self.inertia_kg_m2 * self.state[k.OMEGA] ** 2
            self.state[k.OMEGA] = 0.0
        if not self.general:
            # Speed is linear between ticks, as it is for all that turn with the shaft.
            turned = self.extra[ka.X_ROTOR_TURN] + 0.25 * (w0 + self.state[k.OMEGA]) * tick_s / math.pi
            self.extra[ka.X_ROTOR_TURN] = turned - math.floor(turned)
            self._cool_spot(tick_s)

    def _advance_symmetrical(self, supply: Supply, load: Load, tick_s: float, rows: Any) -> None:
        n = self.parameters.substeps
        self.current_square = float(
            k.motor_advance(
                self.state, self._par, 1 if supply.connected else 0, n, tick_s / n,
                supply.voltage_v, supply.voltage_slope, supply.speed_rad_s, supply.speed_slope,
                load.torque_nm, load.slope_nms, load.curvature_nms2, load.speed_rad_s, rows,
            )
        )  # fmt: skip

    def _advance_general(self, supply: Supply, load: Load, tick_s: float, turn: float, rows: Any) -> None:
        n = self.parameters.substeps
        about = np.array([load.torque_nm, load.slope_nms, load.curvature_nms2, load.speed_rad_s])
        vector = supply_vector(supply, turn, self.condition)
        self.current_square = float(
            motor_advance_asymmetric(
                self.state, self.extra, self._par, self.asymmetry, vector, n, tick_s / n, about, rows
            )
        )

    def _change_asymmetry(self) -> None:
        """Take over the condition's asymmetry; what the field loses by the change is booked as spent in the arc.

        The current in shorted turns keeps its energy as more turns join, and ends in a spark when none are left.
        """
        old = self.asymmetry
        new = np.zeros_like(old)
        if self.general:
            new = asymmetry(self.parameters, self.condition, float(self._par[k.P_RR]))
        if not np.array_equal(new, old):
            before = self.field_energy_j
            shorted, was = new[ka.A_SHORTED], old[ka.A_SHORTED]
            self.extra[ka.X_LOOP_A] *= math.sqrt(was / shorted) if shorted > 0.0 else 0.0
            old[:] = new
            self.state[k.E_ARC] += before - self.field_energy_j

    def _cool_spot(self, tick_s: float) -> None:
        rise, p = float(self.extra[ka.X_SPOT_RISE_K]), self.parameters
        if rise != 0.0:
            given = p.spot_heat_j_k * rise * -math.expm1(-p.spot_winding_w_k / p.spot_heat_j_k * tick_s)
            self.extra[ka.X_SPOT_RISE_K] -= given / p.spot_heat_j_k
            self.state[k.T_WINDING] += given / p.winding_heat_j_k

    def begin_block(self, ticks: int, t0_ns: int) -> None:
        """Record terminal currents and voltages of the next `ticks` ticks, which start at plant time `t0_ns` [ns].

        When they are over, `trace` has them; a motor nobody listens to need not record.
        """
        self._recorder = Recorder(ticks, self.parameters.substeps, t0_ns)

    def waveforms(self) -> tuple[str, ...]:
        """Quantities that exist as waveforms once a block is recorded: line currents [A] and phase voltages [V]."""
        return tuple(QUANTITIES)

    def waveform(self, quantity: str, n0: int, count: int, rate_hz: float) -> Floats:
        """Return float64[count] at sample instants n0/rate_hz … of the block recorded last (`MotorTrace.waveform`).

        Raises
        ------
        ValueError
            Nothing is recorded yet, or the trace has no such samples.

        """
        if self.trace is None:
            raise ValueError("no block of the motor's terminals is recorded; call begin_block before its ticks")
        return self.trace.waveform(quantity, n0, count, rate_hz)

    def settle(self, point: OperatingPoint, voltage_v: float, frequency_hz: float) -> None:
        """Put the machine into the steady state `point` at phase voltage [V rms].

        Temperatures are left alone.
        """
        p, s = self.parameters, self.state
        root = math.sqrt(2.0)
        stator, rotor = root * point.stator_a, root * point.rotor_a
        psi_s = p.stator_inductance_h * stator + p.magnetising_inductance_h * rotor
        psi_r = p.rotor_inductance_h * rotor + p.magnetising_inductance_h * stator
        s[k.PSD], s[k.PSQ], s[k.PRD], s[k.PRQ] = psi_s.real, psi_s.imag, psi_r.real, psi_r.imag
        s[k.OMEGA] = point.speed_rad_s
        s[k.CONNECTED] = 1.0
        self.voltage_v = root * voltage_v
        self.current_square = 2.0 * point.current_a**2
        self._refresh()

    def steady_rises(self, point: OperatingPoint) -> tuple[float, float]:
        """Return the steady rises (winding, frame) over ambient [K] at an operating point."""
        return steady_rises(
            point.stator_copper_w, point.rotor_copper_w,
            self.friction_nms * point.speed_rad_s**2, point.core_w,
            self.parameters.winding_frame_w_k, self.cooling_w_k(point.speed_rad_s),
        )  # fmt: skip

    def set_temperatures(self, winding_k: float, frame_k: float) -> None:
        """Set winding and frame temperature [K]."""
        self.state[k.T_WINDING], self.state[k.T_FRAME] = winding_k, frame_k
        self._refresh()

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        super().restore(saved)
        self._refresh()


STANDSTILL_RAD_S = 0.2
SENSOR_SHARE = 0.2  # of a hot spot's rise that reaches the Pt100 of its phase
NO_ROWS = np.zeros((0, k.ROW_SIZE))


def steady_rises(
    stator_w: float,
    rotor_w: float,
    friction_w: float,
    core_w: float,
    winding_frame_w_k: float,
    frame_air_w_k: float,
) -> tuple[float, float]:
    """Return the steady (winding, frame) rises [K]: half the rotor loss heats the winding, half the frame."""
    frame = (stator_w + rotor_w + friction_w + core_w) / frame_air_w_k
    return frame + (stator_w + 0.5 * rotor_w) / winding_frame_w_k, frame
