"""When a device does something by itself: timers that run on plant time, whatever the pace of the plant.

A device that publishes every 100 ms or answers 2 s late means its own time. At ten times real time those are 10 ms and
0.2 s of the event loop; in lockstep nothing passes between two commits, so timers fire at commits, in the order of
their times, and a run repeats to the byte.
"""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND: Final = 1_000_000_000


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Have it not come; does nothing once it has."""
        ...


class Timers(Protocol):
    """The timers of one rig's devices."""

    def now_s(self) -> float:
        """Return plant time [s] from an arbitrary origin; never runs backwards."""
        ...

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have `call()` made in `delay_s` of plant time [s]."""
        ...

    def answer(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have an answer go out after `delay_s` of plant time [s]; somebody waits for it."""
        ...


class PacedTimers:
    """Timers of a plant that runs `rate` times as fast as the event loop's clock.

    Parameters
    ----------
    rate
        Plant seconds per real second; 1 is real time.

    """

    def __init__(self, rate: float = 1.0) -> None:
        if not rate > 0:
            raise ValueError(f"rate = {rate} must be above 0")
        self.rate = rate

    def now_s(self) -> float:
        """Return plant time [s]: the loop's, scaled."""
        return asyncio.get_running_loop().time() * self.rate

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have `call()` made in `delay_s` of plant time [s]."""
        return asyncio.get_running_loop().call_later(delay_s / self.rate, call)

    answer = later


class _SteppedTimer:
    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class SteppedTimers:
    """Timers of a plant in lockstep: they fire when whoever steps the plant says that time has passed.

    Parameters
    ----------
    block_s
        How far a step goes [s]: whoever waits for an answer holds up the next step, so an answer that takes less
        comes within the present one.

    """

    def __init__(self, block_s: float = 0.0) -> None:
        self._block_s = block_s
        self._now_ns = 0
        self._count = 0
        self._heap: list[tuple[int, int, _SteppedTimer]] = []

    def now_s(self) -> float:
        """Return plant time [s], as of the last step."""
        return self._now_ns / SECOND

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have `call()` made at the first step at or after `delay_s` of plant time [s]."""
        timer = _SteppedTimer(call)
        self._count += 1
        heapq.heappush(self._heap, (self._now_ns + round(delay_s * SECOND), self._count, timer))
        return timer

    def answer(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have an answer go out: at the loop's next turn if it takes less than a step, else as `later` does."""
        if delay_s < self._block_s:
            return asyncio.get_running_loop().call_soon(call)
        return self.later(delay_s, call)

    def advance(self, t_ns: int) -> None:
        """Let plant time be `t_ns` [ns] and make the calls that are due, each at its own time, oldest first."""
        while self._heap and self._heap[0][0] <= t_ns:
            due_ns, _, timer = heapq.heappop(self._heap)
            self._now_ns = max(self._now_ns, due_ns)
            call, timer.call = timer.call, None
            if call is not None:
                call()
        self._now_ns = max(self._now_ns, t_ns)
