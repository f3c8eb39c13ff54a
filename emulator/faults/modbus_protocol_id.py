"""The header names another protocol (MB-TCP V1.0b, 3.1.3; catalogue M15)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_frame import WrongProtocolId
from emulator.faults.modbus_base import ModbusFault


class ModbusProtocolIdFault(ModbusFault):
    """A server whose header is not Modbus.

    Severity is the share of requests hit. Parameters: `value` (default 1), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_protocol_id"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, value=1)
        super().__init__(WrongProtocolId(self.whole(given, "value", 1, 65535), **self.where(given)))
