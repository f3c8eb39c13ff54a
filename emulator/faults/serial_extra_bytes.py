"""Bytes come that nobody sent (catalogue T16)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialExtraBytes(SerialFault):
    """Spikes that look like start bits: single bytes too many."""

    kind: ClassVar[str] = "serial_extra_bytes"
    size: ClassVar[Size | None] = Size("per_byte", 0.01, 0.0, 1.0)
    by_unit: ClassVar[bool] = False
