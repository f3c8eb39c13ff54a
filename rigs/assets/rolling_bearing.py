"""Rolling bearing."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Nameplate
from rigs.quantity import Angle, Force, Length


class RollingBearing(Nameplate):
    """Geometry of a rolling bearing; any consistent length unit serves, kinematics use ratios.

    `element` sets the exponent of its life; `rotating_ring` is the one that is driven. Makers differ in geometry:
    say under `provenance` whose this is.
    """

    kind: Literal["rolling_bearing"]
    designation: str
    position: Literal["drive_end", "non_drive_end"] = "drive_end"
    balls: int = Field(ge=3, le=60)
    ball_diameter: Length = Field(gt=0)
    pitch_diameter: Length = Field(gt=0)
    contact_angle: Angle = Field(default=0.0, ge=0, lt=1.5)
    dynamic_load: Force = Field(default=14_800.0, gt=0)
    static_load: Force = Field(default=7_800.0, gt=0)
    bore: Length = Field(default=0.025, gt=0)
    element: Literal["ball", "roller"] = "ball"
    rotating_ring: Literal["inner", "outer"] = "inner"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.balls * self.ball_diameter > math.pi * self.pitch_diameter:
            raise ValueError(
                f"{self.id}.ball_diameter = {self.ball_diameter:g}: {self.balls} balls of it do not fit on a pitch "
                f"circle of {self.pitch_diameter:g}; check the units, or take fewer balls"
            )
        return self
