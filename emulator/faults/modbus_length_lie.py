"""The header's length is not that of what follows (MB-TCP V1.0b, 3.1.3; catalogue M16)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import LengthLie
from emulator.faults.modbus_base import ModbusFault


class ModbusLengthLieFault(ModbusFault):
    """A server whose header lies about the length.

    Severity is the share of requests hit. Parameters: `length` (default long), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_length_lie"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, length="long")
        if given["length"] not in LengthLie.choices:
            raise ValueError(f"length = {given['length']!r} must be one of {', '.join(LengthLie.choices)}")
        super().__init__(LengthLie(given["length"], **self.where(given)))
