"""Answers come with a hole in the middle (catalogue S3, MB-20)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialGapInside(SerialFault):
    """A device whose transmitter runs dry: its answer is torn by a silence."""

    kind: ClassVar[str] = "serial_gap_inside"
    size: ClassVar[Size | None] = Size("characters", 2.5, 0.1, 1000.0, "characters")
