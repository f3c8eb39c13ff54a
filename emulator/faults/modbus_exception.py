"""The server answers with an exception instead of data (MB-APP V1.1b3, 7; catalogue M17)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.modbus.misbehaviour import ExceptionAnswer
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour


class ModbusExceptionFault:
    """A device that answers, but refuses.

    Severity is the share of requests hit. Parameters: `code` (default 4, server device failure; 6 is busy)
    and `unit` (0 for every unit).
    """

    kind: ClassVar[str] = "modbus_exception"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "modbus-rtu")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, code=4, unit=0)
        self._code = int(given["code"])
        if not 1 <= self._code <= 255:
            raise ValueError(f"code = {self._code} must be in [1, 255]; 4 is server device failure")
        self._unit = int(given["unit"]) or None

    def apply(self, target: "ModbusMisbehaviour", severity: float, t_ns: int) -> None:
        """Have the share `severity` of requests refused; none at severity 0."""
        hit = ExceptionAnswer(severity, self._unit, self._code)
        target.set(exception=hit if severity > 0.0 else None)
