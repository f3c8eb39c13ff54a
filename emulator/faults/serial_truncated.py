"""Answers end too early (catalogue S2)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialTruncated(SerialFault):
    """A transmitter that is switched off before its last bytes have left."""

    kind: ClassVar[str] = "serial_truncated"
    size: ClassVar[Size | None] = Size("missing", 2.0, 1.0, 250.0, "bytes")
