"""Source times that no plant ever had, or that do not go forward (catalogue U10)."""

from typing import Any, ClassVar, Final

from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.wrongs import Shown

_SECOND: Final = 10_000_000  # FILETIME ticks
_LAST: Final = 2_650_467_743_990_000_000  # 9999-12-31T23:59:59 (OPC 10000-6 §5.2.2.5)
_SHIFTS: Final = {"day_ahead": 86_400 * _SECOND, "day_behind": -86_400 * _SECOND, "hour_behind": -3_600 * _SECOND}


class OpcUaSourceTimeFault(ReadingFault):
    """A source time that is missing, absurd, shifted, equal for two readings or running backwards.

    Parameters: `point`, all if empty; `what`.
    """

    kind: ClassVar[str] = "opcua_source_time"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "what": "null"}
    words: ClassVar[dict[str, tuple[str, ...]]] = {"what": ("null", "1601", "9999", *_SHIFTS, "backwards", "equal")}

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._first: dict[str, int] = {}
        self._before: dict[str, tuple[int, int]] = {}

    def forget(self) -> None:
        """Begin anew at the next onset."""
        self._first.clear()
        self._before.clear()

    def act(self, shown: Shown) -> None:
        """Give the reading another source time."""
        true = shown.source
        if true is None:
            return
        match self.params["what"]:
            case "null":
                shown.source = None
            case "1601":
                shown.source = 0
            case "9999":
                shown.source = _LAST
            case "backwards":
                shown.source = 2 * self._first.setdefault(shown.point, true) - true
            case "equal":
                shown.source = self._pair(shown.point, true)
            case shift:
                shown.source = true + _SHIFTS[shift]

    def _pair(self, point: str, true: int) -> int:
        """Return the time of the reading before for every other reading."""
        begun, latest = self._before.get(point, (true, true))
        if true > latest and begun != latest:
            begun = true
        self._before[point] = (begun, true)
        return begun
