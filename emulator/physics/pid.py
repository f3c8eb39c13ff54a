"""ISA-form controller as a PLC runs it: sampled, filtered derivative, anti-windup, bumpless."""

from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset

DERIVATIVE_FILTER = 10.0


@dataclass(frozen=True, slots=True)
class PidParameters:
    """u = K_c [e + 1/T_i ∫e dt + T_d d(-pv)/dt], e in shares of the span; the derivative filter is N = 10."""

    gain: float = 0.4
    integral_s: float = 6.0
    derivative_s: float = 0.0
    scan_s: float = 0.1
    span: float = 120.0 / 3600.0


@dataclass(slots=True)
class PidCondition:
    """What faults may change."""

    gain_factor: float = 1.0


class Pid(Asset):
    """Controller with modes automatic and manual; output in [0, 1]."""

    STATES: ClassVar[tuple[str, ...]] = (
        "auto", "setpoint", "manual_output", "output", "process_value", "_integral", "_derivative", "_last",
    )  # fmt: skip

    def __init__(self, parameters: PidParameters) -> None:
        """Build the controller, in manual with its output at 0."""
        self.parameters = parameters
        self.condition = PidCondition()
        self.auto = False
        self.setpoint = 0.0
        self.manual_output = 0.0
        self.output = 0.0
        self.process_value = 0.0
        self._integral = 0.0
        self._derivative = 0.0
        self._last: float | None = None

    def scan(self, process_value: float) -> float:
        """Run one scan on a measured value (in the unit of the span) and return the output."""
        p = self.parameters
        gain = p.gain * self.condition.gain_factor
        last = process_value if self._last is None else self._last
        self.process_value = self._last = process_value
        if p.derivative_s > 0.0:
            share = p.derivative_s / (p.derivative_s + DERIVATIVE_FILTER * p.scan_s)
            self._derivative = share * (self._derivative - gain * DERIVATIVE_FILTER * (process_value - last) / p.span)
        error = (self.setpoint - process_value) / p.span
        if not self.auto:
            self.output = min(max(self.manual_output, 0.0), 1.0)
            # The integral follows, so that switching to automatic does not move the valve.
            self._integral = self.output - gain * error - self._derivative
            return self.output
        before = self._integral
        self._integral = before + gain * error * p.scan_s / p.integral_s
        wanted = gain * error + self._integral + self._derivative
        self.output = min(max(wanted, 0.0), 1.0)
        if wanted != self.output and (wanted - self.output) * error > 0.0:
            self._integral = before  # at the stop: do not wind further into it
        self.manual_output = self.output
        return self.output

    def settle(self, output: float, process_value: float) -> None:
        """Put the controller into rest at an output, whatever small error remains."""
        gain = self.parameters.gain * self.condition.gain_factor
        self.output = self.manual_output = output
        self.process_value = self._last = process_value
        self._derivative = 0.0
        self._integral = output - gain * (self.setpoint - process_value) / self.parameters.span
