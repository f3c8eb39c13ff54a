"""Air receiver."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Pressure, Volume


class AirReceiver(Nameplate):
    """Receiver and net of a compressed-air station: volume with its pipes, usual and highest gauge pressure.

    Level F0 keeps the air as warm as the surroundings.
    """

    kind: Literal["air_receiver"]
    level: Literal["F0", "F1"] | None = None
    volume: Volume = Field(default=1.0, ge=0.01)
    pressure: Pressure = Field(default=7.25e5, ge=0)
    safety_valve: Pressure = Field(default=11.0e5, gt=0)
