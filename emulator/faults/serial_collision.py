"""Two slaves answer at once (catalogue S15)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialCollision(SerialFault):
    """Two slaves with one address: their answers meet on the pair, and a space wins over a mark."""

    kind: ClassVar[str] = "serial_collision"
    size: ClassVar[Size | None] = Size("offset_bits", 3.0, 0.0, 1000.0, "bits")
