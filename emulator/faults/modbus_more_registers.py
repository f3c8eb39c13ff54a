"""Answers hold more registers than were asked for (catalogue M11)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import MoreRegisters
from emulator.faults.modbus_base import ModbusFault


class ModbusMoreRegistersFault(ModbusFault):
    """A device that adds registers nobody asked for.

    Severity is the share of requests hit. Parameters: `count` (default 1), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_more_registers"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, count=1)
        super().__init__(MoreRegisters(self.whole(given, "count", 1, 124), **self.where(given)))
