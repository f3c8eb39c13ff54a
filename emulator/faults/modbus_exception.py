"""The server answers with an exception instead of data (MB-APP V1.1b3, 7; catalogue M17, M18)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_request import ExceptionAnswer
from emulator.faults.modbus_base import ModbusFault


class ModbusExceptionFault(ModbusFault):
    """A device that answers, but refuses.

    Severity is the share of requests hit. Parameters: `code` (default 4), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_exception"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, code=4)
        super().__init__(ExceptionAnswer(self.whole(given, "code", 1, 255), **self.where(given)))
