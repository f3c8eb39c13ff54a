"""The server carries requests out and loses the answers (catalogue M19)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import NoAnswer
from emulator.faults.modbus_base import ModbusFault


class ModbusNoAnswerFault(ModbusFault):
    """A device that hears, acts, and says nothing.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_no_answer"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(NoAnswer(**self.where(given)))
