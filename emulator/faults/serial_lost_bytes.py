"""Bytes are lost on the line (catalogue T16)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialLostBytes(SerialFault):
    """A receiver that overruns: single bytes are missing."""

    kind: ClassVar[str] = "serial_lost_bytes"
    size: ClassVar[Size | None] = Size("per_byte", 0.01, 0.0, 1.0)
    by_unit: ClassVar[bool] = False
