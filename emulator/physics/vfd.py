"""Variable-frequency drive: V/f with boost or rotor-field control, limits, DC link, pulses, trips, status word."""

import cmath
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from emulator.physics.asset import TICK_S, Asset
from emulator.physics.dc_link import ripple_v
from emulator.physics.field_control import FieldControl
from emulator.physics.induction_circuit import InductionCircuit
from emulator.physics.induction_motor import Supply
from emulator.physics.motor_protection import ThermalReplica
from emulator.physics.terminal import SINE, FailingLeg, MainsQuality, Pulses, Ripple, Terminal

TWO_PI = 2.0 * math.pi
READY, RUNNING, TRIPPED, AT_REFERENCE, CURRENT_LIMIT = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True)
class VfdParameters:
    """Drive on a 400 V mains; motor voltage and frequency are those of the motor's nameplate.

    `control` is ``v_f`` or ``field`` (which needs `Vfd.identify`); `pulsed` gives the motor pulses instead of their
    mean. `overload_current_a` is the motor's rated current, 0 for no thermal replica.
    """

    maximum_frequency_hz: float = 50.0
    ramp_s: float = 8.0  # 0 to maximum frequency
    current_limit_a: float = 45.0
    motor_voltage_v: float = 400.0
    motor_frequency_hz: float = 50.0
    boost_v: float = 8.0  # line to line, at standstill
    mains_voltage_v: float = 400.0
    mains_frequency_hz: float = 50.0
    source_resistance_ohm: float = 0.15  # rectifier and line, seen from the DC link
    capacitance_f: float = 1.0e-3
    chopper_voltage_v: float = 720.0
    efficiency: float = 0.97
    standby_w: float = 25.0
    trip_current_factor: float = 2.5
    undervoltage_v: float = 380.0
    bypass: bool = False  # the motor lies directly on the mains (DOL)
    control: str = "v_f"
    pulsed: bool = False
    carrier_hz: float = 4000.0
    overload_current_a: float = 0.0
    overload_factor: float = 1.05
    overload_time_s: float = 2400.0

    @classmethod
    def of(cls, nameplate: Any) -> Self:
        """Return the parameters of a nameplate (`rigs.assets.vfd`); level F2 gives pulses, F1 their mean."""
        return cls(
            maximum_frequency_hz=nameplate.maximum_frequency,
            ramp_s=nameplate.ramp,
            current_limit_a=nameplate.current_limit,
            control=nameplate.control,
            carrier_hz=nameplate.carrier,
            pulsed=nameplate.level == "F2",
        )

    def __post_init__(self) -> None:
        """Refuse what no drive has.

        Raises
        ------
        ValueError
            The message names the parameter, the rule and the way out.

        """
        for name in (
            "maximum_frequency_hz", "ramp_s", "current_limit_a", "motor_voltage_v", "motor_frequency_hz",
            "mains_voltage_v", "mains_frequency_hz", "capacitance_f", "chopper_voltage_v", "overload_time_s",
            "overload_factor", "trip_current_factor",
        ):  # fmt: skip
            value = getattr(self, name)
            if not (value > 0.0 and math.isfinite(value)):
                raise ValueError(f"{name} = {value} must be a positive number; take it from the drive's data sheet")
        for name in ("source_resistance_ohm", "boost_v", "standby_w", "undervoltage_v", "overload_current_a"):
            value = getattr(self, name)
            if not (value >= 0.0 and math.isfinite(value)):
                raise ValueError(f"{name} = {value} must not be negative; 0 leaves the effect out")
        if not 0.0 < self.efficiency <= 1.0:
            raise ValueError(f"efficiency = {self.efficiency} must be in (0, 1]; usual are 0.95 … 0.98")
        if self.control not in ("v_f", "field"):
            raise ValueError(f"control = {self.control!r} must be 'v_f' or 'field'")
        if not 500.0 <= self.carrier_hz <= 16_000.0:
            raise ValueError(f"carrier_hz = {self.carrier_hz} must be in [500, 16000]; 2000 … 8000 are usual")


@dataclass(slots=True)
class VfdCondition:
    """What faults may change; healthy defaults."""

    capacitance_gain: float = 1.0
    mains_gain: float = 1.0
    failing_leg: int = -1  # 0, 1, 2: the upper switch of this leg misses pulses
    missing_pulses: float = 0.0  # share of them; 1: it never conducts


class Vfd(Asset):
    """The drive; `tick` gives the motor its supply, after what the motor took in the last tick."""

    STATES: ClassVar[tuple[str, ...]] = (
        "run", "reference_hz", "frequency_hz", "energised", "trip", "limiting", "dc_link_v", "input_power_w",
        "mains", "overload", "field", "output", "mains_turn", "carrier_turn", "link_a", "motor_a",
        "tripped_after_s",
    )  # fmt: skip

    def __init__(self, parameters: VfdParameters) -> None:
        """Build the drive, ready and stopped."""
        self.parameters = parameters
        self.condition = VfdCondition()
        self.run = False
        self.reference_hz = 0.0
        self.frequency_hz = 0.0
        self.energised = False
        self.trip = ""
        self.limiting = False
        self.mains = MainsQuality()
        limit_a = parameters.overload_current_a * parameters.overload_factor
        self.overload = ThermalReplica(limit_a, parameters.overload_time_s)
        self.field: FieldControl | None = None
        self.output = (0.0, 0.0)  # of field control at the last tick's end: voltage [V peak], frequency [rad/s]
        self.mains_turn = 0.0  # turn fractions of mains and carrier
        self.carrier_turn = 0.0
        self.motor_a = 0.0  # motor current in the last tick [A rms]
        self.link_a = 0.0  # current the inverter takes from the DC link
        self.tripped_after_s = 0.0  # when, within the last tick, the overload relay tripped
        self.dc_link_v = self._no_load_dc_v
        self.input_power_w = parameters.standby_w

    @property
    def _no_load_dc_v(self) -> float:
        # Mean of a six-pulse bridge: 3√2/π of the line voltage.
        mean = 3.0 * math.sqrt(2.0) / math.pi * self.parameters.mains_voltage_v * self.condition.mains_gain
        mean *= self.mains.gain
        if self.mains.open_phase >= 0:
            # One pair of diodes is left: two pulses a period, and the capacitor bridges the gaps.
            return min(mean, self._crest_v - 0.5 * self._swing_v(2, 1.0))
        return mean

    @property
    def _crest_v(self) -> float:
        return math.sqrt(2.0) * self.parameters.mains_voltage_v * self.condition.mains_gain * self.mains.gain

    @property
    def mains_hz(self) -> float:
        """Frequency of the mains [Hz]."""
        return self.mains.frequency_hz or self.parameters.mains_frequency_hz

    def _swing_v(self, pulses: int, capacitance_gain: float | None = None) -> float:
        gain = self.condition.capacitance_gain if capacitance_gain is None else capacitance_gain
        farad = self.parameters.capacitance_f * gain
        return ripple_v(self.link_a, farad, self._crest_v, pulses * self.mains_hz, 2.0 * math.pi / pulses)

    @property
    def dc_ripple_v(self) -> float:
        """Amplitude of the DC link's ripple [V]: 300 Hz on a sound mains of 50 Hz, 100 Hz when a phase is lost."""
        return 0.5 * self._swing_v(2 if self.mains.open_phase >= 0 else 6)

    @property
    def drawn_w(self) -> float:
        """Active power taken from the mains [W]."""
        if self.parameters.bypass:
            return (self.input_power_w - self.parameters.standby_w) * self.parameters.efficiency
        return self.input_power_w

    @property
    def drawn_var(self) -> float:
        """Reactive power taken from the mains [var]: a motor's own, or that of a bridge with cos φ = 0.97."""
        if not self.parameters.bypass:
            return 0.25 * self.input_power_w
        apparent = 3.0 * self.voltage_v(0.0) * self.motor_a if self.energised else 0.0
        return math.sqrt(max(apparent**2 - self.drawn_w**2, 0.0))

    def identify(self, circuit: InductionCircuit, inertia_kg_m2: float) -> None:
        """Tell the drive its motor, which field control needs: circuit and inertia of the whole shaft [kg m²]."""
        p = self.parameters
        flux = math.sqrt(2.0 / 3.0) * p.motor_voltage_v / (TWO_PI * p.motor_frequency_hz) * 0.93
        self.field = FieldControl(circuit, inertia_kg_m2, flux, math.sqrt(2.0) * p.current_limit_a)

    # --- commands -----------------------------------------------------------------------------------------

    def command_run(self, on: bool) -> None:
        """Start, or ramp down; taking the command away also resets a trip."""
        self.run = on
        if not on:
            self.trip = ""

    def command_reference(self, frequency_hz: float) -> None:
        """Set the frequency reference [Hz], cut to the drive's range."""
        self.reference_hz = min(max(frequency_hz, 0.0), self.parameters.maximum_frequency_hz)

    def trip_on(self, reason: str) -> None:
        """Block the output at once."""
        self.trip = reason
        self.run = False
        self.energised = False
        self.frequency_hz = 0.0

    # --- time ---------------------------------------------------------------------------------------------

    def voltage_v(self, frequency_hz: float) -> float:
        """Phase voltage [V rms] the drive gives at an output frequency [Hz].

        V/f with boost, cut at the DC link.
        """
        p = self.parameters
        if p.bypass:
            return p.mains_voltage_v * self.condition.mains_gain * self.mains.gain / math.sqrt(3.0)
        share = min(frequency_hz / p.motor_frequency_hz, 1.0)
        wanted = (p.boost_v + (p.motor_voltage_v - p.boost_v) * share) / math.sqrt(3.0)
        return min(wanted, self.dc_link_v * math.sqrt(2.0) / math.pi)  # six-step: peak 2/π of the DC link

    def tick(self, motor_power_w: float, motor_current_a: float, motor_speed_hz: float) -> Supply:
        """Return the supply for the coming tick, after what the motor took in the last.

        ``motor_speed_hz`` is the electrical frequency at which the shaft turns: a drive that starts onto a
        coasting machine catches it there.
        """
        p = self.parameters
        self._dc_link(motor_power_w)
        self.motor_a = motor_current_a
        self.mains_turn = (self.mains_turn + self.mains_hz * TICK_S) % 1.0
        self.carrier_turn = (self.carrier_turn + p.carrier_hz * TICK_S) % 1.0
        self._protect(motor_current_a)
        if self.trip:
            return Supply(False, 0.0, 0.0, TWO_PI * self.frequency_hz, 0.0)
        if p.bypass:
            return self._direct()
        if self.run and not self.energised:
            self.energised = True
            self.frequency_hz = min(max(motor_speed_hz, 0.0), p.maximum_frequency_hz)
            self.output = (math.sqrt(2.0) * self.voltage_v(self.frequency_hz), TWO_PI * self.frequency_hz)
            if self.field is not None:
                self.field.started, self.field.integral_nm = False, 0.0
        if not self.energised:
            return Supply(False, 0.0, 0.0, 0.0, 0.0)
        f0 = self.frequency_hz
        f1 = self._ramped(f0, motor_current_a)
        self.frequency_hz = f1
        if not self.run and f1 == 0.0:
            self.energised = False
        if p.control == "field":
            return self._field(f1, motor_speed_hz)
        u0, u1 = math.sqrt(2.0) * self.voltage_v(f0), math.sqrt(2.0) * self.voltage_v(f1)
        terminal = self._terminal()
        return Supply(True, u0, (u1 - u0) / TICK_S, TWO_PI * f0, TWO_PI * (f1 - f0) / TICK_S, terminal)

    def _protect(self, current_a: float) -> None:
        p = self.parameters
        if p.overload_current_a > 0.0:
            instant = self.overload.advance(current_a if self.energised else 0.0, TICK_S)
            if instant is not None and (self.energised or self.run):
                self.trip_on("overload")
                self.tripped_after_s = instant
        if self.energised:
            if current_a > p.trip_current_factor * p.current_limit_a and not p.bypass:
                self.trip_on("overcurrent")
            elif self.dc_link_v < p.undervoltage_v and not (p.bypass and self.mains.open_phase >= 0):
                self.trip_on("undervoltage")

    def _field(self, reference_hz: float, motor_speed_hz: float) -> Supply:
        if self.field is None:
            raise ValueError("control = 'field' needs to know its motor; wire the drive to a motor")
        u0, w0 = self.output
        most = self.dc_link_v * 2.0 / math.pi
        u1, w1 = self.field.step(reference_hz, motor_speed_hz, most, TICK_S)
        self.output = (u1, w1)
        return Supply(True, u0, (u1 - u0) / TICK_S, w0, (w1 - w0) / TICK_S, self._terminal())

    def _terminal(self) -> Terminal | None:
        """Return what the inverter's output holds beside its sine, None for nothing.

        The modulator makes up for the ripple of a sound link. With the mean voltage only what age or the mains add to
        it gets through; pulses carry all of it.
        """
        p, c, m = self.parameters, self.condition, self.mains
        leg = FailingLeg(c.failing_leg, c.missing_pulses, self.dc_link_v) if c.missing_pulses > 0.0 else None
        aged, bad = c.capacitance_gain != 1.0, m.negative > 0.0 or m.open_phase >= 0
        if not (p.pulsed or aged or bad or leg is not None):
            return None
        turn = TWO_PI * self.mains_turn
        six = two = 0.0
        if m.open_phase >= 0:
            two = 0.5 * self._swing_v(2)
        elif p.pulsed or aged:
            six = 0.5 * (self._swing_v(6) - (0.0 if p.pulsed else self._swing_v(6, 1.0)))
        if m.open_phase < 0 and m.negative > 0.0:
            two = min(m.negative * self._crest_v, 0.5 * self._swing_v(2))
        ripples = (
            Ripple(six / self.dc_link_v, 6.0 * TWO_PI * self.mains_hz, 6.0 * turn),
            Ripple(two / self.dc_link_v, 2.0 * TWO_PI * self.mains_hz, 2.0 * turn),
        )
        pulses = Pulses(p.carrier_hz, self.carrier_turn, self.dc_link_v) if p.pulsed else None
        return Terminal(ripples=ripples, pulses=pulses, leg=leg)

    def _direct(self) -> Supply:
        self.energised = self.run
        speed = TWO_PI * self.mains_hz
        self.frequency_hz = self.mains_hz if self.run else 0.0
        if not self.run:
            return Supply(False, 0.0, 0.0, speed, 0.0)
        m = self.mains
        negative = cmath.rect(m.negative, m.negative_phase_rad)
        terminal = Terminal(negative, m.fifth, m.seventh, open_phase=m.open_phase)
        if terminal == SINE:
            return Supply(True, math.sqrt(2.0) * self.voltage_v(0.0), 0.0, speed, 0.0)
        return Supply(True, math.sqrt(2.0) * self.voltage_v(0.0), 0.0, speed, 0.0, terminal)

    def _ramped(self, f0: float, current_a: float) -> float:
        p = self.parameters
        step = p.maximum_frequency_hz / p.ramp_s * TICK_S
        target = self.reference_hz if self.run else 0.0
        self.limiting = current_a > p.current_limit_a
        if self.limiting and f0 <= target:
            # Stall prevention: hold, and give way when the limit is passed by more than a tenth.
            return max(f0 - step, 0.0) if current_a > 1.1 * p.current_limit_a else f0
        return min(f0 + step, target) if f0 < target else max(f0 - step, target)

    def _dc_link(self, motor_power_w: float) -> None:
        p = self.parameters
        self.link_a = max(motor_power_w, 0.0) / (p.efficiency * max(self.dc_link_v, 1.0))
        source = self._no_load_dc_v
        if motor_power_w >= 0.0 or not self.energised:
            drawn = max(motor_power_w, 0.0) / p.efficiency
            # Bridge and capacitor settle within a fraction of a tick: V (V_0 - V)/R = P.
            root = max(source * source - 4.0 * p.source_resistance_ohm * drawn, 0.0)
            self.dc_link_v = 0.5 * (source + math.sqrt(root))
            self.input_power_w = p.standby_w + drawn
        else:
            # The motor feeds back: the bridge blocks, the capacitor charges until the chopper burns the rest.
            energy = 0.5 * p.capacitance_f * self.condition.capacitance_gain * self.dc_link_v**2
            energy -= motor_power_w * p.efficiency * TICK_S
            raised = math.sqrt(2.0 * energy / (p.capacitance_f * self.condition.capacitance_gain))
            self.dc_link_v = min(raised, p.chopper_voltage_v)
            self.input_power_w = p.standby_w

    def settle(self, frequency_hz: float, motor_power_w: float) -> None:
        """Put the drive into steady running at an output frequency [Hz] and motor power [W]."""
        self.run = self.energised = True
        self.reference_hz = self.frequency_hz = frequency_hz
        self._dc_link(motor_power_w)
        self.output = (math.sqrt(2.0) * self.voltage_v(frequency_hz), TWO_PI * frequency_hz)
        self.overload.level = math.nan

    @property
    def status_word(self) -> int:
        """Bits: 0 ready, 1 running, 2 tripped, 3 at reference, 4 current limit."""
        word = TRIPPED if self.trip else READY
        if self.energised:
            word |= RUNNING
            if self.frequency_hz == self.reference_hz or self.parameters.bypass:
                word |= AT_REFERENCE
            if self.limiting:
                word |= CURRENT_LIMIT
        return word
