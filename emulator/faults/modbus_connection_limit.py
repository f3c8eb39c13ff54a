"""The server runs out of connections (MB-TCP V1.0b, 4.2; catalogue M30)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters
from emulator.faults.modbus_base import ModbusFault

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour

_POLICIES = ("refuse", "drop_oldest", "drop_newest")


class ModbusConnectionLimitFault:
    """A server that keeps fewer connections than it did.

    Any severity above 0 sets the limit. Parameters: `connections` (default 1) and `when_full` (default drop_oldest).
    """

    kind: ClassVar[str] = "modbus_connection_limit"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, connections=1, when_full="drop_oldest")
        self._limit = ModbusFault.whole(given, "connections", 0, 1024), str(given["when_full"])
        if self._limit[1] not in _POLICIES:
            raise ValueError(f"when_full = {self._limit[1]!r} must be one of {', '.join(_POLICIES)}")

    def apply(self, target: "ModbusMisbehaviour", severity: float, t_ns: int) -> None:
        """Set the limit; take it away at severity 0."""
        target.limit_connections(self._limit if severity > 0.0 else None)
