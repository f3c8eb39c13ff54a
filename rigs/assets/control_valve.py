"""Control valve."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Number, Seconds


class ControlValve(Nameplate):
    """Equal-percentage control valve; Kvs in m³/h at 1 bar, as data sheets print it (IEC 60534)."""

    kind: Literal["control_valve"]
    kvs_m3_h: Number = Field(gt=0)
    rangeability: Number = Field(default=50.0, gt=1)
    stroke_time: Seconds = Field(gt=0)
