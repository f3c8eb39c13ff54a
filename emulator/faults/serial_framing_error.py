"""Start bits are lost on the line (catalogue S12)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialFramingError(SerialFault):
    """Edges too weak for a receiver: it misses start bits and reads on out of step."""

    kind: ClassVar[str] = "serial_framing_error"
    size: ClassVar[Size | None] = Size("per_byte", 0.02, 0.0, 1.0)
    by_unit: ClassVar[bool] = False
