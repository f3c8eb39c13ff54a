"""Answers hold fewer registers than were asked for (catalogue M10)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import FewerRegisters
from emulator.faults.modbus_base import ModbusFault


class ModbusFewerRegistersFault(ModbusFault):
    """A device that leaves out the last registers, and says so.

    Severity is the share of requests hit. Parameters: `count` (default 1), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_fewer_registers"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, count=1)
        super().__init__(FewerRegisters(self.whole(given, "count", 1, 124), **self.where(given)))
