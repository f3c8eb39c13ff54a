"""The server carries requests out and loses the answers (catalogue M19 and, for writes, M25)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.modbus.misbehaviour import NoAnswer
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour


class ModbusNoAnswerFault:
    """A device that hears, acts, and says nothing.

    Severity is the share of requests hit. Parameters: `unit` (0 for every unit).
    """

    kind: ClassVar[str] = "modbus_no_answer"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "modbus-rtu")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, unit=0)
        self._unit = int(given["unit"]) or None

    def apply(self, target: "ModbusMisbehaviour", severity: float, t_ns: int) -> None:
        """Have the share `severity` of requests left without an answer; none at severity 0."""
        hit = NoAnswer(severity, self._unit)
        target.set(no_answer=hit if severity > 0.0 else None)
