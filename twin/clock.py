"""The twin's sense of time. Only this file asks the computer for it.

Source times order the data; this clock says when polls are due, how old a value is and when to try again.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC nanoseconds."""

    def now_ns(self) -> int:
        """Return the time, UTC ns."""


class WallClock:
    """Street time that never steps: UTC read once, then carried on by the monotonic clock.

    An operator or a time service that sets the computer's clock changes no interval here; the difference
    can be seen in `step_ns`.
    """

    __slots__ = ("_origin_ns",)

    def __init__(self) -> None:
        self._origin_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """Return the time, UTC ns."""
        return self._origin_ns + time.monotonic_ns()

    def step_ns(self) -> int:
        """How far the computer's clock has been moved since the start [ns]."""
        return time.time_ns() - self.now_ns()


class LockstepClock:
    """Time that stands still until it is told to move on; it never goes back."""

    __slots__ = ("_now_ns",)

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """Return the time of the last tick, UTC ns."""
        return self._now_ns

    def advance(self, t_ns: int) -> None:
        """Move on to `t_ns` [UTC ns].

        Raises
        ------
        ValueError : `t_ns` lies before the present
        """
        if t_ns < self._now_ns:
            raise ValueError(f"t_ns = {t_ns} lies before the last tick, {self._now_ns}; time only moves forward")
        self._now_ns = t_ns


def stopwatch_s() -> float:
    """Return seconds of a monotonic clock, for measuring how long something took."""
    return time.monotonic()
