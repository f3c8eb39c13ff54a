"""Damage time: how fast a part ages, how far it has come, and the severity of its fault."""

import math
from dataclasses import dataclass
from typing import Any

from emulator.life.degradation import begins_at, law_of, stretch
from emulator.life.laws.base import Law
from emulator.streams import Streams
from rigs.life import LifeLaw

NANO = 1e-9
TURN = 2.0 * math.pi
FASTEST = 1e30  # damage time per plant time


@dataclass(slots=True)
class State:
    """What changes: the generation (one more after each repair), where it began, and the damage clock.

    `tau` is the damage time [s, or cycles] at plant time `at_ns`, `rate` how much of it passes per plant second.
    """

    generation: int = 0
    start: float = 0.0
    tau: float = 0.0
    at_ns: int = 0
    rate: float = 0.0
    failed_ns: int | None = None


class Process:
    """One part that ages: a law's path, run through at the rate of its damage clock.

    The path is a pure function of (seed, asset, mode, generation, start), so the damage time of failure is known
    from the beginning; load, heat, causes and acceleration change how fast the part gets there, and nothing else.

    Parameters
    ----------
    name : str
        ``<asset>/<mode>``; names the streams.
    on : str
        What it acts on.
    mode : str
        The wear's id, or the kind of its fault.
    spec : LifeLaw
        The law with what drives it.
    streams : Streams
        Of the run.
    onset_ns : int
        Plant time from which it ages [ns].

    """

    def __init__(self, name: str, on: str, mode: str, spec: LifeLaw, streams: Streams, onset_ns: int = 0) -> None:
        self.name = name
        self.on = on
        self.mode = mode
        self.spec = spec
        self.onset_ns = onset_ns
        self.state = State(at_ns=onset_ns)
        self._streams = streams
        self._stretch = stretch(spec)
        self._law: tuple[tuple[int, float], Law] | None = None

    @property
    def law(self) -> Law:
        """The path of the present generation."""
        key = (self.state.generation, self.state.start)
        if self._law is None or self._law[0] != key:
            path = f"life/{self.name}/{self.state.generation}"
            self._law = (key, law_of(self.spec, self._streams, path, self.state.start))
        return self._law[1]

    @property
    def end(self) -> float:
        """Damage time at which the present generation fails [s, or cycles]."""
        return self.law.end * self._stretch

    # --- the damage clock ---------------------------------------------------------------------------------

    def tau(self, t_ns: int) -> float:
        """Return the damage time [s, or cycles] at plant time `t_ns` [ns], at or after the last change of rate."""
        state = self.state
        return state.tau + state.rate * max(t_ns - state.at_ns, 0) * NANO

    def run(self, t_ns: int, rate: float) -> None:
        """From plant time `t_ns` [ns] on, damage time passes `rate` times as fast as plant time."""
        t_ns = max(t_ns, self.onset_ns)
        self.state.tau, self.state.at_ns, self.state.rate = self.tau(t_ns), t_ns, rate

    def path(self, tau: float) -> float:
        """Return X/D at a damage time: what any run of this seed goes through, however fast."""
        return self.law.value(tau / self._stretch) / self.law.limit

    def damage(self, t_ns: int) -> float:
        """Return X/D at plant time `t_ns` [ns]; 1 is failure."""
        return self.path(self.tau(t_ns))

    def severity(self, t_ns: int) -> float:
        """Return the severity in [0, 1] that the damage gives the fault."""
        if t_ns < self.onset_ns:
            return 0.0
        shape = self.spec.damage
        start = max(shape.start, begins_at(self.spec))
        share = (self.damage(t_ns) - start) / (shape.end - start)
        return float(min(max(share, 0.0), 1.0) ** shape.power)

    def held_severity(self, t_ns: int) -> float:
        """Return the severity at the last change of rate before `t_ns` [ns], which lies on the grid of seconds.

        The fault is moved at that grid only: how often the plant looks does not change what it sees.
        """
        return self.severity(min(t_ns, self.state.at_ns)) if t_ns >= self.onset_ns else 0.0

    # --- the end ------------------------------------------------------------------------------------------

    def rul_s(self, t_ns: int) -> float:
        """Return the plant seconds left at the present rate; infinite if it stands, 0 once failed."""
        left = self.end - self.tau(t_ns)
        if left <= 0.0:
            return 0.0
        return left / self.state.rate if self.state.rate > 0.0 else math.inf

    def fails_ns(self) -> int | None:
        """Return the plant time [ns] at which it fails at the present rate."""
        if self.state.failed_ns is not None:
            return self.state.failed_ns
        left_s = self.rul_s(self.state.at_ns)
        return None if math.isinf(left_s) else self.state.at_ns + round(left_s / NANO)

    def look(self, t_ns: int) -> bool:
        """Note the failure if it has come by `t_ns` [ns]; True the first time."""
        if self.state.failed_ns is not None or t_ns < self.onset_ns or self.tau(t_ns) < self.end:
            return False
        self.state.failed_ns = self.fails_ns()
        return True

    def repair(self, t_ns: int, quality: float) -> None:
        """Leave the share `quality` of the damage X at plant time `t_ns` [ns]; from there a new path begins."""
        left = min(max(self.damage(t_ns), 0.0), 1.0) * quality if t_ns >= self.onset_ns else 0.0
        rate, generation = self.state.rate, self.state.generation + 1
        self.state = State(generation, left, 0.0, max(t_ns, self.onset_ns), rate)

    def truth(self, t_ns: int) -> dict[str, Any]:
        """Return the true state as plain data; None stands for infinite."""
        rul_s = self.rul_s(t_ns) if t_ns >= self.onset_ns else None
        left = self.end - self.tau(t_ns)
        return {
            "on": self.on, "mode": self.mode, "law": getattr(self.spec, "law", ""),
            "generation": self.state.generation, "damage": self.damage(t_ns), "severity": self.severity(t_ns),
            "damage_time": self.tau(t_ns), "rate": self.state.rate,
            "rul_s": None if rul_s is None or math.isinf(rul_s) else rul_s,
            "rul_damage_time": None if math.isinf(left) else max(left, 0.0), "failed_ns": self.state.failed_ns,
        }  # fmt: skip


def driving_rate(spec: LifeLaw, read: Any) -> float:
    """Return the damage rate that load, heat and cycles give, before causes and acceleration.

    (P/P0)^exponent for each load, 2^((T−T0)/doubling) for heat, cycles per second for fatigue laws.

    Parameters
    ----------
    spec : LifeLaw
        What drives it.
    read : callable
        Signal name -> true value (SI).

    """
    rate = 1.0
    for load in spec.load:
        # Cut where a part would fail at once anyway, and where a power would overflow.
        rate *= min(abs(read(load.signal)) / load.reference, 1e6) ** load.exponent
    if spec.heat is not None:
        rate *= 2.0 ** min((read(spec.heat.signal) - spec.heat.reference) / spec.heat.doubling, 60.0)
    if spec.cycles is not None:
        counted = spec.cycles.rate
        if spec.cycles.signal is not None:
            counted = abs(read(spec.cycles.signal)) / TURN
        rate *= (counted or 0.0) * spec.cycles.per_turn
    return min(rate, FASTEST)
