"""Sensing elements whose reading is not simply the value: Pt100, thermocouple, encoder.

Each takes what the lag has let through and returns what a perfect transmitter behind it would say, both SI.
"""

import math
from typing import Any, Protocol

from emulator.sensors import transducers
from emulator.sensors.thermocouple import TYPES
from rigs.schema import SensorSpec

ICE_POINT_K = transducers.ICE_POINT_K


class Element(Protocol):
    """What stands between a lagged true value and a transmitter; `centre` is what reversed leads mirror at."""

    centre: float

    def read(self, value: float, scan_s: float) -> float:
        """Return the transmitter's value for a true `value`, `scan_s` [s] after the one before."""
        ...

    def save(self) -> Any:
        """Return what changes."""
        ...

    def restore(self, saved: Any) -> None:
        """Take back what `save` gave."""
        ...


class ResistanceThermometer:
    """A Pt100: its measuring current warms it, its leads read high, its class bounds its own error.

    `luck` in [-1, 1] places this unit between the limits of its class.
    """

    def __init__(self, spec: SensorSpec, luck: float) -> None:
        self.centre = 0.0
        self._spec, self._luck = spec, luck

    def read(self, value: float, scan_s: float) -> float:
        """Return the temperature [K] read at `value` [K]."""
        spec = self._spec
        t = min(max(value - ICE_POINT_K, -200.0), 850.0)
        shift = transducers.pt100_self_heating_k(spec.measuring_current, t)
        if spec.tolerance is not None:
            shift += self._luck * transducers.pt100_tolerance_k(t, spec.tolerance)
        return transducers.pt100_temperature_c(transducers.pt100_resistance_ohm(t + shift, spec.lead)) + ICE_POINT_K

    def save(self) -> Any:
        """Nothing changes."""
        return None

    def restore(self, saved: Any) -> None:
        """Nothing changes."""


class Thermocouple:
    """A thermocouple with its terminals at `cold_junction`, which the transmitter believes a little warmer."""

    def __init__(self, spec: SensorSpec, luck: float) -> None:
        self.centre = spec.cold_junction
        self._type, self._spec, self._luck = TYPES[spec.thermocouple], spec, luck
        cold = spec.cold_junction - ICE_POINT_K
        self._correction = self._type.emf_mv(cold + spec.cold_junction_error) - self._type.emf_mv(cold)

    def read(self, value: float, scan_s: float) -> float:
        """Return the temperature [K] read at `value` [K]."""
        t = value - ICE_POINT_K
        if self._spec.tolerance is not None:
            t += self._luck * self._type.tolerance_k(t)
        return self._type.temperature_c(self._type.emf_mv(t) + self._correction) + ICE_POINT_K

    def save(self) -> Any:
        """Nothing changes."""
        return None

    def restore(self, saved: Any) -> None:
        """Nothing changes."""


class Encoder:
    """Counts lines of a disc in each scan: ±1 count, and once per turn what its eccentricity adds and takes.

    The angle is integrated from the speed, linear between scans; whole lines passed are counted. A disc that sits off
    centre shows θ + e·sin θ, e = eccentricity over radius.
    """

    def __init__(self, spec: SensorSpec) -> None:
        self.centre = 0.0
        self._lines, self._skew = spec.pulses, spec.eccentricity
        self._turn = 0.0
        self._count = 0
        self._before = math.nan

    def read(self, value: float, scan_s: float) -> float:
        """Return the speed [rad/s] of the lines counted in this scan."""
        before = value if math.isnan(self._before) else self._before
        self._before = value
        turn = self._turn + 0.5 * (before + value) * scan_s / math.tau
        whole = math.floor(turn)
        count = math.floor(self._lines * (turn + self._skew / math.tau * math.sin(math.tau * turn)))
        passed = count - self._count
        # only the fraction of a turn is kept: nothing grows, and no bits are lost after ten days
        self._turn, self._count = turn - whole, count - whole * self._lines
        return math.tau * passed / (self._lines * scan_s)

    def save(self) -> Any:
        """Return the angle and the count."""
        return self._turn, self._count, self._before

    def restore(self, saved: Any) -> None:
        """Take back what `save` gave."""
        self._turn, self._count, self._before = saved


def element_of(spec: SensorSpec, luck: float) -> Element | None:
    """Return the element of a sensor; None where the reading is the value itself."""
    if spec.kind == "thermocouple":
        return Thermocouple(spec, luck)
    if spec.kind == "encoder":
        return Encoder(spec)
    if spec.kind == "pt100" and (spec.lead or spec.measuring_current or spec.tolerance):
        return ResistanceThermometer(spec, luck)
    return None
