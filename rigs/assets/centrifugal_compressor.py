"""Centrifugal compressor."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Length, Number, Speed, Volume, VolumeFlow


class CentrifugalCompressor(Nameplate):
    """Data sheet of a turbo blower: wheel, speed, flow at its best point, duct and plenum behind it.

    With `drive: built_in` it has a motor of its own; otherwise something else turns its shaft, `gear_ratio` times
    slower than the wheel.
    """

    kind: Literal["centrifugal_compressor"]
    level: Literal["F0", "F1"] | None = None
    tip_diameter: Length = Field(default=0.24, gt=0)
    speed: Speed = Field(default=2500.0, gt=0)
    gear_ratio: Number = Field(default=1.0, gt=0)
    flow: VolumeFlow = Field(default=3.0, gt=0)
    duct_length: Length = Field(default=3.0, gt=0)
    plenum: Volume = Field(default=0.3142, gt=0)
    anti_surge: bool = True
    drive: Literal["shaft", "built_in"] = "built_in"
