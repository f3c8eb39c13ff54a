"""Insertions that act on an answer's frame: when it leaves, how often, in what pieces, under what header."""

from __future__ import annotations

from typing import ClassVar, Final

from emulator.devices.modbus.misbehaviour import FRAME, Exchange, Insertion

_LENGTHS: Final = {"zero": lambda _: 0, "one": lambda _: 1, "short": lambda n: n - 1, "long": lambda n: n + 2,
                   "maximum": lambda _: 0xFFFF}  # fmt: skip


class _FrameInsertion(Insertion):
    stage: ClassVar[int] = FRAME


class LateAnswer(_FrameInsertion):
    """The answer waits for `delay_s`, or for the connection's next request: then old goes before new [M2, M20]."""

    kind: ClassVar[str] = "modbus_late_answer"

    def __init__(
        self, delay_s: float = 1.0, *, unit: int | None = None, functions: frozenset[int] | None = None
    ) -> None:
        super().__init__(unit=unit, functions=functions)
        self.delay_s = delay_s

    def act(self, exchange: Exchange) -> str | None:
        """Hold the frame."""
        exchange.held_s = self.delay_s
        return f"held for {self.delay_s:g} s"


class GluedAnswers(LateAnswer):
    """The answer waits for the next one and leaves in one piece with it [M22]."""

    kind: ClassVar[str] = "modbus_glued_answers"


class SwappedReplies(LateAnswer):
    """The answer waits for the next one and leaves behind it: two answers in the wrong order [MB-10]."""

    kind: ClassVar[str] = "modbus_swapped_replies"

    def act(self, exchange: Exchange) -> str | None:
        """Hold the frame, to leave behind the next."""
        exchange.held_behind = True
        return super().act(exchange)


class DuplicateAnswer(_FrameInsertion):
    """The answer comes twice [M3]."""

    kind: ClassVar[str] = "modbus_duplicate_answer"

    def act(self, exchange: Exchange) -> str | None:
        """Put the frame behind itself."""
        exchange.after += exchange.frame
        return "sent twice"


class UnsolicitedAnswer(_FrameInsertion):
    """Behind the answer comes another under the next transaction id, which nobody has asked yet [M4]."""

    kind: ClassVar[str] = "modbus_unsolicited_answer"

    def act(self, exchange: Exchange) -> str | None:
        """Put the same answer under the next id behind the frame."""
        if not exchange.mbap:
            return None
        following = (exchange.transaction + 1) & 0xFFFF
        exchange.after += following.to_bytes(2, "big") + exchange.frame[2:]
        return f"one more under id {following}"


class Fragments(_FrameInsertion):
    """The answer comes in pieces of `size` bytes, `gap_s` apart [M21]; the gap is the wire's own time."""

    kind: ClassVar[str] = "modbus_fragments"

    def __init__(
        self, size: int = 1, gap_s: float = 0.002, *, unit: int | None = None, functions: frozenset[int] | None = None
    ) -> None:
        super().__init__(unit=unit, functions=functions)
        self.size, self.gap_s = size, gap_s

    def act(self, exchange: Exchange) -> str | None:
        """Have the frame cut."""
        exchange.pieces = self.size, self.gap_s
        return f"in pieces of {self.size}"


class WrongProtocolId(_FrameInsertion):
    """The header names another protocol than Modbus [M15]."""

    kind: ClassVar[str] = "modbus_protocol_id"

    def __init__(self, value: int = 1, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.value = value

    def act(self, exchange: Exchange) -> str | None:
        """Change bytes 2 and 3."""
        if not exchange.mbap:
            return None
        exchange.frame = exchange.frame[:2] + self.value.to_bytes(2, "big") + exchange.frame[4:]
        return f"protocol id {self.value}"


class LengthLie(_FrameInsertion):
    """The header's length is not that of what follows [M16]."""

    kind: ClassVar[str] = "modbus_length_lie"
    choices: ClassVar[tuple[str, ...]] = tuple(_LENGTHS)

    def __init__(
        self, length: str = "long", *, unit: int | None = None, functions: frozenset[int] | None = None
    ) -> None:
        super().__init__(unit=unit, functions=functions)
        self.length = length

    def act(self, exchange: Exchange) -> str | None:
        """Change bytes 4 and 5."""
        if not exchange.mbap:
            return None
        true = len(exchange.frame) - 6
        said = _LENGTHS[self.length](true) & 0xFFFF
        exchange.frame = exchange.frame[:4] + said.to_bytes(2, "big") + exchange.frame[6:]
        return f"length {said} instead of {true}"
