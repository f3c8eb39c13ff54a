"""Tank."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Area, Length, Pressure


class Tank(Nameplate):
    """Tank of constant section; `gas_pressure` (absolute, at the start level) makes it a closed one under gas."""

    kind: Literal["tank"]
    area: Area = Field(gt=0)
    height: Length = Field(gt=0)
    gas_pressure: Pressure | None = Field(default=None, gt=0)
