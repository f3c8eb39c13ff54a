"""Fleet of pump sets."""

import math
from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import (
    FlowResistance,
    Force,
    Frequency,
    Inductance,
    Inertia,
    Length,
    Number,
    Resistance,
    Speed,
    Voltage,
    VolumeFlow,
)


class PumpFleet(Nameplate):
    """Many pump sets of one type, each a motor on the mains, a pump in its own pipe loop, and bearings.

    `count` units are called a00000, a00001, …; the first `instrumented` of them have an accelerometer. Data-sheet
    values hold for the type; `scatter` 1 spreads the units about them as manufacture does, 0 makes them all alike.
    """

    kind: Literal["pump_fleet"]
    count: int = Field(ge=1, le=100_000)
    instrumented: int = Field(default=0, ge=0, le=20_000)
    scatter: Number = Field(default=1.0, ge=0, le=3)
    speed: Speed = Field(default=1450.0 * math.pi / 30.0, gt=0)
    flow: VolumeFlow = Field(default=80.0 / 3600.0, gt=0)
    head: Length = Field(default=32.0, gt=0)
    shutoff_head: Length = Field(default=40.0, gt=0)
    efficiency: Number = Field(default=0.76, gt=0, lt=1)
    npsh_required: Length = Field(default=2.5, gt=0)
    static_head: Length = Field(default=10.0, ge=0)
    resistance: FlowResistance = Field(default=44_550.0, gt=0)
    suction_resistance: FlowResistance = Field(default=1200.0, ge=0)
    suction_level: Length = 1.5
    voltage: Voltage = Field(default=400.0, gt=0)
    frequency: Frequency = Field(default=50.0, gt=0)
    pole_pairs: int = Field(default=2, ge=1, le=12)
    stator_resistance: Resistance = Field(default=0.2147, gt=0)
    rotor_resistance: Resistance = Field(default=0.2205, gt=0)
    stator_inductance: Inductance = Field(default=65.181e-3, gt=0)
    rotor_inductance: Inductance = Field(default=65.181e-3, gt=0)
    magnetising_inductance: Inductance = Field(default=64.19e-3, gt=0)
    inertia: Inertia = Field(default=0.202, gt=0)
    dynamic_load: Force = Field(default=14_800.0, gt=0)
