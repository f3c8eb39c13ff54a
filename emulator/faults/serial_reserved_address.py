"""Answers come from an address that no slave may have (catalogue S10)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialReservedAddress(SerialFault):
    """A slave whose address switch is broken: its answers carry 248 to 255."""

    kind: ClassVar[str] = "serial_reserved_address"
    size: ClassVar[Size | None] = Size("address", 250.0, 248.0, 255.0)
