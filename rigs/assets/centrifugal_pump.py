"""Centrifugal pump."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Length, Number, Speed, VolumeFlow


class CentrifugalPump(Nameplate):
    """Data-sheet curve: head = shutoff_head - (shutoff_head - head)·(Q/flow)² at rated speed."""

    kind: Literal["centrifugal_pump"]
    speed: Speed = Field(gt=0)
    flow: VolumeFlow = Field(gt=0)
    head: Length = Field(gt=0)
    shutoff_head: Length = Field(gt=0)
    efficiency: Number = Field(gt=0, lt=1)
    vanes: int = Field(ge=2, le=12)
    npsh_required: Length
    iso_table: Literal[
        "pump_category1_to_200kw", "pump_category1_above_200kw",
        "pump_category2_to_200kw", "pump_category2_above_200kw", "group1", "group2",
    ] = "pump_category1_to_200kw"  # fmt: skip
    mounting: Literal["rigid", "flexible", "any"] = "any"
