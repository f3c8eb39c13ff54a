"""How long a device takes: a plain delay, or a serial gateway that serves one request at a time. No clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rigs.devices.modbus import ModbusGateway, ModbusSettings

_BUSY: Final = 6
_NO_PATH: Final = 10
_NO_ANSWER: Final = 11
# Requests that wait for a plain delay: a client that never waits could make us keep them without end.
_WAITING_MAX: Final = 256


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
        while ends and ends[0] <= now_s:
            ends.popleft()
        if len(ends) >= self._depth:
            return 0.0, _BUSY
        absent = unit in self._silent or (self._units is not None and unit not in self._units)
        takes_s = self._target_timeout_s if absent else self._latency_s(unit)
        ends.append((ends[-1] if ends else now_s) + takes_s)
        return ends[-1] - now_s, _NO_ANSWER if absent else None


def pace_of(
    settings: ModbusSettings, units: Collection[int]
) -> Callable[[int, float], tuple[float, int | None]] | None:
    """Return the pace that a rig asks for, None for a device that answers at once."""
    if settings.gateway is not None:
        return _gateway(settings.gateway, units).pace
    if settings.delay > 0.0:
        delay_s = settings.delay
        waiting: deque[float] = deque()

        def pace(_unit: int, now_s: float) -> tuple[float, int | None]:
            while waiting and waiting[0] <= now_s:
                waiting.popleft()
            if len(waiting) >= _WAITING_MAX:
                return 0.0, _BUSY
            waiting.append(now_s + delay_s)
            return delay_s, None

        return pace
    return None


def _gateway(asked: ModbusGateway, units: Collection[int]) -> Queue:
    return Queue(
        asked.depth,
        lambda unit: asked.latencies.get(unit, asked.latency),
        target_timeout_s=asked.target_timeout,
        silent=asked.silent,
        no_path=asked.no_path,
        units=units,
    )
