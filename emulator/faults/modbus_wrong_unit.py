"""Answers come from another unit than the one asked (catalogue M5)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import WrongUnit
from emulator.faults.modbus_base import ModbusFault


class ModbusWrongUnitFault(ModbusFault):
    """A gateway that mixes up its units.

    Severity is the share of requests hit. Parameters: `offset` (default 1), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_wrong_unit"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, offset=1)
        super().__init__(WrongUnit(self.whole(given, "offset", -255, 255, zero=False), **self.where(given)))
