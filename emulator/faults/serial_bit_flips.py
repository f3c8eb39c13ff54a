"""Bits flip on the line (catalogue noise, MB-21)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault, Size


class SerialBitFlips(SerialFault):
    """A pair beside a drive's motor cable: single bits are wrong."""

    kind: ClassVar[str] = "serial_bit_flips"
    size: ClassVar[Size | None] = Size("per_bit", 0.001, 0.0, 0.5)
    by_unit: ClassVar[bool] = False
