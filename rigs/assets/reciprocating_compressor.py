"""Reciprocating compressor."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Length, Number, Pressure, Speed


class ReciprocatingCompressor(Nameplate):
    """Data sheet of a single-acting piston compressor: cylinders, speed, the band in which it delivers (gauge).

    With `drive: built_in` it has a motor of its own; otherwise something else turns its shaft. Level F2 has indicator
    and vibration waveforms, level F1 the means of its cycles.
    """

    kind: Literal["reciprocating_compressor"]
    level: Literal["F0", "F1", "F2"] | None = None
    bore: Length = Field(default=0.112838, gt=0)
    stroke: Length = Field(default=0.1, gt=0)
    rod: Length = Field(default=0.2, gt=0)
    throws: int = Field(default=2, ge=1, le=12)
    clearance: Number = Field(default=0.06, ge=0.005, le=1)
    speed: Speed = Field(default=75.3982, gt=0)
    drive: Literal["shaft", "built_in"] = "shaft"
    load_pressure: Pressure = Field(default=2.9e5, gt=0)
    unload_pressure: Pressure = Field(default=3.1e5, gt=0)
    cooling: Literal["air", "water"] = "air"
