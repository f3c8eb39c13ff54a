"""What a Modbus server does wrong on request.

Each kind says how large a share of requests it hits, optionally on one unit only. Which requests those are is
decided by a repeatable draw on the index of the request among those the kind could have hit since the start,
so two runs of one scenario misbehave at the same requests. Stable ids of the catalogue are in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from emulator.devices.serial.trouble import SerialTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["modbus_exception", "modbus_no_answer", "modbus_late_answer", "modbus_wrong_transaction_id"]
_GOLDEN_RATIO = 0.6180339887498949


class Insertion(Protocol):
    """What every kind has: a share of requests in [0, 1] and a unit (None: all)."""

    @property
    def share(self) -> float:
        """Share of requests it hits."""
        ...

    @property
    def unit(self) -> int | None:
        """The only unit it hits, or None for every unit."""
        ...


@dataclass(frozen=True, slots=True)
class ExceptionAnswer:
    """An exception instead of the answer; the request is not carried out [M17]."""

    share: float = 1.0
    unit: int | None = None
    code: int = 4


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request is carried out and the answer is lost [M19, M25]."""

    share: float = 1.0
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """The answer waits for `delay_s`, or for the connection's next request: then old goes before new [M2]."""

    share: float = 1.0
    unit: int | None = None
    delay_s: float = 1.0


@dataclass(frozen=True, slots=True)
class WrongTransactionId:
    """The answer carries the transaction id plus `offset` (mod 65536); a serial line has none [M1]."""

    share: float = 1.0
    unit: int | None = None
    offset: int = 1


def evenly_spread(kind: str, index: int) -> float:
    """Return a number in [0, 1) for the `index`-th request, such that hits spread evenly."""
    return (index + 1) * _GOLDEN_RATIO % 1.0


@dataclass(slots=True)
class ModbusMisbehaviour:
    """What one server does wrong now; protocol faults write the four kinds, None is healthy.

    `draw` is a pure function of kind and request index to [0, 1). `inserted`, if given, is called with the
    kind each time a request is hit; `active` is false while all four are None, and is all a healthy server
    looks at. `serial` is what goes wrong at the device's end of a serial line, if it is on one.
    """

    draw: Callable[[str, int], float] = evenly_spread
    inserted: Callable[[str], None] | None = None
    active: bool = field(default=False, init=False)
    exception: ExceptionAnswer | None = field(default=None, init=False)
    no_answer: NoAnswer | None = field(default=None, init=False)
    late_answer: LateAnswer | None = field(default=None, init=False)
    wrong_transaction_id: WrongTransactionId | None = field(default=None, init=False)
    serial: SerialTrouble = field(default_factory=SerialTrouble, init=False)
    _seen: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def set(
        self,
        *,
        exception: ExceptionAnswer | Literal["keep"] | None = "keep",
        no_answer: NoAnswer | Literal["keep"] | None = "keep",
        late_answer: LateAnswer | Literal["keep"] | None = "keep",
        wrong_transaction_id: WrongTransactionId | Literal["keep"] | None = "keep",
    ) -> None:
        """Change the kinds named, keep the others."""
        if exception != "keep":
            self.exception = exception
        if no_answer != "keep":
            self.no_answer = no_answer
        if late_answer != "keep":
            self.late_answer = late_answer
        if wrong_transaction_id != "keep":
            self.wrong_transaction_id = wrong_transaction_id
        kinds = (self.exception, self.no_answer, self.late_answer, self.wrong_transaction_id)
        self.active = any(kind is not None for kind in kinds)

    def hits(self, kind: Kind, insertion: Insertion | None, unit: int) -> bool:
        """Whether `insertion` hits this request to `unit`; counts the request, and reports a hit."""
        if insertion is None or (insertion.unit is not None and insertion.unit != unit):
            return False
        index = self._seen.get(kind, 0)
        self._seen[kind] = index + 1
        if insertion.share < 1.0 and self.draw(kind, index) >= insertion.share:
            return False
        if self.inserted is not None:
            self.inserted(kind)
        return True
