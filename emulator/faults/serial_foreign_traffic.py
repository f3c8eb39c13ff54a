"""Another slave's frames come before answers (catalogue S8, MB-22)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialForeignTraffic(SerialFault):
    """A pair with more on it than the master knows: unit 247 answers somebody else first."""

    kind: ClassVar[str] = "serial_foreign_traffic"
    size: ClassVar[Size | None] = Size("bytes", 8.0, 2.0, 250.0, "bytes")
