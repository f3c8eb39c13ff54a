"""Exceptions come without their code (catalogue M8)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import ExceptionTruncated
from emulator.faults.modbus_base import ModbusFault


class ModbusExceptionTruncatedFault(ModbusFault):
    """A device whose exception ends after one byte.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_exception_truncated"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(ExceptionTruncated(**self.where(given)))
