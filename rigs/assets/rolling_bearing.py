"""Rolling bearing."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Angle, Force, Length


class RollingBearing(Nameplate):
    """Geometry of a rolling bearing; any consistent length unit serves, kinematics use ratios."""

    kind: Literal["rolling_bearing"]
    designation: str
    position: Literal["drive_end", "non_drive_end"] = "drive_end"
    balls: int = Field(ge=3, le=60)
    ball_diameter: Length = Field(gt=0)
    pitch_diameter: Length = Field(gt=0)
    contact_angle: Angle = Field(default=0.0, ge=0, lt=1.5)
    dynamic_load: Force = Field(default=14_800.0, gt=0)
