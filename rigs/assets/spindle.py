"""CNC spindle with a tool."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Frequency, Length, Number, Power, Pressure, Seconds, Speed, Stiffness


class Spindle(Nameplate):
    """Spindle, end mill and the part program it repeats; the specific cutting force is k_c1.1 of the material."""

    kind: Literal["spindle"]
    power: Power = Field(gt=0)
    speed: Speed = Field(gt=0)
    tool_diameter: Length = Field(default=10e-3, gt=0, lt=1)
    teeth: int = Field(default=4, ge=1, le=32)
    feed_per_tooth: Length = Field(default=0.1e-3, gt=0, lt=0.01)
    depth_of_cut: Length = Field(default=0.5e-3, ge=0, lt=0.5)
    specific_cutting_force: Pressure = Field(default=2.1e9, gt=0)
    tool_stiffness: Stiffness = Field(default=2e7, gt=0)
    tool_frequency: Frequency = Field(default=800.0, gt=0)
    tool_damping: Number = Field(default=0.03, gt=0, lt=1)
    load_time: Seconds = Field(default=1.0, ge=0.02)
    cut_length: Length = Field(default=0.12, gt=0)
    passes: int = Field(default=2, ge=1, le=1000)
