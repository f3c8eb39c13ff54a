"""A line of stations with finite buffers, event by event: integer nanoseconds, a heap, parts with numbers.

Order at one instant is part of the model: failures and repairs first, then ends of cycles, then arrivals, and within
each the stations from the end of the line to its start, so that a part that leaves makes room for the one behind it.
Failures depend on operation: a station ages only while it works (Buzacott; Gershwin 1994). Every draw is a pure
function of station, purpose and number.
"""

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from emulator.physics.kernels.philox import philox_normal, philox_uniform
from emulator.streams import Stream, Streams

SECOND = 1_000_000_000


class State(IntEnum):
    """What a station does, after PackML (ISA-TR88.00.02): the numbers are those of its state word."""

    STOPPED = 2
    STARVED = 4  # idle: nothing to work on
    WORKING = 6  # execute
    ABORTED = 9  # down
    BLOCKED = 11  # held: nowhere to put the part
    CHANGEOVER = 15


@dataclass(slots=True)
class Part:
    """One part. `entered_ns` is when it came into the present buffer; `variant` what it is."""

    number: int
    variant: int
    good: bool = True
    entered_ns: int = 0
    ready_ns: int = 0


@dataclass(frozen=True, slots=True)
class StationPlan:
    """What a station is meant to do.

    Attributes
    ----------
    cycle_s, law : ideal cycle, "fixed" or "exponential" (then its mean).
    failure, repair : probability per cycle of failing and of being repaired: mean up time cycle/failure of work, mean
        down time cycle/repair.
    reject : probability that the station spoils a part.
    inspect : whether it looks at parts and takes out those it finds bad; `miss`, `alarm` its errors.
    buffer, transit_s : room behind the station, and the time a part takes through it.

    """

    name: str
    cycle_s: float
    law: str = "fixed"
    failure: float = 0.0
    repair: float = 0.1
    reject: float = 0.0
    inspect: bool = False
    miss: float = 0.02
    alarm: float = 0.02
    buffer: int = 20
    transit_s: float = 0.0


@dataclass(slots=True)
class Station:
    """A station and the buffer behind it, as they are now; times in ns, counts since the start."""

    plan: StationPlan
    state: State = State.STARVED
    part: Part | None = None
    variant: int = 0
    cycle_gain: float = 1.0  # what faults change
    failure_gain: float = 1.0
    reject_extra: float = 0.0
    queue: deque[Part] = field(default_factory=deque)
    since_ns: int = 0
    spent_ns: dict[int, int] = field(default_factory=dict)
    work_left_ns: int = 0  # of the cycle that a failure interrupted
    work_began_ns: int = 0
    age_ns: int = 0  # worked since the last repair
    life_ns: int = 0  # age at which it fails next
    cycles: int = 0
    failures: int = 0
    taken: int = 0
    made: int = 0
    spoiled: int = 0
    scrapped: int = 0
    good_scrapped: int = 0
    bad_passed: int = 0
    setups: int = 0
    ideal_ns: int = 0
    queue_area: int = 0  # ∫ level dt of the buffer behind [ns]
    queue_since_ns: int = 0
    waited_ns: int = 0
    left_queue: int = 0
    epoch: int = 0  # an event of an older epoch has lost its meaning


FAIL, MEND, READY, END = 0, 1, 2, 3
"""Kinds of events, in the order in which they happen at one instant."""


class LineCore:
    """The stations in their order; `advance(t_ns)` carries everything out that happens before `t_ns`.

    `supply` is how many parts wait before the first station (None: as many as it takes); `arrivals_s` feeds it one by
    one at exponential intervals of that mean.
    """

    def __init__(self, plans: tuple[StationPlan, ...], streams: Streams, name: str, arrivals_s: float = 0.0) -> None:
        self.stations = [Station(plan) for plan in plans]
        self._draws = [
            {what: streams(f"{name}/{plan.name}/{what}") for what in ("cycle", "up", "down", "reject", "eye")}
            for plan in plans
        ]
        self._arrivals = streams(f"{name}/arrivals")
        self.arrivals_s = arrivals_s
        self.supply: int | None = None if arrivals_s == 0.0 else 0
        self.running = True
        self.t_ns = 0
        self.entered = self.finished = self.finished_bad = 0
        self.variant = 0
        self.setup_s: tuple[tuple[float, ...], ...] = ((0.0,),)
        self._heap: list[tuple[int, int, int, int, int]] = []
        self._arrived = 0
        self._last_seen_ns = 0
        for index, station in enumerate(self.stations):
            station.life_ns = self._life(index, station)
        if arrivals_s:
            self._next_arrival(0)

    # --- draws --------------------------------------------------------------------------------------------

    @staticmethod
    def _exponential(stream: Stream, number: int) -> float:
        return -math.log(float(philox_uniform(stream.key0, stream.key1, number)))

    def _life(self, index: int, station: Station) -> int:
        rate = station.plan.failure
        if rate <= 0.0:
            return 1 << 62
        mean_s = station.plan.cycle_s / rate
        return max(round(self._exponential(self._draws[index]["up"], station.failures) * mean_s * SECOND), 1)

    def uniform(self, index: int, what: str, number: int) -> float:
        """Return a uniform draw of a station."""
        stream = self._draws[index][what]
        return float(philox_uniform(stream.key0, stream.key1, number))

    def normal(self, index: int, what: str, number: int) -> float:
        """Return a normal draw of a station."""
        stream = self._draws[index][what]
        return float(philox_normal(stream.key0, stream.key1, number))

    # --- events -------------------------------------------------------------------------------------------

    def _push(self, t_ns: int, kind: int, index: int) -> None:
        # From the end of the line to its start: a higher index comes first.
        heapq.heappush(self._heap, (t_ns, kind, -index, self.stations[index].epoch, index))

    def _next_arrival(self, t_ns: int) -> None:
        gap = self._exponential(self._arrivals, self._arrived) * self.arrivals_s
        heapq.heappush(self._heap, (t_ns + max(round(gap * SECOND), 1), READY, 1, 0, -1))

    def advance(self, t_ns: int) -> None:
        """Carry out all events before `t_ns` [ns]."""
        if self.t_ns == 0 and not self._heap:
            self._settle_all(0)
        while self._heap and self._heap[0][0] < t_ns:
            at, kind, _, epoch, index = heapq.heappop(self._heap)
            if index < 0:
                self._arrived += 1
                self.supply = (self.supply or 0) + 1
                self._next_arrival(at)
                self._settle_all(at)
                continue
            station = self.stations[index]
            if kind != READY and epoch != station.epoch:
                continue
            if kind == FAIL:
                self._fail(at, index, station)
            elif kind == MEND:
                self._mend(at, index, station)
            elif kind == END:
                self._end(at, index, station)
            self._settle_all(at)
        self.t_ns = t_ns

    def poke(self) -> None:
        """Look again who can go on: after a command, a change of supply or of a buffer."""
        self._settle_all(self.t_ns)

    def _set(self, t_ns: int, station: Station, state: State) -> None:
        station.spent_ns[station.state] = station.spent_ns.get(station.state, 0) + t_ns - station.since_ns
        station.state, station.since_ns = state, t_ns

    def _settle_all(self, t_ns: int) -> None:
        """Move parts on as far as they go, from the end of the line to its start, until nothing moves."""
        moved = True
        while moved:
            moved = False
            for index in range(len(self.stations) - 1, -1, -1):
                station = self.stations[index]
                if station.part is not None and station.state in (State.BLOCKED, State.WORKING):
                    moved |= station.work_left_ns == 0 and self._hand_on(t_ns, index, station)
                if station.part is None and station.state in (State.STARVED, State.STOPPED, State.BLOCKED):
                    moved |= self._take(t_ns, index, station)

    def _hand_on(self, t_ns: int, index: int, station: Station) -> bool:
        part = station.part
        assert part is not None
        last = index == len(self.stations) - 1
        if not last and len(station.queue) >= station.plan.buffer and station.plan.buffer > 0:
            if station.state != State.BLOCKED:
                self._set(t_ns, station, State.BLOCKED)
            return False
        if not last and station.plan.buffer == 0:
            after = self.stations[index + 1]
            if after.part is not None or station.queue or after.state not in (State.STARVED, State.STOPPED):
                if station.state != State.BLOCKED:
                    self._set(t_ns, station, State.BLOCKED)
                return False
        station.part = None
        station.made += 1
        if last:
            self.finished += 1
            self.finished_bad += not part.good
        else:
            self._level(t_ns, station)
            part.entered_ns = t_ns
            part.ready_ns = t_ns + round(station.plan.transit_s * SECOND)
            station.queue.append(part)
            if part.ready_ns > t_ns:
                self._push(part.ready_ns, READY, index + 1)
        self._set(t_ns, station, State.STARVED)
        return True

    def _level(self, t_ns: int, station: Station) -> None:
        station.queue_area += len(station.queue) * (t_ns - station.queue_since_ns)
        station.queue_since_ns = t_ns

    def _take(self, t_ns: int, index: int, station: Station) -> bool:
        if not self.running:
            if station.state != State.STOPPED:
                self._set(t_ns, station, State.STOPPED)
            return False
        part = self._next_part(t_ns, index)
        if part is None:
            if station.state != State.STARVED:
                self._set(t_ns, station, State.STARVED)
            return False
        station.part = part
        station.taken += 1
        station.cycles += 1
        ideal = station.plan.cycle_s * station.cycle_gain
        if station.plan.law == "exponential":
            ideal *= self._exponential(self._draws[index]["cycle"], station.cycles)
        station.work_left_ns = max(round(ideal * SECOND), 1)
        station.ideal_ns += round(station.plan.cycle_s * SECOND)
        setup = self._setup_s(station.variant, part.variant)
        station.variant = part.variant
        if setup > 0.0:
            station.setups += 1
            self._set(t_ns, station, State.CHANGEOVER)
            station.epoch += 1
            self._push(t_ns + round(setup * SECOND), MEND, index)
        else:
            self._work(t_ns, index, station)
        return True

    def _setup_s(self, before: int, after: int) -> float:
        if before == after or before >= len(self.setup_s) or after >= len(self.setup_s[before]):
            return 0.0
        return self.setup_s[before][after]

    def _next_part(self, t_ns: int, index: int) -> Part | None:
        if index == 0:
            if self.supply is not None:
                if self.supply <= 0:
                    return None
                self.supply -= 1
            self.entered += 1
            return Part(self.entered, self.variant, entered_ns=t_ns)
        before = self.stations[index - 1]
        if not before.queue or before.queue[0].ready_ns > t_ns:
            return None
        self._level(t_ns, before)
        part = before.queue.popleft()
        before.waited_ns += t_ns - part.entered_ns
        before.left_queue += 1
        return part

    def _work(self, t_ns: int, index: int, station: Station) -> None:
        self._set(t_ns, station, State.WORKING)
        station.work_began_ns = t_ns
        station.epoch += 1
        # A station ages by work, faster where a fault makes it jam.
        left = math.ceil((station.life_ns - station.age_ns) / station.failure_gain)
        if left < station.work_left_ns:
            self._push(t_ns + max(left, 1), FAIL, index)
        else:
            self._push(t_ns + station.work_left_ns, END, index)

    def _aged(self, t_ns: int, station: Station) -> None:
        worked = t_ns - station.work_began_ns
        station.age_ns += math.floor(worked * station.failure_gain)
        station.work_left_ns = max(station.work_left_ns - worked, 0)

    def _fail(self, t_ns: int, index: int, station: Station) -> None:
        self._aged(t_ns, station)
        self._set(t_ns, station, State.ABORTED)
        station.epoch += 1
        station.failures += 1
        mean_s = station.plan.cycle_s / station.plan.repair
        down = self._exponential(self._draws[index]["down"], station.failures) * mean_s
        self._push(t_ns + max(round(down * SECOND), 1), MEND, index)

    def _mend(self, t_ns: int, index: int, station: Station) -> None:
        if station.state == State.ABORTED:
            station.age_ns, station.life_ns = 0, self._life(index, station)
        station.work_left_ns = max(station.work_left_ns, 1)
        self._work(t_ns, index, station)

    def _end(self, t_ns: int, index: int, station: Station) -> None:
        self._aged(t_ns, station)
        station.work_left_ns = 0
        part = station.part
        assert part is not None
        spoiled = self.uniform(index, "reject", 2 * part.number) < station.plan.reject + station.reject_extra
        if spoiled and part.good:
            station.spoiled += 1
            part.good = False
        if station.plan.inspect:
            draw = self.uniform(index, "reject", 2 * part.number + 1)
            found_bad = draw >= station.plan.miss if not part.good else draw < station.plan.alarm
            if found_bad:
                station.scrapped += 1
                station.good_scrapped += part.good
                station.part = None
                self._set(t_ns, station, State.STARVED)
                return
            station.bad_passed += not part.good

    # --- accounts -----------------------------------------------------------------------------------------

    @property
    def in_process(self) -> int:
        """Parts on the line now."""
        return sum(len(s.queue) + (s.part is not None) for s in self.stations)

    @property
    def scrapped(self) -> int:
        """Parts taken out."""
        return sum(s.scrapped for s in self.stations)

    def spent_s(self, index: int, state: State) -> float:
        """Time a station has been in a state so far [s]."""
        station = self.stations[index]
        now = self.t_ns - station.since_ns if station.state == state else 0
        return (station.spent_ns.get(state, 0) + now) / SECOND

    def mean_level(self, index: int) -> float:
        """Mean number of parts in the buffer behind a station."""
        station = self.stations[index]
        area = station.queue_area + len(station.queue) * (self.t_ns - station.queue_since_ns)
        return area / self.t_ns if self.t_ns else 0.0
