"""Answers come in pieces (MB-TCP V1.0b, 4.3; catalogue M21)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import Fragments
from emulator.faults.modbus_base import ModbusFault


class ModbusFragmentsFault(ModbusFault):
    """A server, or a link, that sends answers byte by byte.

    Severity is the share of requests hit. Parameters: `size` (default 1), `gap_s` (default 0.002), `unit` and
    `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_fragments"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, size=1, gap_s=0.002)
        super().__init__(
            Fragments(self.whole(given, "size", 1, 250), self.number(given, "gap_s", 0, 1), **self.where(given))
        )
