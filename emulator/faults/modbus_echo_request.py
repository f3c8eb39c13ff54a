"""Reads are answered with the request itself (catalogue M23)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import EchoRequest
from emulator.faults.modbus_base import ModbusFault


class ModbusEchoRequestFault(ModbusFault):
    """A line that echoes, or a device that copies its receive buffer.

    Severity is the share of requests hit. Parameters: `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_echo_request"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params)
        super().__init__(EchoRequest(**self.where(given)))
