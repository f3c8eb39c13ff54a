"""attack_tamper: somebody in the middle changes one value in the answers, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import CONNECTION, LinkFault, Param
from hil.insertion.modbus.frames import ORDERS, TYPES, Cell, Frame, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import Direction

_READS = {"holding": 3, "input": 4}


class AttackTamper(LinkFault):
    """The number at `register` of `unit` becomes value + severity·(`scale`·value + `add`), or `set` altogether.

    Frames, lengths, transaction ids and times stay right. With growth the change creeps in: a bias that no jump gives
    away. Severity is how far the change has come, from 0 to 1.
    """

    kind = "attack_tamper"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)
    parameters: ClassVar[Mapping[str, Param]] = {
        "unit": Param(1.0, 0.0, 247.0),
        "table": Param("input", choices=("input", "holding")),
        "register": Param(0.0, 0.0, 65_535.0),
        "type": Param("f32", choices=TYPES),
        "order": Param("ABCD", choices=ORDERS),
        "mode": Param("shift", choices=("shift", "set")),
        "add": Param(0.0, -1e9, 1e9),
        "scale": Param(0.0, -1e6, 1e6),
        "connection": CONNECTION,
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._cell = Cell(int(self.params["register"]), str(self.params["type"]), str(self.params["order"]))
        self._watches: dict[int, Watch] = {}

    def start(self) -> None:
        """Know nothing of any connection."""
        self._watches.clear()

    def maims(self, connection: int) -> bool:
        """Tell whether part of a frame is held back."""
        watch = self._watches.get(connection)
        return watch is not None and not watch.between_frames

    def altered(self, connection: int, direction: Direction, data: bytes) -> bytes:
        """Let requests pass, and change the value in the answers to those that read it."""
        watch = self._watches.setdefault(connection, Watch())
        change = watch.asked if direction == "up" else lambda frame: self._changed(frame, watch)
        return watch.cutter(direction).take(data, change)

    def _changed(self, frame: Frame, watch: Watch) -> bytes:
        asked = watch.open.pop(frame.transaction, None)
        function = _READS[str(self.params["table"])]
        unit = int(self.params["unit"])
        if asked is None or frame.pdu[0] != function or asked.pdu[0] != function or unit not in (0, frame.unit):
            return bytes(frame)
        first = int.from_bytes(asked.pdu[1:3], "big")
        registers = self._cell.change(frame.pdu[2:], first, self._make)
        return bytes(Frame(frame.transaction, frame.unit, frame.pdu[:2] + registers))

    def _make(self, value: float) -> float:
        if self.params["mode"] == "set":
            return value + self.severity * (float(self.params["add"]) - value)
        return value + self.severity * (float(self.params["scale"]) * value + float(self.params["add"]))
