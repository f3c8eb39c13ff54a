"""Wide values come with their words the other way round (catalogue M27)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_values import WordOrder
from emulator.faults.modbus_base import ModbusFault


class ModbusWordOrderFault(ModbusFault):
    """A gateway that swaps words since its last update.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_word_order"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(WordOrder(**self.where(given)))
