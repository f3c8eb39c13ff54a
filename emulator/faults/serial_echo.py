"""The master hears its own requests (catalogue S7, MB-25)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault


class SerialEcho(SerialFault):
    """A two-wire adapter that does not silence its receiver while it sends."""

    kind: ClassVar[str] = "serial_echo"
    by_unit: ClassVar[bool] = False
