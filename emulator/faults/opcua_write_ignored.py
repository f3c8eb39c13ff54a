"""A write is answered Good, and nothing happens (catalogue U39)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.wrongs import EVERY, set_or_clear

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_STATUSES = {"Good": 0x00000000, "Good_CompletesAsynchronously": 0x002E0000}


class OpcUaWriteIgnoredFault(ServerFault):
    """The share `severity` of the writes is answered as carried out, and is not.

    Parameters: `point`, all if empty; `status`, the answer.
    """

    kind: ClassVar[str] = "opcua_write_ignored"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "status": "Good"}
    words: ClassVar[dict[str, tuple[str, ...]]] = {"status": tuple(_STATUSES)}

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Ignore the share `severity` of writes; none at severity 0."""
        place = (self.kind, str(self.params["point"]) or EVERY)
        set_or_clear(target.wrongs.writes, place, (severity, self._fate) if severity > 0.0 else None)

    def _fate(self, point: str, span: tuple[float, float], value: Any) -> tuple[int, Any]:
        return _STATUSES[self.params["status"]], None
