"""Variable-frequency drive: V/f with boost, ramp, current limit, DC link, trips, status word."""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import TICK_S, Asset
from emulator.physics.induction_motor import Supply

TWO_PI = 2.0 * math.pi
READY, RUNNING, TRIPPED, AT_REFERENCE, CURRENT_LIMIT = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True)
class VfdParameters:
    """Drive on a 400 V mains; motor voltage and frequency are those of the motor's nameplate."""

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


@dataclass(slots=True)
class VfdCondition:
    """What faults may change; healthy defaults."""

    capacitance_gain: float = 1.0
    mains_gain: float = 1.0


class Vfd(Asset):
    """The drive; `tick` gives the motor its supply, after what the motor took in the last tick."""

    STATES: ClassVar[tuple[str, ...]] = (
        "run", "reference_hz", "frequency_hz", "energised", "trip", "limiting", "dc_link_v", "input_power_w",
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
        self.dc_link_v = self._no_load_dc_v
        self.input_power_w = parameters.standby_w

    @property
    def _no_load_dc_v(self) -> float:
        # Mean of a six-pulse bridge: 3√2/π of the line voltage.
        return 3.0 * math.sqrt(2.0) / math.pi * self.parameters.mains_voltage_v * self.condition.mains_gain

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
            return p.mains_voltage_v * self.condition.mains_gain / math.sqrt(3.0)
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
        if self.energised:
            if motor_current_a > p.trip_current_factor * p.current_limit_a and not p.bypass:
                self.trip_on("overcurrent")
            elif self.dc_link_v < p.undervoltage_v:
                self.trip_on("undervoltage")
        if self.trip:
            return Supply(False, 0.0, 0.0, TWO_PI * self.frequency_hz, 0.0)
        if p.bypass:
            return self._direct()
        if self.run and not self.energised:
            self.energised = True
            self.frequency_hz = min(max(motor_speed_hz, 0.0), p.maximum_frequency_hz)
        if not self.energised:
            return Supply(False, 0.0, 0.0, 0.0, 0.0)
        f0 = self.frequency_hz
        f1 = self._ramped(f0, motor_current_a)
        u0, u1 = math.sqrt(2.0) * self.voltage_v(f0), math.sqrt(2.0) * self.voltage_v(f1)
        self.frequency_hz = f1
        if not self.run and f1 == 0.0:
            self.energised = False
        return Supply(True, u0, (u1 - u0) / TICK_S, TWO_PI * f0, TWO_PI * (f1 - f0) / TICK_S)

    def _direct(self) -> Supply:
        p = self.parameters
        self.energised = self.run
        self.frequency_hz = p.mains_frequency_hz if self.run else 0.0
        if not self.run:
            return Supply(False, 0.0, 0.0, TWO_PI * p.mains_frequency_hz, 0.0)
        return Supply(True, math.sqrt(2.0) * self.voltage_v(0.0), 0.0, TWO_PI * p.mains_frequency_hz, 0.0)

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
