"""Tank."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Area, Length


class Tank(Nameplate):
    """Open tank of constant section."""

    kind: Literal["tank"]
    area: Area = Field(gt=0)
    height: Length = Field(gt=0)
