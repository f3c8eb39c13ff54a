"""Answers come after the master has given up (catalogue S16, MB-23)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialSlowSlave(SerialFault):
    """A slave that thinks too long: its answer meets the next request."""

    kind: ClassVar[str] = "serial_slow_slave"
    size: ClassVar[Size | None] = Size("delay_s", 1.5, 0.0, 60.0, "s")
