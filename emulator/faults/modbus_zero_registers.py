"""Answers hold no register at all (catalogue M14)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import ZeroRegisters
from emulator.faults.modbus_base import ModbusFault


class ModbusZeroRegistersFault(ModbusFault):
    """A device that answers a read with nothing.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_zero_registers"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(ZeroRegisters(**self.where(given)))
