"""Answers come at another speed (catalogue S11)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialWrongBaud(SerialFault):
    """A slave that was set to another speed: the master reads bits that are not there."""

    kind: ClassVar[str] = "serial_wrong_baud"
    size: ClassVar[Size | None] = Size("baud", 9600.0, 300.0, 921600.0, "baud")
