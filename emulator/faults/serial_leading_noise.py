"""Noise stands in front of answers (catalogue S5)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialLeadingNoise(SerialFault):
    """A pair without bias: as the driver switches on, a few characters of noise are heard."""

    kind: ClassVar[str] = "serial_leading_noise"
    size: ClassVar[Size | None] = Size("bytes", 3.0, 1.0, 32.0, "bytes")
