"""Stand-in."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from rigs.assets.base import Identifier, Nameplate, Strict
from rigs.units import POINT_UNITS, conversion


def _si(value: Any) -> float:
    """Return a number as it is, or a quantity of any unit that points may have, in SI."""
    if isinstance(value, str):
        number, _, unit = value.strip().partition(" ")
        rule = f"{value!r} must be a number and a unit that points may have, such as '3.2 bar'"
        if unit not in POINT_UNITS:
            raise ValueError(rule)
        factor, offset = conversion(unit)
        try:
            return float(number) * factor + offset
        except ValueError:
            raise ValueError(rule) from None
    return float(value)


AnyQuantity = Annotated[float, BeforeValidator(_si)]


class Held(Strict):
    """A value that stays about `value`: it wanders by `wander` (standard deviation) within some `settle` seconds."""

    value: AnyQuantity
    wander: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    settle: float = Field(default=60.0, gt=0, le=1e6, allow_inf_nan=False)


def _held(value: Any) -> Any:
    return value if isinstance(value, (dict, Held)) else {"value": value}


class StandIn(Nameplate):
    """Stands for a machine of which only the values are known: holds them, lets them wander, takes commands.

    What a device was found to hold (`plantbench import`) comes back in an emulated one through this.
    """

    kind: Literal["stand_in"]
    holds: dict[Identifier, Annotated[Held, BeforeValidator(_held)]] = Field(min_length=1, max_length=20_000)
