"""Answers come late: after a delay, or just before the answer to the next request (catalogue M2 and M20)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.modbus.misbehaviour import LateAnswer
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour


class ModbusLateAnswerFault:
    """A device whose answers are old when they come: a careless client takes yesterday for today.

    Severity is the share of requests hit. Parameters: `delay_s` (default 1.0, wall time) and `unit` (0 for
    every unit).
    """

    kind: ClassVar[str] = "modbus_late_answer"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "modbus-rtu")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, delay_s=1.0, unit=0)
        self._delay_s = float(given["delay_s"])
        if not 0.0 <= self._delay_s <= 3600.0:
            raise ValueError(f"delay_s = {self._delay_s} must be in [0, 3600] s")
        self._unit = int(given["unit"]) or None

    def apply(self, target: "ModbusMisbehaviour", severity: float, t_ns: int) -> None:
        """Have the share `severity` of requests answered late; none at severity 0."""
        hit = LateAnswer(severity, self._unit, self._delay_s)
        target.set(late_answer=hit if severity > 0.0 else None)
