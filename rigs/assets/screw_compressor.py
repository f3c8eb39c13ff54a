"""Screw compressor."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Number, Power, Pressure, Speed, Temperature, VolumeFlow


class ScrewCompressor(Nameplate):
    """Data sheet of an oil-flooded screw: free air delivery at its speed, gauge pressures, motor power.

    `control` is load/unload between `load_pressure` and `unload_pressure`, or a speed that holds `setpoint`. With
    `drive: built_in` it has a motor and drive of its own; otherwise something else turns its shaft.
    """

    kind: Literal["screw_compressor"]
    level: Literal["F0", "F1", "F2"] | None = None
    free_air: VolumeFlow = Field(default=6.1 / 60.0, gt=0)
    speed: Speed = Field(default=309.97, gt=0)
    pressure: Pressure = Field(default=7.5e5, gt=0)
    power: Power = Field(default=37_000.0, gt=0)
    isothermal_efficiency: Number = Field(default=0.66, gt=0, lt=1)
    lobes: int = Field(default=4, ge=2, le=12)
    flutes: int = Field(default=6, ge=3, le=14)
    drive: Literal["shaft", "built_in"] = "shaft"
    control: Literal["load_unload", "speed"] = "load_unload"
    load_pressure: Pressure = Field(default=7.0e5, gt=0)
    unload_pressure: Pressure = Field(default=7.5e5, gt=0)
    setpoint: Pressure = Field(default=7.2e5, gt=0)
    trip_temperature: Temperature = Field(default=378.15, gt=300)
    cooling: Literal["air", "water"] = "air"
