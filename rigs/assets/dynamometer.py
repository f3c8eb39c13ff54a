"""Brake of a test stand."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Inertia, Torque


class Dynamometer(Nameplate):
    """Eddy-current brake that holds a set torque."""

    kind: Literal["dynamometer"]
    torque: Torque = Field(ge=0)
    maximum_torque: Torque = Field(gt=0)
    inertia: Inertia = Field(default=0.2, gt=0)
