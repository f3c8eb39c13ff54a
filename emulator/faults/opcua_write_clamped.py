"""A written value is carried out within bounds that nobody was told of (catalogue U39)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.wrongs import EVERY, set_or_clear

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_GOOD_CLAMPED = 0x00300000


class OpcUaWriteClampedFault(ServerFault):
    """The share `severity` of the writes is carried out within the middle part `width` of the point's range.

    Parameters: `point`, all if empty; `width`, a share of the range; `told`, whether the answer is Good_Clamped.
    """

    kind: ClassVar[str] = "opcua_write_clamped"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "width": 0.5, "told": False}
    spans: ClassVar[dict[str, tuple[float, float]]] = {"width": (0.0, 1.0)}

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Clamp the share `severity` of writes; none at severity 0."""
        place = (self.kind, str(self.params["point"]) or EVERY)
        set_or_clear(target.wrongs.writes, place, (severity, self._fate) if severity > 0.0 else None)

    def _fate(self, point: str, span: tuple[float, float], value: Any) -> tuple[int, Any]:
        if isinstance(value, bool):
            return 0, value
        middle, half = (span[0] + span[1]) / 2, self.params["width"] * (span[1] - span[0]) / 2
        within = min(max(value, middle - half), middle + half)
        told = _GOOD_CLAMPED if self.params["told"] and within != value else 0
        return told, type(value)(within)
