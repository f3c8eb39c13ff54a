"""Hydraulic power unit with a press cylinder."""

from typing import Annotated, Literal

from pydantic import Field

from rigs.assets.base import Nameplate, Strict
from rigs.quantity import Length, Number, Pressure, Seconds, Speed, Volume, quantity

Displacement = Annotated[float, quantity("m**3")]


class CycleStep(Strict):
    """From `at` in the cycle: spool command and relief setting as a share of the rated pressure."""

    at: Seconds = Field(ge=0)
    valve: Number = Field(ge=-1, le=1)
    pressure: Number = Field(default=1.0, ge=0.05, le=1)


class HydraulicPowerUnit(Nameplate):
    """Data sheet: displacement per turn, rated speed and pressure, reservoir, accumulator, cylinder, work cycle."""

    kind: Literal["hydraulic_power_unit"]
    displacement: Displacement = Field(default=16e-6, gt=0)
    speed: Speed = Field(default=151.843644923507, gt=0)
    pressure: Pressure = Field(default=16e6, gt=0)
    pistons: int = Field(default=9, ge=3, le=20)
    reservoir: Volume = Field(default=0.06, gt=0)
    accumulator: Volume = Field(default=0.75e-3, gt=0)
    precharge: Pressure = Field(default=13e6, gt=0)
    bore: Length = Field(default=0.05, gt=0)
    rod: Length = Field(default=0.028, gt=0)
    stroke: Length = Field(default=0.4, gt=0)
    cycle_time: Seconds = Field(default=60.0, gt=0)
    cycle: tuple[CycleStep, ...] = ()
