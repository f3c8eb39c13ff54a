"""Answers come with a checksum that does not fit their bytes (catalogue S1, MB-21)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault


class SerialCrcError(SerialFault):
    """A line that hurts the end of frames, or a device that miscounts: one bit of the checksum is wrong."""

    kind: ClassVar[str] = "serial_crc_error"
