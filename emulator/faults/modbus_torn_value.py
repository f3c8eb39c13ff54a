"""Wide values come torn: one word old, the rest new (catalogue M28)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_values import TornValue
from emulator.faults.modbus_base import ModbusFault


class ModbusTornValueFault(ModbusFault):
    """A device that copies a wide value word by word while it is read.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_torn_value"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(TornValue(**self.where(given)))
