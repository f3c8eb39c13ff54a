"""Pipe."""

from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Nameplate
from rigs.quantity import FlowResistance, Length


class Pipe(Nameplate):
    """Pipe run with fittings: head loss = resistance·Q² and a static lift.

    With a `roughness` the friction of the length comes on top (Darcy, Colebrook) and `resistance` is the fittings'.
    """

    kind: Literal["pipe"]
    length: Length = Field(ge=0)
    diameter: Length = Field(gt=0)
    resistance: FlowResistance = Field(default=0.0, ge=0)
    roughness: Length | None = Field(default=None, ge=0)
    static_head: Length = 0.0

    @model_validator(mode="after")
    def _loses_head(self) -> Self:
        if "resistance" not in self.model_fields_set and self.roughness is None:
            raise ValueError("give resistance (loss = resistance·Q²) or roughness (friction by Colebrook)")
        return self
