"""The byte count is not that of the data (catalogue M12, M13)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import ByteCountLie
from emulator.faults.modbus_base import ModbusFault


class ModbusByteCountLieFault(ModbusFault):
    """A device that counts its bytes wrong.

    Severity is the share of requests hit. Parameters: `offset` (default 1), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_byte_count_lie"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, offset=1)
        super().__init__(ByteCountLie(self.whole(given, "offset", -255, 255, zero=False), **self.where(given)))
