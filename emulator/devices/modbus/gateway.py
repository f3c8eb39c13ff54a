"""How long a device takes: a plain delay, or a serial gateway that serves one request at a time. No clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from emulator.devices.modbus.conversation import Pace
    from rigs.devices.modbus import ModbusGateway, ModbusSettings

_BUSY: Final = 6
_NO_PATH: Final = 10
_NO_ANSWER: Final = 11
# Requests that wait for a plain delay: a client that never waits could make us keep them without end.
_WAITING_MAX: Final = 256
# Rounding of plant time [s].
_HAIR_S: Final = 1e-9


class Delay:
    """A device that takes `delay_s` [s] for every request, however many it has."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._ends_s: deque[float] = deque()

    def pace(self, _unit: int, now_s: float) -> tuple[float, int | None]:
        """Take a request at plant time `now_s`; return its delay [s] and exception, if any."""
        self.done(now_s)
        if len(self._ends_s) >= _WAITING_MAX:
            return 0.0, _BUSY
        self._ends_s.append(now_s + self._delay_s)
        return self._delay_s, None

    def done(self, end_s: float) -> None:
        """Take note that the request that was to be answered at `end_s` has been."""
        _finish(self._ends_s, end_s)


class Queue:
    """A serial line behind a gateway, as all its connections see it.

    Parameters
    ----------
    depth
        requests that may wait or be under way; one more is answered 06 at once.
    latency_s
        called with a unit: the serial side's time [s].
    silent, no_path
        units that do not answer (0B after `target_timeout_s`), and units that are not routed (0A at once).
    units
        the units that are there; any other is silent too. None asks for no such check.
    """

    def __init__(
        self,
        depth: int,
        latency_s: Callable[[int], float],
        *,
        target_timeout_s: float = 1.0,
        silent: Collection[int] = (),
        no_path: Collection[int] = (),
        units: Collection[int] | None = None,
    ) -> None:
        self._depth = depth
        self._latency_s = latency_s
        self._target_timeout_s = target_timeout_s
        self._silent = silent
        self._no_path = no_path
        self._units = units
        self._ends_s: deque[float] = deque()

    def pace(self, unit: int, now_s: float) -> tuple[float, int | None]:
        """Put a request to `unit` at plant time `now_s` in the queue; return its delay [s] and exception, if any."""
        if unit in self._no_path:
            return 0.0, _NO_PATH
        ends = self._ends_s
        self.done(now_s)
        if len(ends) >= self._depth:
            return 0.0, _BUSY
        absent = unit in self._silent or (self._units is not None and unit not in self._units)
        takes_s = self._target_timeout_s if absent else self._latency_s(unit)
        ends.append((ends[-1] if ends else now_s) + takes_s)
        return ends[-1] - now_s, _NO_ANSWER if absent else None

    def done(self, end_s: float) -> None:
        """Take note that the request that was to be answered at `end_s` has been.

        In lockstep that may be before plant time gets there, and the line is free for the next one.
        """
        _finish(self._ends_s, end_s)


def _finish(ends: deque[float], end_s: float) -> None:
    while ends and ends[0] <= end_s + _HAIR_S:
        ends.popleft()


def pace_of(settings: ModbusSettings, units: Collection[int]) -> Pace | None:
    """Return the pace that a rig asks for, None for a device that answers at once."""
    if settings.gateway is not None:
        return _gateway(settings.gateway, units)
    return Delay(settings.delay) if settings.delay > 0.0 else None


def _gateway(asked: ModbusGateway, units: Collection[int]) -> Queue:
    return Queue(
        asked.depth,
        lambda unit: asked.latencies.get(unit, asked.latency),
        target_timeout_s=asked.target_timeout,
        silent=asked.silent,
        no_path=asked.no_path,
        units=units,
    )
