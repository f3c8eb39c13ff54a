"""Alarms of a point in a rig file: limits of a number, or the state in which a yes-or-no value is not normal."""

from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from rigs.assets.base import Strict
from rigs.quantity import Seconds

LEVELS = ("high_high", "high", "low", "low_low")


class OpcUaAlarm(Strict):
    """An alarm condition on the point's value (OPC 10000-9): limits make a level alarm, `off_normal` a state alarm.

    Limits and `hysteresis` are in the point's unit: an active limit is left only when the value is back by the
    hysteresis. The condition must hold for `delay` before it counts. `severity` is that of the outer limits and of a
    state alarm, `severity_inner` that of high and low.
    """

    high_high: float | None = None
    high: float | None = None
    low: float | None = None
    low_low: float | None = None
    off_normal: bool | None = None
    hysteresis: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    delay: Seconds = Field(default=0.0, ge=0, le=3600)
    severity: int = Field(default=800, ge=1, le=1000)
    severity_inner: int = Field(default=500, ge=1, le=1000)
    message: str = Field(default="", max_length=200)
    confirm: bool = True

    @property
    def limits(self) -> dict[str, float]:
        """The limits it has, by name, from the highest to the lowest."""
        given = {level: getattr(self, level) for level in LEVELS}
        return {level: value for level, value in given.items() if value is not None}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        values = list(self.limits.values())
        if bool(values) == (self.off_normal is not None):
            raise ValueError("an alarm needs limits (high_high, high, low, low_low) or off_normal, one of the two")
        if any(one <= next_ for one, next_ in pairwise(values)):
            raise ValueError(f"limits {self.limits} must fall from high_high to low_low")
        return self
