"""The device takes fewer registers in a request than the standard allows (catalogue M31)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_request import SmallLimits
from emulator.faults.modbus_base import ModbusFault


class ModbusSmallLimitsFault(ModbusFault):
    """A small device, as after a replacement by an older one.

    Severity is the share of requests hit. Parameters: `registers` (default 16), `bits` (default 64), `code`
    (default 3), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_small_limits"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, registers=16, bits=64, code=3)
        super().__init__(
            SmallLimits(
                self.whole(given, "registers", 1, 125),
                self.whole(given, "bits", 1, 2000),
                self.whole(given, "code", 1, 255),
                **self.where(given),
            )
        )
