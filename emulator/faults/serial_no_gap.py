"""Answers begin too soon after the request (catalogue S4)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialNoGap(SerialFault):
    """A device that does not keep the silence between frames."""

    kind: ClassVar[str] = "serial_no_gap"
    size: ClassVar[Size | None] = Size("characters", 1.0, 0.0, 3.5, "characters")
