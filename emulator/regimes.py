"""Operating regimes: what the plant is asked to do and what surrounds it, as pure functions of (seed, t)."""

import difflib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from emulator.life.repair import Repair
from emulator.physics.site import Site
from emulator.profiles import OrnsteinUhlenbeck, Profile, Steps, Stops
from emulator.streams import Streams
from rigs.regime import Ambient, Demand, RegimeSettings, Setpoints, Starts, Supply, Visit

SECOND = 1_000_000_000
DAY_S = 86_400.0
YEAR_S = 365.25 * DAY_S
TWO_PI = 2.0 * math.pi
COLDEST_H = 3.0  # air is coldest at three in the morning; plant time 0 is midnight
BUSIEST_H = 13.0

Order = Callable[[str, float], object]


@dataclass(frozen=True, slots=True)
class _Visits:
    spec: Visit
    when: Steps
    quality: Profile

    def between(self, from_ns: int, to_ns: int) -> Iterator[Repair]:
        """Yield the visits in (from_ns, to_ns]."""
        every_s = self.spec.every / SECOND
        for k in range(max(int(from_ns / SECOND / every_s) - 1, 1), int(to_ns / SECOND / every_s) + 1):
            due_ns = round(self.when.begins(k) * SECOND)
            if from_ns < due_ns <= to_ns:
                left = self.spec.quality + self.spec.spread * (2.0 * self.quality(k) - 1.0)
                yield Repair(self.spec.repair, self.spec.mode, min(max(left, 0.0), 1.0), due_ns)


class Regime:
    """The profiles of one plant.

    Parameters
    ----------
    settings : RegimeSettings
        As declared.
    streams : Streams
        Of the run.
    commands : iterable of str
        What the plant can be told.

    Raises
    ------
    ValueError
        A command the plant does not have.

    """

    def __init__(self, settings: RegimeSettings, streams: Streams, commands: Iterable[str]) -> None:
        self.settings = settings
        known = set(commands)
        for name in (
            *(d.command for d in settings.demand),
            *(s.command for s in settings.setpoints),
            *(f"{s.drive}.run" for s in settings.starts),
        ):
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(known))}"
                raise ValueError(f"plant.regime: unknown command {name!r}; {hint}")
        self._site: dict[str, Profile] = _surroundings(settings, streams)
        stops = {spec: Stops(streams(f"regime/{spec.drive}/stops"), spec.per_day, spec.off, _ramp_s(spec))
                 for spec in settings.starts}  # fmt: skip
        self._commands: dict[str, Profile] = {}
        for spec in settings.demand:
            ramps = [stop for start, stop in stops.items() if start.command == spec.command]
            self._commands[spec.command] = _demand(spec, streams, ramps)
        for chosen in settings.setpoints:
            self._commands[chosen.command] = _setpoint(chosen, streams)
        for start, stop in stops.items():
            self._commands[f"{start.drive}.run"] = lambda t_s, stop=stop: float(stop.running(t_s))  # type: ignore[misc]
        self._visits = [_visits(spec, streams) for spec in settings.visits]
        self._looked_ns = -1
        self._sent: dict[str, float] = {}

    def surroundings(self, t_s: float) -> dict[str, float]:
        """Return what `Site` is to hold at plant time `t_s` [s], by attribute."""
        return {name: profile(t_s) for name, profile in self._site.items()}

    def demands(self, t_s: float) -> dict[str, float]:
        """Return the commands that are to stand at plant time `t_s` [s], by name, SI."""
        return {name: profile(t_s) for name, profile in self._commands.items()}

    def visits(self, from_ns: int, to_ns: int) -> list[Repair]:
        """Return the maintenance visits in (from_ns, to_ns], in order."""
        found = [visit for item in self._visits for visit in item.between(from_ns, to_ns)]
        return sorted(found, key=lambda visit: visit.due_ns)

    def apply(self, site: Site, order: Order, t_ns: int) -> list[Repair]:
        """Move the surroundings and give the commands of plant time `t_ns` [ns], once a second.

        Parameters
        ----------
        site : Site
            Written to.
        order : callable
            Takes a command's name and value; False if it is refused, to be tried again.
        t_ns : int
            Plant time of the block edge.

        Returns
        -------
        list of Repair
            Maintenance visits that are due.

        """
        if not self.settings.any or t_ns // SECOND == self._looked_ns // SECOND:
            return []
        t_s = t_ns / SECOND
        for name, value in self.surroundings(t_s).items():
            setattr(site, name, value)
        for name, value in self.demands(t_s).items():
            if self._sent.get(name) != value and order(name, value) is not False:
                self._sent[name] = value
        due = self.visits(self._looked_ns, t_ns)
        self._looked_ns = t_ns
        return due


def _surroundings(settings: RegimeSettings, streams: Streams) -> dict[str, Profile]:
    profiles: dict[str, Profile] = {}
    if settings.ambient is not None:
        profiles["ambient_k"] = _air(settings.ambient, streams)
    if settings.cooling_water is not None:
        water = settings.cooling_water
        weather = OrnsteinUhlenbeck(streams, "regime/cooling_water", water.weather_time)
        profiles["cooling_water_k"] = lambda t_s: (
            water.mean + water.season * _season(t_s) + water.weather * weather(t_s)
        )
    if settings.supply is not None:
        profiles |= _mains(settings.supply, streams)
    if settings.product is not None:
        batch = settings.product
        for name, (low, high) in (("density_gain", batch.density), ("viscosity_gain", batch.viscosity)):
            pieces = Steps(streams("regime/product/when"), streams(f"regime/product/{name}"), batch.every)
            # Viscosity goes by factors: its batches are spread evenly in the logarithm.
            profiles[name] = lambda t_s, low=low, high=high, pieces=pieces: low * (high / low) ** pieces(t_s)  # type: ignore[misc]
    return profiles


def _season(t_s: float) -> float:
    """Return −1 in mid-winter, where plant time 0 lies, to 1 in mid-summer."""
    return -math.cos(TWO_PI * t_s / YEAR_S)


def _air(spec: Ambient, streams: Streams) -> Profile:
    weather = OrnsteinUhlenbeck(streams, "regime/ambient", spec.weather_time)

    def air(t_s: float) -> float:
        day = -math.cos(TWO_PI * (t_s - COLDEST_H * 3600.0) / DAY_S)
        return spec.mean + spec.daily * day + spec.season * _season(t_s) + spec.weather * weather(t_s)

    return air


def _mains(spec: Supply, streams: Streams) -> dict[str, Profile]:
    voltage = OrnsteinUhlenbeck(streams, "regime/mains/voltage", spec.swing_time)
    unbalance = OrnsteinUhlenbeck(streams, "regime/mains/unbalance", spec.unbalance_time)
    # tanh keeps within the limits without a corner; with 0.7·x two sigma reach nine tenths of them.
    return {
        "mains_gain": lambda t_s: 1.0 + spec.swing * math.tanh(0.7 * voltage(t_s)),
        "mains_unbalance": lambda t_s: spec.unbalance * 0.5 * (1.0 + math.tanh(0.7 * unbalance(t_s))),
    }


def _demand(spec: Demand, streams: Streams, ramps: list[Stops]) -> Profile:
    noise = OrnsteinUhlenbeck(streams, f"regime/{spec.command}/noise", spec.noise_time)
    product = _pieces(streams, spec.command, spec.step_every)

    def demand(t_s: float) -> float:
        day = math.cos(TWO_PI * (t_s - BUSIEST_H * 3600.0) / DAY_S)
        d = spec.base + spec.daily * day + spec.steps * (2.0 * product(t_s) - 1.0) + spec.noise * noise(t_s)
        value = spec.low + (spec.high - spec.low) * min(max(d, 0.0), 1.0)
        for ramp in ramps:
            value *= ramp.ramp(t_s)
        return value

    return demand


def _setpoint(spec: Setpoints, streams: Streams) -> Profile:
    pieces = _pieces(streams, spec.command, spec.every)
    return lambda t_s: spec.values[min(int(pieces(t_s) * len(spec.values)), len(spec.values) - 1)]


def _pieces(streams: Streams, name: str, every_s: float) -> Steps:
    return Steps(streams(f"regime/{name}/when"), streams(f"regime/{name}/what"), every_s)


def _visits(spec: Visit, streams: Streams) -> _Visits:
    name = f"visit/{spec.repair}/{spec.mode or 'all'}"
    return _Visits(spec, _pieces(streams, name, spec.every / SECOND), _uniform(streams, f"{name}/quality"))


def _uniform(streams: Streams, name: str) -> Profile:
    stream = streams(f"regime/{name}")
    return lambda k: float(stream.uniform(int(k), 1)[0])


def _ramp_s(spec: Starts) -> float:
    return spec.ramp if spec.mode == "ramped" else 0.0
