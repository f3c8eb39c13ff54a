"""The serial port disappears (catalogue S13)."""

from typing import ClassVar

from emulator.devices.serial.faulting import SerialFault


class SerialPortLost(SerialFault):
    """An adapter that is pulled out: the port is gone, and later it is back under the same name."""

    kind: ClassVar[str] = "serial_port_lost"
    by_unit: ClassVar[bool] = False
