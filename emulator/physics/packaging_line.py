"""Packaging line: stations, buffers and belts, with counters, photo-eyes, heads, OEE and the power it all takes.

Parts move event by event (`line_core`); belts, motors and eyes are stepped on the tick. OEE and its losses after
ISO 22400-2: availability = actual production time / planned busy time, effectiveness = ideal time of what was made /
actual production time, quality = good / made.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.conveyor import Conveyor, ConveyorParameters
from emulator.physics.line_core import LineCore, State, StationPlan
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.ports import Port
from emulator.physics.site import Site

SECOND = 1_000_000_000
HEAD_QUANTITIES = ("volume_m3", "time_s", "count", "pressure_pa", "temperature_k")


@dataclass(frozen=True, slots=True)
class PackagingLineParameters:
    """The line. Times in s; what one head of a station gives is spread by `head_scatter` of its nominal value.

    `defect_slope` and `defect_centre` make the first station with heads spoil parts by a known law: the logarithm of
    the odds rises by `defect_slope` per relative deviation of the fill beyond `defect_centre`.
    """

    plans: tuple[StationPlan, ...] = ()
    heads: tuple[int, ...] = ()
    powers_w: tuple[float, ...] = ()
    lengths_m: tuple[float, ...] = ()
    belt_speed_m_s: float = 0.5
    belt_friction: float = 0.3
    part_kg: float = 0.6
    setup_s: tuple[tuple[float, ...], ...] = ()
    arrivals_s: float = 0.0
    fill_m3: float = 0.5e-3
    fill_s: float = 4.0
    fill_pressure_pa: float = 2.0e5
    head_scatter: float = 0.003
    defect_slope: float = 900.0
    defect_centre: float = 0.012
    idle_share: float = 0.35  # of a station's power while it does not work
    air_kg_per_part: float = 0.8e-3
    batch: int = 0  # parts after which the variant changes by itself; 0: on command only


@dataclass(slots=True)
class PackagingLineCondition:
    """What faults may change, by station number: gains and probabilities, 1 or 0 when healthy."""

    jam_gain: dict[int, float] = field(default_factory=dict)
    cycle_gain: dict[int, float] = field(default_factory=dict)
    reject_extra: dict[int, float] = field(default_factory=dict)
    eye_miss: dict[int, float] = field(default_factory=dict)
    eye_double: dict[int, float] = field(default_factory=dict)
    head_drift: dict[int, float] = field(default_factory=dict)


class PackagingLine(Machine):
    """The line. It takes parts from a joined machine through its port ``feed``, and air through ``air``."""

    kind: ClassVar[str] = "packaging_line"
    STATES: ClassVar[tuple[str, ...]] = ("core", "_eyes", "_seen", "_energy_j", "_t_ns", "_supplied", "_air_kg")

    def __init__(self, parameters: PackagingLineParameters, site: Site, name: str) -> None:
        """Build the line, empty."""
        super().__init__(parameters, site, name)
        self.parameters: PackagingLineParameters = parameters
        self.condition = PackagingLineCondition()
        self.core = LineCore(parameters.plans, site.streams, name, parameters.arrivals_s)
        self.core.setup_s = parameters.setup_s or ((0.0,),)
        self.belts = [
            Conveyor(
                ConveyorParameters(length, parameters.belt_speed_m_s, parameters.belt_friction, parameters.part_kg),
                site.ambient_k,
            )
            for length in parameters.lengths_m
        ]
        count = len(parameters.plans)
        self.names = [plan.name for plan in parameters.plans]
        self._eyes = [0] * count  # what the eye behind each station has counted
        self._seen = [0] * count  # parts that have really passed it
        self._energy_j = [0.0] * count
        self._t_ns = 0
        self._supplied = 0
        self._air_kg = 0.0
        self.ports = {"feed": Port("material", "potential"), "air": Port("gas", "flow")}

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the line of a nameplate."""
        transit = nameplate.belt_speed
        parameters = PackagingLineParameters(
            plans=tuple(
                StationPlan(
                    s.id, s.cycle, s.law, s.failure, s.repair, s.reject, s.inspects, s.miss, s.alarm, s.buffer,
                    s.belt_length / transit,
                )
                for s in nameplate.stations
            ),
            heads=tuple(s.heads for s in nameplate.stations),
            powers_w=tuple(s.power for s in nameplate.stations),
            lengths_m=tuple(s.belt_length for s in nameplate.stations),
            belt_speed_m_s=nameplate.belt_speed,
            belt_friction=nameplate.belt_friction,
            part_kg=nameplate.part_mass,
            setup_s=nameplate.setup,
            arrivals_s=nameplate.arrivals or 0.0,
        )  # fmt: skip
        return cls(override(parameters, dict(given), nameplate.id), site, nameplate.id)

    def start(self) -> None:
        """Let the belts stand in their running equilibrium; the line itself starts empty."""
        feed = self.ports["feed"]
        if feed.joined and self.core.supply is None:
            self.core.supply = 0
        if self.site.warm:
            for belt in self.belts:
                belt.settle(0, self.core.running, self.site.ambient_k)

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, t_ns: int) -> None:
        """Carry out the tick's events, step the belts, watch the eyes, sum the power."""
        self._hand_over_condition()
        feed = self.ports["feed"]
        if feed.joined and feed.flow > 0.0:
            self._supplied += round(feed.flow)
            self.core.supply = (self.core.supply or 0) + round(feed.flow)
            self.core.poke()
        end = t_ns + TICK_NS
        self.core.advance(end)
        self._t_ns = end
        if feed.joined:
            feed.potential = float(max(self.parameters.plans[0].buffer - (self.core.supply or 0), 0))
        self._next_variant()
        made = 0
        for index, (station, power) in enumerate(zip(self.core.stations, self.parameters.powers_w, strict=True)):
            share = 1.0 if station.state == State.WORKING else self.parameters.idle_share
            if station.state == State.STOPPED:
                share = 0.05
            belt = self.belts[index]
            belt.advance(len(station.queue), self.core.running, self.site.ambient_k, TICK_S)
            self._energy_j[index] += (share * power + belt.power_w) * TICK_S
            made += self._watch(index, station.made + station.scrapped)
        air = made * self.parameters.air_kg_per_part
        self._air_kg += air
        self.ports["air"].flow = -air / TICK_S

    def _hand_over_condition(self) -> None:
        c = self.condition
        for index, station in enumerate(self.core.stations):
            gain = c.cycle_gain.get(index, 1.0)
            if index < len(self.belts):
                # A belt that slips carries its parts later.
                transit = self.parameters.lengths_m[index] / self.parameters.belt_speed_m_s
                slow = transit / (1.0 - self.belts[index].condition.slip)
                if slow != station.plan.transit_s:
                    station.plan = dataclasses.replace(station.plan, transit_s=slow)
            station.cycle_gain = gain
            station.failure_gain = c.jam_gain.get(index, 1.0)
            station.reject_extra = c.reject_extra.get(index, 0.0) + self._filling_defects(index)

    def _filling_defects(self, index: int) -> float:
        """Probability that a head's deviation spoils the next part [0 … 1]: logistic, centred far from the nominal."""
        heads = self.parameters.heads[index]
        if not heads:
            return 0.0
        head = self.core.stations[index].cycles % heads
        deviation = abs(self.head_deviation(index, head))
        odds = self.parameters.defect_slope * (deviation - self.parameters.defect_centre)
        return 1.0 / (1.0 + math.exp(min(max(-odds, -60.0), 60.0))) if odds > -25.0 else 0.0

    def head_deviation(self, index: int, head: int) -> float:
        """Relative deviation of what one head of a station gives: its own, and the drift of the station."""
        own = self.parameters.head_scatter * self.core.normal(index, "eye", 1_000_000_000 + head)
        return own + self.condition.head_drift.get(index, 0.0)

    def _watch(self, index: int, passed: int) -> int:
        fresh = passed - self._seen[index]
        c = self.condition
        miss, double = c.eye_miss.get(index, 0.0), c.eye_double.get(index, 0.0)
        for number in range(self._seen[index] + 1, passed + 1):
            if miss == 0.0 and double == 0.0:
                self._eyes[index] += 1
                continue
            draw = self.core.uniform(index, "eye", number)
            self._eyes[index] += 0 if draw < miss else 2 if draw < miss + double else 1
        self._seen[index] = passed
        return fresh

    def _next_variant(self) -> None:
        p = self.parameters
        if p.batch and p.setup_s:
            self.core.variant = self.core.entered // p.batch % len(p.setup_s)

    def station(self, name: str) -> int:
        """Return the number of a station; the first for an empty name.

        Raises
        ------
        ValueError
            The line has no such station.

        """
        if not name:
            return 0
        if name not in self.names:
            raise ValueError(f"{self.name} has no station {name!r}; there are: {', '.join(self.names)}")
        return self.names.index(name)

    # --- what can be seen and done ------------------------------------------------------------------------

    def oee(self, index: int) -> tuple[float, float, float]:
        """Return availability, effectiveness and quality of a station since the start (ISO 22400-2)."""
        core, station = self.core, self.core.stations[index]
        total = core.t_ns / SECOND
        busy = total - core.spent_s(index, State.STOPPED)
        made = station.made + station.scrapped
        lost = core.spent_s(index, State.ABORTED) + core.spent_s(index, State.CHANGEOVER)
        available = (busy - lost) / busy if busy > 0.0 else 1.0
        ideal = made * station.plan.cycle_s
        effective = ideal / (busy - lost) if busy > lost else 1.0
        bad = station.spoiled
        quality = (made - bad) / made if made else 1.0
        return available, min(effective, 1.0), quality

    def losses(self, index: int) -> dict[str, float]:
        """Return where a station's planned time went [s]; the parts sum to the planned time."""
        core = self.core
        station = core.stations[index]
        made = station.made + station.scrapped
        ideal = made * station.plan.cycle_s
        bad = station.spoiled * station.plan.cycle_s
        spent = {state.name.lower(): core.spent_s(index, state) for state in State if state != State.STOPPED}
        working = spent.pop("working")
        return {"good": ideal - bad, "quality": bad, "speed": working - ideal, **spent}

    def signals(self) -> dict[str, float]:
        """Return the line's own totals; stations, belts and heads are asked for one by one."""
        core = self.core
        available, effective, _ = self.oee(self.bottleneck)
        made = core.finished + core.scrapped
        quality = (core.finished - core.finished_bad) / made if made else 1.0
        power = sum(self._power_w(i) for i in range(len(self.names)))
        energy = sum(self._energy_j)
        return {
            "running": float(core.running),
            "parts_in": float(core.entered),
            "parts_out": float(core.finished),
            "scrap": float(core.scrapped),
            "work_in_process": float(core.in_process),
            "variant": float(core.variant),
            "availability": available,
            "effectiveness": effective,
            "quality": quality,
            "oee": available * effective * quality,
            "active_power_w": power,
            "energy_j": energy,
            "energy_per_part_j": energy / core.finished if core.finished else 0.0,
        }

    @property
    def bottleneck(self) -> int:
        """Number of the station with the least capacity: cycle over its share of time up."""

        def capacity(index: int) -> float:
            plan = self.parameters.plans[index]
            return plan.cycle_s * self.core.stations[index].cycle_gain * (1.0 + plan.failure / plan.repair)

        return max(range(len(self.names)), key=capacity)

    def _power_w(self, index: int) -> float:
        station, power = self.core.stations[index], self.parameters.powers_w[index]
        share = 1.0 if station.state == State.WORKING else self.parameters.idle_share
        return (0.05 if station.state == State.STOPPED else share) * power + self.belts[index].power_w

    def signal(self, quantity: str) -> float | None:
        """Return ``<station>_<quantity>`` or ``<station>_h<number>_<quantity>``; None if there is no such thing."""
        for index, name in enumerate(self.names):
            if quantity.startswith(name + "_"):
                rest = quantity[len(name) + 1 :]
                if rest.startswith("h") and rest[1:2].isdigit():
                    number, _, what = rest[1:].partition("_")
                    return self._head(index, int(number), what) if number.isdigit() else None
                return self._station(index, rest)
        return None

    def _station(self, index: int, what: str) -> float | None:
        station, belt = self.core.stations[index], self.belts[index]
        table = {
            "state": lambda: float(station.state),
            "taken": lambda: float(station.taken),
            "made": lambda: float(station.made),
            "scrapped": lambda: float(station.scrapped),
            "rejects": lambda: float(station.spoiled),
            "failures": lambda: float(station.failures),
            "setups": lambda: float(station.setups),
            "level": lambda: float(len(station.queue)),
            "eye_count": lambda: float(self._eyes[index]),
            "eye_true": lambda: float(self._seen[index]),
            "belt_speed_m_s": lambda: belt.speed_m_s,
            "drum_rad_s": lambda: belt.drum_rad_s,
            "belt_torque_nm": lambda: belt.torque_nm,
            "belt_power_w": lambda: belt.power_w,
            "belt_load_kg": lambda: belt.mass_kg(len(station.queue)),
            "roller_temperature_k": lambda: belt.roller_k,
            "active_power_w": lambda: self._power_w(index),
            "energy_j": lambda: self._energy_j[index],
            "cycle_s": lambda: station.plan.cycle_s * station.cycle_gain,
            "availability": lambda: self.oee(index)[0],
            "effectiveness": lambda: self.oee(index)[1],
            "quality": lambda: self.oee(index)[2],
            "time_down_s": lambda: self.core.spent_s(index, State.ABORTED),
            "time_blocked_s": lambda: self.core.spent_s(index, State.BLOCKED),
            "time_starved_s": lambda: self.core.spent_s(index, State.STARVED),
        }
        return table[what]() if what in table else None

    def _head(self, index: int, head: int, what: str) -> float | None:
        heads, p = self.parameters.heads[index], self.parameters
        if head >= heads or what not in HEAD_QUANTITIES:
            return None
        cycles = self.core.stations[index].cycles
        turns = (cycles - head - 1) // heads + 1 if cycles > head else 0
        deviation = self.head_deviation(index, head)
        if what == "count":
            return float(turns)
        # What a head gave last time varies from part to part, a third as much as from head to head.
        draw = self.core.normal(index, "eye", 2_000_000_000 + head * 1_000_000 + turns)
        last = 1.0 + deviation + 0.33 * p.head_scatter * draw
        if what == "volume_m3":
            return p.fill_m3 * last
        if what == "time_s":
            return p.fill_s * (1.0 - 0.5 * (last - 1.0))
        if what == "pressure_pa":
            return p.fill_pressure_pa * (1.0 + 0.2 * (last - 1.0))
        return self.site.fluid_k + 0.1 * draw

    def commands(self) -> dict[str, Command]:
        """Return start and stop of the line, and the choice of the variant."""
        return {"run": self._run, "variant": self._variant}

    def _run(self, value: float) -> None:
        self.core.running = value != 0.0
        self.core.poke()

    def _variant(self, value: float) -> None:
        self.core.variant = int(min(max(value, 0.0), max(len(self.parameters.setup_s) - 1, 0)))

    def balances(self) -> dict[str, Balance]:
        """Return parts: in = out + scrap + on the line, exactly."""
        core = self.core
        return {"parts": Balance(float(core.entered), float(core.finished + core.scrapped), float(core.in_process))}

    def save(self) -> dict[str, Any]:
        """Return states, and those of the belts."""
        return super().save() | {"belts": [belt.save() for belt in self.belts]}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        states = dict(saved)
        for belt, state in zip(self.belts, states.pop("belts"), strict=True):
            belt.restore(state)
        super().restore(states)
