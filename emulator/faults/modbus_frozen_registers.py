"""Registers keep what they held, and the link looks well (catalogue M32)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_values import FrozenRegisters
from emulator.faults.modbus_base import ModbusFault


class ModbusFrozenRegistersFault(ModbusFault):
    """A device whose scan has stopped behind a live server.

    Severity is the share of requests hit. Parameters: `first` (default 0), `last` (default 65535), `unit` and
    `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_frozen_registers"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, first=0, last=65535)
        super().__init__(
            FrozenRegisters(
                self.whole(given, "first", 0, 65535), self.whole(given, "last", 0, 65535), **self.where(given)
            )
        )
