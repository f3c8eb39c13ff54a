"""Consumers of compressed air behind one connection: a profile of the day, scatter, and holes in their hoses."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from emulator.physics import air
from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.checks import check, check_finite, check_positive
from emulator.physics.kernels.air_consumer import taken
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.ports import Port
from emulator.physics.site import Site

TICKS_A_SECOND = 100
DAY_S = 86_400.0
SHIFTS = (
    0.10, 0.10, 0.10, 0.10, 0.10, 0.30, 0.85, 1.00, 1.00, 0.95, 1.00, 0.80,
    0.85, 1.00, 0.95, 0.95, 0.80, 0.75, 0.75, 0.70, 0.65, 0.50, 0.20, 0.10,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AirConsumerParameters:
    """Two shifts, quiet at night.

    Attributes
    ----------
    flow_kg_s : demand when the profile is 1, at `rated_pa` (gauge) · profile : share by full hour, straight between
    start_hour : time of day at plant time 0
    regulated : share behind pressure regulators, whose valves are `spare` times as wide as needed
    scatter, scatter_s : relative standard deviation of the demand, and how long it lasts (Ornstein-Uhlenbeck)
    drop_pa : pressure the pipe to the consumers takes at full demand

    """

    flow_kg_s: float = 0.08
    rated_pa: float = 7.0e5
    profile: tuple[float, ...] = SHIFTS
    start_hour: float = 10.0
    regulated: float = 0.5
    spare: float = 1.3
    scatter: float = 0.05
    scatter_s: float = 600.0
    drop_pa: float = 10_000.0

    def __post_init__(self) -> None:
        """Refuse what no net asks for."""
        check_finite(self)
        check_positive(self, "rated_pa", "scatter_s")
        check(self, "flow_kg_s", self.flow_kg_s >= 0.0, "0 or above, in kg/s")
        hours = len(self.profile) == 24 and min(self.profile) >= 0.0
        check(self, "profile", hours, "24 shares, one an hour, none below 0")
        check(self, "start_hour", 0.0 <= self.start_hour < 24.0, "an hour of the day in [0, 24)")
        check(self, "regulated", 0.0 <= self.regulated <= 1.0, "a share in [0, 1]")
        check(self, "spare", 1.0 <= self.spare <= 10.0, "in [1, 10]; 1.3 is usual")
        check(self, "scatter", 0.0 <= self.scatter <= 0.5, "a relative deviation in [0, 0.5]")
        check(self, "drop_pa", self.drop_pa >= 0.0, "0 or above, in Pa")


@dataclass(slots=True)
class AirConsumerCondition:
    """What faults may change: a hole in the consumers' hoses [m]."""

    leak_diameter_m: float = 0.0


class AirConsumer(Machine):
    """Takes air from the net; its own leak lasts as long as its isolating valve is open."""

    kind: ClassVar[str] = "air_consumer"
    STATES: ClassVar[tuple[str, ...]] = (
        "demand_gain", "open", "demand_kg_s", "flow_kg_s", "leak_kg_s", "pressure_pa", "_scatter", "_taken_kg",
        "_used_kg", "_leaked_kg",
    )  # fmt: skip

    def __init__(self, parameters: AirConsumerParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.condition = AirConsumerCondition()
        self.ports = {"air": Port("gas", "flow", potential=site.pressure_pa + parameters.rated_pa)}
        self.demand_gain = 1.0
        self.open = True
        self.demand_kg_s = self.flow_kg_s = self.leak_kg_s = 0.0
        self.pressure_pa = site.pressure_pa
        self._stream = site.streams(f"{name}/demand")
        self._scatter = 0.0
        self._taken_kg = self._used_kg = self._leaked_kg = 0.0

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the consumers of a `rigs.assets` nameplate; the flow is air as drawn from the surroundings."""
        n = nameplate
        density = site.pressure_pa / (air.R_AIR * site.ambient_k)
        try:
            parameters = AirConsumerParameters(
                flow_kg_s=n.flow * density, rated_pa=n.pressure, profile=tuple(n.day_profile),
                start_hour=n.start_of_run / 3600.0, regulated=n.regulated_share,
            )  # fmt: skip
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    def share_at(self, t_ns: int) -> float:
        """Return the day profile at plant time `t_ns` [ns]."""
        p = self.parameters
        hour = (p.start_hour + t_ns * 1e-9 / 3600.0) % 24.0
        whole = int(hour)
        part = hour - whole
        return float((1.0 - part) * p.profile[whole % 24] + part * p.profile[(whole + 1) % 24])

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms: see what is asked, take what the pressure gives."""
        p, port, tick = self.parameters, self.ports["air"], t_ns // TICK_NS
        # What the junction has just handed over is booked now, so that both sides count the same ticks.
        self._taken_kg -= TICK_S * port.flow
        if p.scatter > 0.0 and tick % TICKS_A_SECOND == 0:
            keep = math.exp(-1.0 / p.scatter_s)
            kick = float(self._stream.normal(tick // TICKS_A_SECOND, 1)[0])
            self._scatter = keep * self._scatter + math.sqrt(1.0 - keep * keep) * kick
        wanted = p.flow_kg_s * self.share_at(t_ns) * self.demand_gain
        self.demand_kg_s = max(wanted * (1.0 + p.scatter * self._scatter), 0.0)
        back, heat = self.site.pressure_pa, port.met_k
        self.flow_kg_s = self.leak_kg_s = 0.0
        if self.open:
            self.flow_kg_s = float(
                taken(self.demand_kg_s, p.regulated, port.potential, heat, back, back + p.rated_pa, p.spare,
                      air.VISCOUS_PA)
            )  # fmt: skip
            self.leak_kg_s = air.leak_flow_kg_s(self.condition.leak_diameter_m, port.potential, heat, back)
        out = self.flow_kg_s + self.leak_kg_s
        drop = p.drop_pa * (out / p.flow_kg_s) ** 2 if p.flow_kg_s > 0.0 else 0.0
        self.pressure_pa = max(port.potential - drop, back) if self.open else back
        port.flow, port.temperature_k = -out, heat
        self._used_kg += TICK_S * self.flow_kg_s
        self._leaked_kg += TICK_S * self.leak_kg_s

    def signals(self) -> dict[str, float]:
        """Return demand, flows and the pressure at the consumers."""
        density = self.site.pressure_pa / (air.R_AIR * self.site.ambient_k)
        return {
            "demand_kg_s": self.demand_kg_s,
            "flow_kg_s": self.flow_kg_s + self.leak_kg_s,
            "flow_m3_s": (self.flow_kg_s + self.leak_kg_s) / density,
            "leak_kg_s": self.leak_kg_s,
            "gauge_pressure_pa": self.pressure_pa - self.site.pressure_pa,
            "open": float(self.open),
        }

    def commands(self) -> dict[str, Command]:
        """Return what production and the isolating valve can be told."""

        def gain(value: float) -> None:
            self.demand_gain = min(max(value, 0.0), 10.0)

        def valve(value: float) -> None:
            self.open = value != 0.0

        return {"demand_gain": gain, "open": valve}

    def balances(self) -> dict[str, Balance]:
        """Return ``mass`` [kg]: taken from the net, used or leaked, on its way for a tick."""
        on_its_way = TICK_S * self.ports["air"].flow
        return {"mass": Balance(self._taken_kg, self._used_kg + self._leaked_kg, on_its_way)}
