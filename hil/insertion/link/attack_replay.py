"""attack_replay: somebody in the middle records the answers for a while, and from then on plays them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import CONNECTION, LinkFault, Param
from hil.insertion.modbus.frames import Frame, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction

_MOST_REQUESTS = 1_000


class AttackReplay(LinkFault):
    """Of each request the first `answers` answers are recorded; later ones are replaced by these, in turn.

    The device is still asked and still answers, transaction ids are fresh and all is in form: only the values are
    those of a while ago, noise and all. Severity is the share of the answers replaced. Writes pass untouched.
    """

    kind = "attack_replay"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)
    parameters: ClassVar[Mapping[str, Param]] = {"answers": Param(20.0, 1.0, 10_000.0), "connection": CONNECTION}

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._watches: dict[int, Watch] = {}
        self._recorded: dict[bytes, list[bytes]] = {}
        self._played: dict[bytes, int] = {}
        self._drawn = 0

    def start(self) -> None:
        """Know nothing, and record anew."""
        self._watches.clear()
        self._recorded.clear()
        self._played.clear()
        self._drawn = 0

    def maims(self, connection: int) -> bool:
        """Tell whether part of a frame is held back."""
        watch = self._watches.get(connection)
        return watch is not None and not watch.between_frames

    def altered(self, connection: int, direction: Direction, data: bytes) -> bytes:
        """Let requests pass; record answers, or put recorded ones in their place."""
        watch = self._watches.setdefault(connection, Watch())
        change = watch.asked if direction == "up" else lambda frame: self._changed(frame, watch)
        return watch.cutter(direction).take(data, change)

    def _changed(self, frame: Frame, watch: Watch) -> bytes:
        asked = watch.open.pop(frame.transaction, None)
        if asked is None or not 1 <= asked.pdu[0] <= 4 or frame.pdu[0] != asked.pdu[0]:
            return bytes(frame)
        key = bytes((asked.unit,)) + asked.pdu
        recorded = self._recorded.setdefault(key, []) if len(self._recorded) < _MOST_REQUESTS else []
        if len(recorded) < int(self.params["answers"]):
            recorded.append(frame.pdu)
            return bytes(frame)
        self._drawn += 1
        if self.severity < 1.0 and self.uniform(self._drawn) >= self.severity:
            return bytes(frame)
        turn = self._played.get(key, 0)
        self._played[key] = turn + 1
        return bytes(Frame(frame.transaction, frame.unit, recorded[turn % len(recorded)]))
