"""Answers come twice (catalogue M3)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import DuplicateAnswer
from emulator.faults.modbus_base import ModbusFault


class ModbusDuplicateAnswerFault(ModbusFault):
    """A device, or a line, that says everything twice.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_duplicate_answer"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(DuplicateAnswer(**self.where(given)))
