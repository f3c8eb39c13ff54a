"""Plant time. The only module that asks the computer for the time, and the only one that waits.

Plant time is an integer of nanoseconds since the start of the run. A clock says where that start lies on the calendar
(`epoch_ns`) and, at each block edge, when the next block may begin. Lockstep never waits: whoever drives it decides.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

# Where lockstep runs stand on the calendar: fixed, so that the same seed gives the same time stamps on the wire.
LOCKSTEP_EPOCH_NS: Final = 1_735_689_600_000_000_000  # 2025-01-01T00:00:00Z
SECOND: Final = 1_000_000_000


def calendar() -> datetime:
    """Return the computer's date and time in UTC: for what outlives a run, such as certificates."""
    return datetime.now(UTC)


class Clock(Protocol):
    """Paces the plant."""

    kind: str
    epoch_ns: int

    @property
    def rate(self) -> float | None:
        """Plant seconds per real second; None where time goes by steps."""
        ...

    def begin(self, t_ns: int) -> int:
        """Start pacing at plant time `t_ns` [ns]; returns the epoch, from now on fixed."""
        ...

    async def wait_until(self, t_ns: int) -> int:
        """Return once plant time `t_ns` [ns] is due, with the lateness in nanoseconds of real time."""
        ...


@dataclass(slots=True)
class LockstepClock:
    """Always due: the plant runs as fast as its driver lets it."""

    kind: str = "lockstep"
    epoch_ns: int = LOCKSTEP_EPOCH_NS

    @property
    def rate(self) -> float | None:
        """None: nothing passes between two steps."""
        return None

    def begin(self, t_ns: int) -> int:
        """Return the fixed epoch."""
        return self.epoch_ns

    async def wait_until(self, t_ns: int) -> int:
        """Return at once; lockstep cannot be late."""
        return 0


@dataclass(slots=True)
class WallClock:
    """Real time, or `scale` times as fast, on a grid counted from one fixed origin.

    Parameters
    ----------
    scale : float
        Plant seconds per real second; 1 is real time.

    """

    scale: float = 1.0
    kind: str = field(default="wall", init=False)
    epoch_ns: int = field(default_factory=time.time_ns)
    _origin_ns: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f"clock scale = {self.scale} must be above 0")
        if self.scale != 1.0:
            self.kind = f"x{self.scale:g}"

    @property
    def rate(self) -> float | None:
        """The scale."""
        return self.scale

    def begin(self, t_ns: int) -> int:
        """Lay the grid so that `t_ns` is due now: what came before (opening ports, starting a twin) is not lateness."""
        self._origin_ns = time.monotonic_ns() - round(t_ns / self.scale)
        self.epoch_ns = time.time_ns() - t_ns
        return self.epoch_ns

    async def wait_until(self, t_ns: int) -> int:
        """Wait for the grid point of plant time `t_ns`; lateness is measured, never made up for by skipping."""
        if self._origin_ns == 0:
            self.begin(t_ns)
        due_ns = self._origin_ns + round(t_ns / self.scale)
        while (left_ns := due_ns - time.monotonic_ns()) > 0:  # noqa: ASYNC110 - time itself is what is waited for
            # The event loop rounds waits up to a millisecond: aim short of the edge, then yield until it comes.
            await asyncio.sleep(max(0.0, left_ns / SECOND - 0.0015))
        return time.monotonic_ns() - due_ns

    def shift(self, real_ns: int) -> None:
        """Move the grid later by `real_ns` of real time (after a pause)."""
        if self._origin_ns:
            self._origin_ns += real_ns


def clock_from(text: str) -> Clock:
    """Return the clock a command line names: ``lockstep``, ``wall`` or ``xN``.

    Raises
    ------
    ValueError
        Any other word.

    """
    if text == "lockstep":
        return LockstepClock()
    if text == "wall":
        return WallClock()
    if text.startswith("x"):
        try:
            return WallClock(scale=float(text[1:]))
        except ValueError:
            pass
    raise ValueError(f"clock {text!r} must be lockstep, wall or xN such as x10")


def stopwatch_ns() -> int:
    """Return real elapsed time [ns] from an arbitrary origin, for measuring the bench itself."""
    return time.monotonic_ns()
