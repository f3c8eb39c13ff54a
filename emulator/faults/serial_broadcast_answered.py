"""The device answers broadcasts (catalogue S9, MB-24)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault


class SerialBroadcastAnswered(SerialFault):
    """A slave that answers requests to address 0, which nobody may."""

    kind: ClassVar[str] = "serial_broadcast_answered"
    by_unit: ClassVar[bool] = False
