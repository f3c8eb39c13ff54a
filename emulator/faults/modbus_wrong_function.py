"""Answers carry another function code than the one asked (catalogue M6)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import WrongFunction
from emulator.faults.modbus_base import ModbusFault


class ModbusWrongFunctionFault(ModbusFault):
    """A device that answers another question than the one asked.

    Severity is the share of requests hit. Parameters: `code` (default 0), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_wrong_function"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, code=0)
        super().__init__(WrongFunction(self.whole(given, "code", 0, 127), **self.where(given)))
