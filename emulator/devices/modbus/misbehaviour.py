"""What a Modbus server does wrong on request: an ordered set of insertions, empty when it is healthy.

Each insertion hits a share of the requests it could hit, optionally of one unit or one function only. Which requests
those are is decided by a repeatable draw on the index of the request among those its kind could have hit since the
start, so two runs of one scenario misbehave at the same requests. They act in the order of their stages - on the
request, on the answer's PDU, on its frame - and within a stage in the order of their names, so that composing them
does not depend on which fault began first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from emulator.devices.serial.trouble import SerialTrouble
from emulator.devices.tls import TlsTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.device import ModbusDevice

_GOLDEN_RATIO: Final = 0.6180339887498949
REQUEST, REPLY, FRAME = range(3)
WRITES: Final = frozenset((5, 6, 15, 16, 21, 22, 23))
WORD_READS: Final = frozenset((3, 4, 23))
READS: Final = frozenset((1, 2, 3, 4, 23))


@dataclass(slots=True)
class Exchange:
    """One request on its way to an answer.

    Parameters
    ----------
    device
        who answers.
    transaction, unit
        what the answer is addressed with; insertions may change both.
    request
        the request's PDU.
    now_s
        plant time [s].
    reply
        the answer's PDU, once there is one; None is silence.
    answered
        whether an insertion decided on `reply` in the device's place.
    frame
        the answer's bytes, from the frame stage on.
    before, after
        bytes to leave in the same piece, before and after the frame.
    pieces
        sizes to cut the frame into, and the pause between them [s]; None sends it whole.
    held_s
        how long the frame is held back [s of plant time]; None sends it now.
    held_behind
        a held frame leaves after the next answer instead of before it.
    mbap
        whether frames have an MBAP header.
    """

    device: ModbusDevice
    transaction: int
    unit: int
    request: bytes
    now_s: float
    mbap: bool = True
    reply: bytes | None = None
    answered: bool = False
    frame: bytes = b""
    before: bytes = b""
    after: bytes = b""
    pieces: tuple[int, float] | None = None
    held_s: float | None = None
    held_behind: bool = False

    @property
    def function(self) -> int:
        """Function code asked for."""
        return self.request[0]

    @property
    def data(self) -> bool:
        """Whether the reply is an answer with what was asked for, not an exception or silence."""
        return self.reply is not None and len(self.reply) > 0 and self.reply[0] == self.request[0]


class Insertion:
    """One thing that goes wrong: a small object with one method.

    Parameters
    ----------
    unit
        the only unit hit; None for every unit.
    functions
        the only functions hit; None for all.

    Attributes
    ----------
    share
        share of the requests hit [0, 1]; set by `ModbusMisbehaviour.set`.
    """

    kind: ClassVar[str] = ""
    stage: ClassVar[int] = REPLY

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        self.unit = unit
        self.functions = functions
        self.share = 0.0

    def act(self, exchange: Exchange) -> str | None:
        """Do it to this exchange; return what was done, for the truth log, or None where it does not apply."""
        raise AssertionError(f"{type(self).__name__} has no act")

    def goes_on(self, now_s: float) -> bool:
        """Whether an earlier hit still lasts at plant time `now_s`, so that this request is hit without a draw."""
        return False

    def forget(self) -> None:
        """Drop what was kept of earlier exchanges: it was switched off."""


def evenly_spread(kind: str, index: int) -> float:
    """Return a number in [0, 1) for the `index`-th request, such that hits spread evenly."""
    return (index + 1) * _GOLDEN_RATIO % 1.0


@dataclass(slots=True)
class ModbusMisbehaviour:
    """What one server does wrong now.

    `draw` is a pure function of kind and request index to [0, 1). `inserted`, if given, is called with kind and
    detail each time an exchange is touched. `active` is false while nothing is on, and is all a healthy server looks
    at. `connection_limit` is the fault of a server that runs out of connections: how many it keeps and which goes,
    None where it does not; `on_connection_limit` is the server's, called when that changes.
    `serial` is what goes wrong at the device's end of a serial line, if it is on one; `tls` when TLS connections begin.
    """

    draw: Callable[[str, int], float] = evenly_spread
    inserted: Callable[..., None] | None = None
    active: bool = field(default=False, init=False)
    connection_limit: tuple[int, str] | None = field(default=None, init=False)
    on_connection_limit: Callable[[], None] | None = field(default=None, init=False)
    serial: SerialTrouble = field(default_factory=SerialTrouble, init=False)
    tls: TlsTrouble = field(default_factory=TlsTrouble, init=False)
    stages: tuple[tuple[Insertion, ...], ...] = field(default=((), (), ()), init=False)
    _seen: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.tls.draw = self.draw
        if self.inserted is not None:
            self.tls.note = self.inserted

    @property
    def insertions(self) -> tuple[Insertion, ...]:
        """All that are on, in the order in which they act."""
        return tuple(insertion for stage in self.stages for insertion in stage)

    def set(self, insertion: Insertion, share: float) -> None:
        """Have `insertion` hit a share of requests; 0 takes it out."""
        present = insertion in self.insertions
        insertion.share = share
        if present == (share > 0.0):
            return
        if not present:
            chosen = [*self.insertions, insertion]
        else:
            insertion.forget()
            chosen = [other for other in self.insertions if other is not insertion]
        chosen.sort(key=lambda each: each.kind)
        self.stages = tuple(tuple(each for each in chosen if each.stage == stage) for stage in range(3))
        self.active = bool(chosen)

    def limit_connections(self, limit: tuple[int, str] | None) -> None:
        """Run out of connections beyond `limit`: how many stay, and "refuse", "drop_oldest" or "drop_newest"."""
        if limit != self.connection_limit:
            self.connection_limit = limit
            if self.on_connection_limit is not None:
                self.on_connection_limit()

    def play(self, stage: int, exchange: Exchange) -> None:
        """Have the insertions of a stage act on an exchange, each if the draw says so; note what was done."""
        for insertion in self.stages[stage]:
            if insertion.unit is not None and insertion.unit != exchange.unit:
                continue
            if insertion.functions is not None and exchange.function not in insertion.functions:
                continue
            index = self._seen.get(insertion.kind, 0)
            self._seen[insertion.kind] = index + 1
            drawn = insertion.share >= 1.0 or insertion.goes_on(exchange.now_s)
            if not drawn and self.draw(insertion.kind, index) >= insertion.share:
                continue
            detail = insertion.act(exchange)
            if detail is not None:
                self.note(insertion.kind, f"unit {exchange.unit} function {exchange.function}: {detail}")

    def note(self, kind: str, detail: str) -> None:
        """Tell the truth log that the wire was touched."""
        if self.inserted is not None:
            self.inserted(kind, detail)
