"""Answers carry another transaction id than their request (MB-TCP V1.0b, 3.1.3; catalogue M1)."""

from typing import Any, ClassVar

from emulator.devices.modbus.insertions_reply import WrongTransactionId
from emulator.faults.modbus_base import ModbusFault


class ModbusWrongTransactionIdFault(ModbusFault):
    """A server, or a gateway, that mixes up whose answer is whose.

    Severity is the share of requests hit. Parameters: `offset` (default 1), `unit` and `function` (0 for every
    one).
    """

    kind: ClassVar[str] = "modbus_wrong_transaction_id"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = self.given(params, offset=1)
        super().__init__(
            WrongTransactionId(self.whole(given, "offset", -65535, 65535, zero=False), **self.where(given))
        )
