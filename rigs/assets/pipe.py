"""Pipe."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import FlowResistance, Length


class Pipe(Nameplate):
    """Pipe run with fittings: head loss = resistance·Q² and a static lift."""

    kind: Literal["pipe"]
    length: Length = Field(ge=0)
    diameter: Length = Field(gt=0)
    resistance: FlowResistance = Field(ge=0)
    static_head: Length = 0.0
