"""Squirrel-cage induction motor."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Current, Frequency, Inductance, Inertia, Power, Resistance, Speed, Temperature, Voltage


class InductionMotor(Nameplate):
    """Nameplate and data-sheet circuit of a squirrel-cage motor (star equivalent, per phase)."""

    kind: Literal["induction_motor"]
    power: Power
    voltage: Voltage
    frequency: Frequency
    current: Current
    speed: Speed
    pole_pairs: int = Field(ge=1, le=12)
    stator_resistance: Resistance
    rotor_resistance: Resistance
    stator_inductance: Inductance
    rotor_inductance: Inductance
    magnetising_inductance: Inductance
    inertia: Inertia
    winding_limit: Temperature
    rotor_bars: int = Field(default=28, ge=4, le=200)
