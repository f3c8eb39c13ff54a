"""Consumers of compressed air."""

from typing import Annotated, Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Number, Pressure, Seconds, VolumeFlow

SHIFTS = (
    0.10, 0.10, 0.10, 0.10, 0.10, 0.30, 0.85, 1.00, 1.00, 0.95, 1.00, 0.80,
    0.85, 1.00, 0.95, 0.95, 0.80, 0.75, 0.75, 0.70, 0.65, 0.50, 0.20, 0.10,
)  # fmt: skip


class AirConsumer(Nameplate):
    """Consumers behind one connection: flow (free air) at full demand and gauge pressure, share by hour of the day.

    `start_of_run` is the time of day at which a run begins.
    """

    kind: Literal["air_consumer"]
    level: Literal["F0"] | None = None
    flow: VolumeFlow = Field(default=4.0 / 60.0, ge=0)
    pressure: Pressure = Field(default=7.0e5, gt=0)
    day_profile: Annotated[tuple[Number, ...], Field(min_length=24, max_length=24)] = SHIFTS
    start_of_run: Seconds = Field(default=36_000.0, ge=0, lt=86_400)
    regulated_share: Number = Field(default=0.5, ge=0, le=1)
