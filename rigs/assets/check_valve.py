"""Check valve."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Length, Number


class CheckValve(Nameplate):
    """Passes water in the order of its pipe connection; loss = loss_coefficient·v²/2g."""

    kind: Literal["check_valve"]
    diameter: Length = Field(default=0.08, gt=0)
    loss_coefficient: Number = Field(default=2.5, ge=0)
