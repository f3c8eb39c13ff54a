"""Writes are acknowledged and not carried out (catalogue M24)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_request import WriteIgnored
from emulator.faults.modbus_base import ModbusFault


class ModbusWriteIgnoredFault(ModbusFault):
    """A device that says yes and does nothing.

    Severity is the share of writes hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_write_ignored"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(WriteIgnored(**self.where(given)))
