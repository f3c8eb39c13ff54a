"""Writes are carried out and not acknowledged (catalogue M25)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import WriteUnacknowledged
from emulator.faults.modbus_base import ModbusFault


class ModbusWriteUnacknowledgedFault(ModbusFault):
    """A device that does what it is told and says nothing.

    Severity is the share of writes hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_write_unacknowledged"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(WriteUnacknowledged(**self.where(given)))
