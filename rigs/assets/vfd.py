"""Variable-frequency drive."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Current, Frequency, Seconds


class Vfd(Nameplate):
    """Variable-frequency drive."""

    kind: Literal["vfd"]
    maximum_frequency: Frequency
    ramp: Seconds = Field(gt=0)
    current_limit: Current
