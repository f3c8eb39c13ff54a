"""Answers carry another transaction id than their request (MB-TCP V1.0b, 3.1.3; catalogue M1)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.modbus.misbehaviour import WrongTransactionId
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour


class ModbusWrongTransactionIdFault:
    """A server, or a gateway, that mixes up whose answer is whose.

    Severity is the share of requests hit. Parameters: `offset` added to the id (default 1) and `unit` (0 for
    every unit).
    """

    kind: ClassVar[str] = "modbus_wrong_transaction_id"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, offset=1, unit=0)
        self._offset = int(given["offset"])
        if self._offset % 65536 == 0:
            raise ValueError(f"offset = {self._offset} leaves the transaction id right; choose 1 to 65535")
        self._unit = int(given["unit"]) or None

    def apply(self, target: "ModbusMisbehaviour", severity: float, t_ns: int) -> None:
        """Have the share `severity` of requests answered under a wrong id; none at severity 0."""
        hit = WrongTransactionId(severity, self._unit, self._offset)
        target.set(wrong_transaction_id=hit if severity > 0.0 else None)
