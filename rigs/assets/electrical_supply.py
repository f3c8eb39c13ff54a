"""Electrical supply."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Frequency, Number, Power, Voltage


class ElectricalSupply(Nameplate):
    """Point of common coupling: voltage, frequency, and the power a dead short would draw (IEC 60909)."""

    kind: Literal["electrical_supply"]
    voltage: Voltage = Field(default=400.0, gt=0)
    frequency: Frequency = Field(default=50.0, gt=0)
    short_circuit_power: Power = Field(default=10.0e6, gt=0)
    x_over_r: Number = Field(default=3.0, gt=0)
