"""Two answers come in the wrong order (MB-TCP V1.0b, 4.4.1; certification MB-10)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import SwappedReplies
from emulator.faults.modbus_base import ModbusFault


class ModbusSwappedRepliesFault(ModbusFault):
    """A server that works on several requests and answers as it likes.

    Severity is the share of requests hit. Parameters: `delay_s` (default 1.0), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_swapped_replies"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, delay_s=1.0)
        super().__init__(SwappedReplies(self.number(given, "delay_s", 0, 3600), **self.where(given)))
