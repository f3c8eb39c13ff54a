"""Variable-frequency drive."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Current, Frequency, Seconds


class Vfd(Nameplate):
    """Variable-frequency drive; `carrier` is that of its pulses, which the plant makes at level F2."""

    kind: Literal["vfd"]
    maximum_frequency: Frequency
    ramp: Seconds = Field(gt=0)
    current_limit: Current
    control: Literal["v_f", "field"] = "v_f"
    carrier: Frequency = Field(default=4000.0, ge=500.0, le=16_000.0)
