"""The server is busy, or acknowledges and works, for a while (MB-APP V1.1b3, 7; catalogue M17)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_request import Busy
from emulator.faults.modbus_base import ModbusFault


class ModbusBusyFault(ModbusFault):
    """A device that has something else to do for a while.

    Severity is the share of requests that begin such a while. Parameters: `code` (default 6), `window_s` (default
    2.0), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_busy"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, code=6, window_s=2.0)
        super().__init__(
            Busy(self.whole(given, "code", 5, 6), self.number(given, "window_s", 0.01, 3600), **self.where(given))
        )
