"""A stray byte on the idle line after answers (catalogue S5)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault


class SerialIdleGlitch(SerialFault):
    """Spikes on a pair without bias while nobody talks."""

    kind: ClassVar[str] = "serial_idle_glitch"
