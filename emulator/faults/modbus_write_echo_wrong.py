"""Writes are acknowledged with another value (catalogue M26)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import WriteEchoWrong
from emulator.faults.modbus_base import ModbusFault


class ModbusWriteEchoWrongFault(ModbusFault):
    """A device whose acknowledgement is not what was written.

    Severity is the share of writes hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_write_echo_wrong"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(WriteEchoWrong(**self.where(given)))
