"""What goes wrong on a serial line, as its faults say: which kinds, how often, how much.

Each device of a line has one of these, part of its server's misbehaviour; what a kind does stands where the bytes
are: `shaping` (a device's own answers) and `noise` (everything on the line).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_GOLDEN_RATIO = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind: the share of frames or bytes it hits, its size, the only unit it hits (0: every one), a word."""

    share: float = 1.0
    size: float = 0.0
    unit: int = 0
    word: str = ""


def evenly_spread(kind: str, index: int, count: int) -> list[float]:
    """Return numbers in [0, 1) for indices from `index` on, such that hits spread evenly."""
    return [(index + k + 1) * _GOLDEN_RATIO % 1.0 for k in range(count)]


class SerialTrouble:
    """What is wrong at one device of a line now.

    Attributes
    ----------
    uniform
        pure function of kind, first index and count to that many numbers in [0, 1).
    inserted
        called with the kind and a detail each time something on the wire is really touched.
    changed
        called after each change of what is wrong, if set.
    """

    __slots__ = ("_seen", "changed", "inserted", "now", "uniform")

    def __init__(self) -> None:
        self.now: dict[str, Trouble] = {}
        self.uniform: Callable[[str, int, int], Any] = evenly_spread
        self.inserted: Callable[..., None] | None = None
        self.changed: Callable[[], None] | None = None
        self._seen: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"SerialTrouble({self.now})"

    def set(self, kind: str, trouble: Trouble | None) -> None:
        """Have a kind from now on; None takes it away."""
        if trouble == self.now.get(kind):
            return
        if trouble is None:
            del self.now[kind]
        else:
            self.now[kind] = trouble
        if self.changed is not None:
            self.changed()

    def hits(self, kind: str, unit: int = 0) -> Trouble | None:
        """Return the trouble if it hits this frame (of `unit`); counts the frame and reports the hit."""
        trouble = self.now.get(kind)
        if trouble is None or (trouble.unit and unit and trouble.unit != unit):
            return None
        if trouble.share < 1.0 and self.draws(kind, 1)[0] >= trouble.share:
            return None
        self.note(kind)
        return trouble

    def draws(self, kind: str, count: int) -> Any:
        """Return the next `count` numbers in [0, 1) of that kind."""
        index = self._seen.get(kind, 0)
        self._seen[kind] = index + count
        return self.uniform(kind, index, count)

    def byte(self, kind: str) -> int:
        """Return a byte drawn for that kind."""
        return int(self.draws(f"{kind}/byte", 1)[0] * 256)

    def note(self, kind: str, detail: str = "") -> None:
        """Report that the kind touched the wire."""
        if self.inserted is not None:
            self.inserted(kind, detail)
