"""Exceptions come with bytes too many (catalogue M9)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import ExceptionExtended
from emulator.faults.modbus_base import ModbusFault


class ModbusExceptionExtendedFault(ModbusFault):
    """A device whose exception goes on where it should end.

    Severity is the share of requests hit. Parameters: `code` (default 4), `extra` (default 3), `unit` and
    `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_exception_extended"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, code=4, extra=3)
        super().__init__(
            ExceptionExtended(
                self.whole(given, "code", 1, 255), self.whole(given, "extra", 1, 200), **self.where(given)
            )
        )
