"""Behind an answer comes another that nobody has asked for (catalogue M4)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import UnsolicitedAnswer
from emulator.faults.modbus_base import ModbusFault


class ModbusUnsolicitedAnswerFault(ModbusFault):
    """A server that answers the next request before it is asked.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_unsolicited_answer"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(UnsolicitedAnswer(**self.where(given)))
