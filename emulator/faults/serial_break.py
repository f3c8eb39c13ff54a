"""The line is held low instead of an answer (catalogue S12)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialBreak(SerialFault):
    """A driver that sticks: the pair is at space for longer than a character."""

    kind: ClassVar[str] = "serial_break"
    size: ClassVar[Size | None] = Size("characters", 20.0, 1.0, 10000.0, "characters")
