"""A gateway cannot reach one of its units (MB-APP V1.1b3, 7; catalogue M33)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_request import GatewayUnitDown
from emulator.faults.modbus_base import ModbusFault


class ModbusGatewayUnitDownFault(ModbusFault):
    """A gateway with a cable off behind it.

    Severity is the share of requests hit. Parameters: `code` (default 11), `unit` and `function` (0 for every one).
    """

    kind: ClassVar[str] = "modbus_gateway_unit_down"

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, code=11)
        super().__init__(GatewayUnitDown(self.whole(given, "code", 10, 11), **self.where(given)))
