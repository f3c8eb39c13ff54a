"""Fan or blower."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Inertia, Length, Number, Pressure, Speed, VolumeFlow


class Fan(Nameplate):
    """Data-sheet point of a fan, its belt drive (pulleys, belt length) and the filter in its duct."""

    kind: Literal["fan"]
    speed: Speed = Field(gt=0)
    flow: VolumeFlow = Field(gt=0)
    pressure: Pressure = Field(gt=0)
    shutoff_pressure: Pressure = Field(gt=0)
    efficiency: Number = Field(gt=0, lt=1)
    blades: int = Field(ge=2, le=64)
    inertia: Inertia = Field(gt=0)
    motor_pulley: Length = Field(gt=0)
    fan_pulley: Length = Field(gt=0)
    belt_length: Length = Field(gt=0)
    filter_pressure: Pressure = Field(default=100.0, ge=0)
