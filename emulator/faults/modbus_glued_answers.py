"""Two answers come in one piece (MB-TCP V1.0b, 4.3; catalogue M22)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import GluedAnswers
from emulator.faults.modbus_base import ModbusFault


class ModbusGluedAnswersFault(ModbusFault):
    """A server that saves up an answer and sends two at once.

    Severity is the share of requests hit. Parameters: `delay_s` (default 1.0), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_glued_answers"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, delay_s=1.0)
        super().__init__(GluedAnswers(self.number(given, "delay_s", 0, 3600), **self.where(given)))
