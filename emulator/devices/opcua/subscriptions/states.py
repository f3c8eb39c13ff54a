"""The states of a subscription, as the table of OPC 10000-4 §5.14.1.2 has them.

Rows 1 to 3 (creation) and the rows of the other services are plain methods; here is what a Publish request and the
publishing timer do. A row applies when its condition holds; its actions are methods of the subscription, made in
order. Every expiry of the timer restarts it and counts the lifetime down first, so that is not repeated below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol


class State(Enum):
    """Where a subscription stands."""

    NORMAL = "normal"
    LATE = "late"
    KEEP_ALIVE = "keep-alive"
    CLOSED = "closed"


class Machine(Protocol):
    """What the conditions look at."""

    state: State
    enabled: bool
    more: bool
    sent: bool
    keep_alive_left: int

    @property
    def queued(self) -> bool:
        """Whether a Publish request waits."""
        ...

    @property
    def available(self) -> bool:
        """Whether notifications wait."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row: number in the specification, state, condition, actions, state afterwards."""

    number: int
    state: State
    when: Callable[[Machine], bool]
    does: tuple[str, ...]
    then: State


def _worth(s: Machine) -> bool:
    """Return whether there is something to say: publishing is on and notifications wait."""
    return s.enabled and s.available


def _always(s: Machine) -> bool:
    return True


_N, _L, _K = State.NORMAL, State.LATE, State.KEEP_ALIVE
_ALIVE, _SEND, _QUIET = "reset_lifetime", "return_notifications", "return_keep_alive"

PUBLISH: Final = (
    Row(4, _N, lambda s: not s.enabled or not s.more, (_ALIVE,), _N),
    Row(5, _N, _always, (_ALIVE, _SEND), _N),
    Row(10, _L, lambda s: s.enabled and (s.available or s.more), (_ALIVE, _SEND), _N),
    Row(11, _L, _always, (_ALIVE, _QUIET), _K),
    Row(13, _K, _always, (_ALIVE,), _K),
)
TIMER: Final = (
    Row(6, _N, lambda s: s.queued and _worth(s), (_ALIVE, _SEND), _N),
    Row(7, _N, lambda s: s.queued and not s.sent, (_ALIVE, _QUIET), _N),
    Row(8, _N, lambda s: not s.queued and (not s.sent or _worth(s)), (), _L),
    Row(9, _N, _always, ("reset_keep_alive", "count_keep_alive"), _K),
    Row(12, _L, _always, (), _L),
    Row(14, _K, lambda s: s.queued and _worth(s), (_ALIVE, _SEND), _N),
    Row(15, _K, lambda s: s.queued and s.keep_alive_left <= 1, (_ALIVE, _QUIET), _K),
    Row(17, _K, lambda s: not s.queued and (s.keep_alive_left <= 1 or _worth(s)), (), _L),
    Row(16, _K, _always, ("count_keep_alive",), _K),
)


def step(machine: Machine, rows: tuple[Row, ...]) -> int:
    """Make the first row that applies happen; returns its number, 0 in a closed subscription.

    The state is set before the actions, so that they may change it (a subscription that closes itself).
    """
    for row in rows:
        if row.state is machine.state and row.when(machine):
            machine.state = row.then
            for action in row.does:
                getattr(machine, action)()
            return row.number
    return 0
