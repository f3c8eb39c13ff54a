"""Stands for a machine of which only the values are known: each keeps its level, wanders about it, takes commands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Self

from emulator.physics.machine import Command, Machine
from emulator.physics.site import Site
from emulator.profiles import OrnsteinUhlenbeck

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Level:
    """A value [SI], the standard deviation with which it wanders, and within how many seconds it does."""

    value: float
    wander: float = 0.0
    settle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class StandInParameters:
    """The values by name."""

    holds: Mapping[str, Level] = field(default_factory=dict)


@dataclass(slots=True)
class StandInCondition:
    """Nothing is known of what could go wrong inside."""


class StandIn(Machine):
    """Values without physics; there is no other way to speak of a device that was only listened to."""

    kind: ClassVar[str] = "stand_in"
    STATES: ClassVar[tuple[str, ...]] = ("levels", "t_s")

    def __init__(self, parameters: StandInParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.condition = StandInCondition()
        self.levels = {held: level.value for held, level in parameters.holds.items()}
        self.t_s = 0.0
        self._wander = {
            held: OrnsteinUhlenbeck(site.streams, f"{name}/{held}", level.settle_s)
            for held, level in parameters.holds.items()
            if level.wander > 0.0
        }

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the stand-in of a `rigs.assets` nameplate."""
        if given:
            raise ValueError(f"plant.parameters.{nameplate.id}: a stand-in has none; its values stand under holds")
        holds = {name: Level(held.value, held.wander, held.settle) for name, held in nameplate.holds.items()}
        return cls(StandInParameters(holds), site, nameplate.id)

    def tick(self, t_ns: int) -> None:
        """Note the time: everything else follows from it when somebody asks."""
        self.t_s = t_ns / SECOND

    def signals(self) -> dict[str, float]:
        """Return every value as it is now [SI]."""
        return {name: self._now(name) for name in self.levels}

    def commands(self) -> dict[str, Command]:
        """Every value can be commanded to another level."""
        return {name: partial(self._set, name) for name in self.levels}

    def _now(self, name: str) -> float:
        wander = self._wander.get(name)
        if wander is None:
            return self.levels[name]
        spread: float = self.parameters.holds[name].wander
        return self.levels[name] + spread * wander(self.t_s)

    def _set(self, name: str, value: float) -> None:
        self.levels[name] = value

    def save(self) -> dict[str, Any]:
        """Return a copy of the levels and the time."""
        return super().save() | {"levels": dict(self.levels)}
