"""Answers are followed by zero bytes (catalogue S6)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialTrailingZero(SerialFault):
    """A driver that releases the pair low: receivers read a zero after the last byte."""

    kind: ClassVar[str] = "serial_trailing_zero"
    size: ClassVar[Size | None] = Size("bytes", 1.0, 1.0, 32.0, "bytes")
