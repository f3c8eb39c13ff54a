"""Answers come late: after a delay, or just before the answer to the next request (catalogue M2 and M20)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import LateAnswer
from emulator.faults.modbus_base import ModbusFault


class ModbusLateAnswerFault(ModbusFault):
    """A device whose answers are old when they come: a careless client takes yesterday for today.

    Severity is the share of requests hit. Parameters: `delay_s` (default 1.0), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_late_answer"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, delay_s=1.0)
        super().__init__(LateAnswer(self.number(given, "delay_s", 0, 3600), **self.where(given)))
