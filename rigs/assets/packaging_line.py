"""Packaging line."""

from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Identifier, Nameplate, Strict
from rigs.quantity import Length, Mass, Number, Power, Seconds, Velocity


class LineStation(Strict):
    """One station and the conveyor behind it.

    `failure` and `repair` are probabilities per cycle; `heads` counts like parts of the station (filling valves,
    capping heads) that take turns; `inspects` takes out what it finds bad.
    """

    id: Identifier
    cycle: Seconds = Field(gt=0)
    law: Literal["fixed", "exponential"] = "fixed"
    failure: Number = Field(default=0.0, ge=0, lt=1)
    repair: Number = Field(default=0.1, gt=0, le=1)
    reject: Number = Field(default=0.0, ge=0, lt=1)
    inspects: bool = False
    miss: Number = Field(default=0.02, ge=0, le=1)
    alarm: Number = Field(default=0.02, ge=0, le=1)
    buffer: int = Field(default=20, ge=0, le=100_000)
    heads: int = Field(default=0, ge=0, le=400)
    power: Power = Field(default=500.0, ge=0)
    belt_length: Length = Field(default=0.0, ge=0)


class PackagingLine(Nameplate):
    """Stations in their order, the belts between them, and the times to change from one variant to another."""

    kind: Literal["packaging_line"]
    stations: tuple[LineStation, ...] = Field(min_length=1, max_length=60)
    belt_speed: Velocity = Field(default=0.5, gt=0)
    belt_friction: Number = Field(default=0.3, ge=0)
    part_mass: Mass = Field(default=0.6, gt=0)
    variants: int = Field(default=1, ge=1, le=100)
    setup: tuple[tuple[Number, ...], ...] = ()
    arrivals: Seconds | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [station.id for station in self.stations]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"station {name!r} is listed twice; rename one")
        wrong = [row for row in self.setup if len(row) != self.variants or min(row) < 0]
        if self.setup and (len(self.setup) != self.variants or wrong):
            raise ValueError(
                f"setup must have {self.variants} rows of {self.variants} times [s], none below 0: "
                "a row per variant left, a column per variant begun"
            )
        return self
