"""What a plant is asked to do and what surrounds it, day after day: declarations of ``plant.regime``."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Identifier, Strict
from rigs.life import Share, Signal, read_in_si
from rigs.quantity import Duration, Number, Seconds, Temperature

DAY_S = 86_400.0


class Demand(Strict):
    """A command that follows demand d(t) in 0…1: low + (high − low)·d.

    d = base + daily shape + product step + Ornstein–Uhlenbeck noise, cut to 0…1.
    """

    command: Signal
    low: float
    high: float
    base: Share = 0.5
    daily: Share = 0.3
    steps: Share = 0.35
    step_every: Seconds = Field(default=4.0 * 3600.0, gt=0)
    noise: Share = 0.08
    noise_time: Seconds = Field(default=600.0, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _si(cls, data: Any) -> Any:
        return read_in_si(data, "low", "high", of="command")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low = {self.low:g} must lie below high = {self.high:g}")
        return self


class Starts(Strict):
    """Stops of a drive and the starts after them, `per_day` of each.

    ``direct`` gives the run command only; ``ramped`` also brings the demand of `command` down and up over `ramp`.
    """

    drive: Identifier
    per_day: float = Field(default=6.0, ge=0.01, le=200)
    off: Seconds = Field(default=900.0, gt=0)
    mode: Literal["direct", "ramped"] = "direct"
    ramp: Seconds = Field(default=60.0, gt=0)
    command: Signal | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.mode == "ramped") != (self.command is not None):
            raise ValueError("a ramped start names the command whose demand it ramps; a direct one names none")
        if self.off + 2.0 * self.ramp * (self.mode == "ramped") > 0.5 * DAY_S / self.per_day:
            raise ValueError(
                f"off = {self.off:g} s is too long for {self.per_day:g} stops a day; stops may take half the time"
            )
        return self


class Setpoints(Strict):
    """A command that takes one of the values, another one about every `every`."""

    command: Signal
    values: tuple[float, ...] = Field(min_length=1)
    every: Seconds = Field(default=4.0 * 3600.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _si(cls, data: Any) -> Any:
        return read_in_si(data, "values", of="command")


class Ambient(Strict):
    """Air: mean + 24 h sine + season + weather."""

    mean: Temperature = 295.65
    daily: Temperature = Field(default=8.0, ge=0)
    season: Temperature = Field(default=6.0, ge=0)
    weather: Temperature = Field(default=3.0, ge=0)
    weather_time: Seconds = Field(default=2.0 * DAY_S, ge=600)


class CoolingWater(Strict):
    """Cooling water: mean + season + weather."""

    mean: Temperature = 291.15
    season: Temperature = Field(default=7.0, ge=0)
    weather: Temperature = Field(default=1.0, ge=0)
    weather_time: Seconds = Field(default=3.0 * DAY_S, ge=600)


class Supply(Strict):
    """Mains: voltage within ±swing of nominal, unbalance within 0…unbalance."""

    swing: Share = 0.05
    swing_time: Seconds = Field(default=3600.0, ge=1)
    unbalance: Share = 0.01
    unbalance_time: Seconds = Field(default=7200.0, ge=1)


class Product(Strict):
    """Batches of product: density and viscosity over those of water."""

    every: Seconds = Field(default=6.0 * 3600.0, gt=0)
    density: tuple[Number, Number] = (0.97, 1.08)
    viscosity: tuple[Number, Number] = (0.5, 5.0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("density", "viscosity"):
            low, high = getattr(self, name)
            if not 0.0 < low <= high:
                raise ValueError(f"{name} = [{low:g}, {high:g}] must be above 0, the lower first")
        return self


class Visit(Strict):
    """A maintenance visit about every `every`: a repair that leaves `quality` ± `spread` of the damage."""

    repair: str
    mode: str | None = None
    every: Duration = Field(gt=0)
    quality: Share = 0.1
    spread: Share = 0.1


class RegimeSettings(Strict):
    """The profiles that are on; without any the surroundings stay as ``plant`` says."""

    demand: tuple[Demand, ...] = ()
    starts: tuple[Starts, ...] = ()
    setpoints: tuple[Setpoints, ...] = ()
    ambient: Ambient | None = None
    cooling_water: CoolingWater | None = None
    supply: Supply | None = None
    product: Product | None = None
    visits: tuple[Visit, ...] = ()

    @model_validator(mode="after")
    def _one_hand(self) -> Self:
        moved = [*(d.command for d in self.demand), *(s.command for s in self.setpoints)]
        twice = next((name for name in moved if moved.count(name) > 1), None)
        if twice:
            raise ValueError(f"command {twice!r} is moved by two profiles; leave it to one")
        for item in self.starts:
            if item.command is not None and item.command not in {d.command for d in self.demand}:
                raise ValueError(f"starts.command = {item.command!r} has no demand to ramp; add one")
        return self

    @property
    def any(self) -> bool:
        """Whether anything is on."""
        return self != RegimeSettings()
