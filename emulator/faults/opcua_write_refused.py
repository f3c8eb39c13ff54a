"""A write that was always carried out is refused (catalogue U39)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.wrongs import EVERY, set_or_clear

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_STATUSES = {
    "Bad_UserAccessDenied": 0x801F0000,
    "Bad_OutOfRange": 0x803C0000,
    "Bad_TypeMismatch": 0x80740000,
    "Bad_NotWritable": 0x803B0000,
    "Bad_DeviceFailure": 0x808B0000,
    "Bad_OutOfService": 0x808D0000,
    "Bad_NoCommunication": 0x80310000,
}


class OpcUaWriteRefusedFault(ServerFault):
    """The share `severity` of the writes is refused with `status`.

    Parameters: `point`, all if empty; `status`.
    """

    kind: ClassVar[str] = "opcua_write_refused"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "status": "Bad_UserAccessDenied"}
    words: ClassVar[dict[str, tuple[str, ...]]] = {"status": tuple(_STATUSES)}

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Refuse the share `severity` of writes; none at severity 0."""
        place = (self.kind, str(self.params["point"]) or EVERY)
        set_or_clear(target.wrongs.writes, place, (severity, self._fate) if severity > 0.0 else None)

    def _fate(self, point: str, span: tuple[float, float], value: Any) -> tuple[int, Any]:
        return _STATUSES[self.params["status"]], None
