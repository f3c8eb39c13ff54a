"""Answers are longer than any frame may be (catalogue S14)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialLongFrame(SerialFault):
    """A slave that does not stop: a frame of 300 bytes, with a checksum that fits."""

    kind: ClassVar[str] = "serial_long_frame"
    size: ClassVar[Size | None] = Size("bytes", 300.0, 8.0, 1000.0, "bytes")
