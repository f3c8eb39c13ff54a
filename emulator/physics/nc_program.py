"""A cyclic part program: load, approach, cut there and back, retract; and the axis that carries it out."""

import math
from dataclasses import dataclass
from typing import NamedTuple

LOAD, APPROACH, CUT, RETRACT = range(4)
NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Program:
    """Part program.

    Attributes
    ----------
    load_s : to change the part · rapid_m, rapid_m_s : way to the part and rapid speed
    cut_m : length of one pass · passes : how many, each back over the way of the one before

    """

    load_s: float = 1.0
    rapid_m: float = 0.1
    rapid_m_s: float = 0.25
    cut_m: float = 0.12
    passes: int = 2

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        rules = {
            "load_s": (self.load_s >= 0.02, "20 ms or more"),
            "rapid_m": (self.rapid_m > 0.0, "above 0"),
            "rapid_m_s": (0.0 < self.rapid_m_s <= 0.02**-1 * self.rapid_m, "above 0, and take 20 ms or more"),
            "cut_m": (self.cut_m > 0.0, "above 0"),
            "passes": (1 <= self.passes <= 1000, "1 … 1000"),
        }
        for name, (good, rule) in rules.items():
            if not good:
                raise ValueError(f"spindle.program.{name} = {getattr(self, name)} must be {rule}")


class Step(NamedTuple):
    """Where the program is: phase, pass, way to go in the phase [m] or time [s] if it loads."""

    phase: int = LOAD
    number: int = 0
    left: float = 1.0


def following(program: Program, step: Step) -> Step:
    """Return the step after one that is done."""
    if step.phase == LOAD:
        return Step(APPROACH, 0, program.rapid_m)
    if step.phase == APPROACH:
        return Step(CUT, 0, program.cut_m)
    if step.phase == CUT and step.number + 1 < program.passes:
        return Step(CUT, step.number + 1, program.cut_m)
    if step.phase == CUT:
        # an even number of passes ends where it began
        home = program.rapid_m + (program.cut_m if program.passes % 2 else 0.0)
        return Step(RETRACT, 0, home)
    return Step(LOAD, 0, program.load_s)


def velocity(program: Program, step: Step, feed_m_s: float) -> float:
    """Return the commanded axis speed [m/s] of a step."""
    if step.phase == APPROACH:
        return program.rapid_m_s
    if step.phase == RETRACT:
        return -program.rapid_m_s
    if step.phase == CUT:
        return feed_m_s if step.number % 2 == 0 else -feed_m_s
    return 0.0


@dataclass(slots=True)
class Axis:
    """A feed axis: the drive follows the command with gain K_v, the table follows the drive through play."""

    command_m: float = 0.0
    drive_m: float = 0.0
    table_m: float = 0.0

    def move(self, velocity_m_s: float, dt_s: float, gain_1_s: float, play_m: float) -> None:
        """Advance by `dt_s` at a commanded speed: exact, the drive's lag is linear and the play is a clamp."""
        lag = self.command_m - self.drive_m
        rest = velocity_m_s / gain_1_s
        faded = math.exp(-gain_1_s * dt_s)
        # within a step of constant command the drive turns back at most once: when its speed K_v·lag passes 0
        turn_m = self.drive_m
        if lag * rest < 0.0:
            when = -math.log(rest / (rest - lag)) / gain_1_s
            if when < dt_s:
                turn_m = self.command_m + velocity_m_s * when
                self._drag(turn_m, play_m)
        self.command_m += velocity_m_s * dt_s
        self.drive_m = self.command_m - (rest + (lag - rest) * faded)
        self._drag(self.drive_m, play_m)

    def _drag(self, drive_m: float, play_m: float) -> None:
        self.table_m = min(max(self.table_m, drive_m - 0.5 * play_m), drive_m + 0.5 * play_m)
