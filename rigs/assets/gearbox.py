"""Gearbox."""

import math
from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Angle, Length, Number, Power, Speed


class Gearbox(Nameplate):
    """One stage of helical or spur gears; power and speed are those of the input shaft, the oil is an ISO VG grade."""

    kind: Literal["gearbox"]
    teeth_in: int = Field(default=23, ge=8, le=500)
    teeth_out: int = Field(default=67, ge=8, le=500)
    module: Length = Field(default=3e-3, gt=0, lt=0.1)
    face_width: Length = Field(default=0.040, gt=0, lt=2)
    pressure_angle: Angle = Field(default=math.radians(20.0), gt=0.2, lt=0.6)
    helix_angle: Angle = Field(default=0.0, ge=0, lt=0.8)
    contact_ratio: Number = Field(default=1.65, ge=1.05, le=1.85)
    power: Power = Field(gt=0)
    speed: Speed = Field(gt=0)
    efficiency: Number = Field(default=0.985, gt=0.5, lt=1)
    oil_grade: Number = Field(default=220.0, ge=2, le=3200)
