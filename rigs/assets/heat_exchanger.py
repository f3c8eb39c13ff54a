"""Heat exchanger."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Area, HeatConductance, MassFlow, Pressure, Temperature


class HeatExchanger(Nameplate):
    """Data sheet of a liquid/liquid exchanger: clean conductance and pressure drop at rated flows.

    Sides that no stream is joined to are fed with `hot_flow` at `hot_inlet` and with `cold_flow` of cooling water.
    """

    kind: Literal["heat_exchanger"]
    level: Literal["F0", "F1"] | None = None
    arrangement: Literal["counter_flow", "parallel_flow"] = "counter_flow"
    area: Area = Field(default=6.0, gt=0)
    conductance: HeatConductance = Field(default=15_690.0, gt=0)
    hot_flow: MassFlow = Field(default=2.5, gt=0)
    cold_flow: MassFlow = Field(default=2.5, gt=0)
    hot_inlet: Temperature = Field(default=353.15, gt=0)
    pressure_drop: Pressure = Field(default=20_000.0, gt=0)
