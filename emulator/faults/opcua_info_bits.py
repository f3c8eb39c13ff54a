"""A status that is Good in its upper half and says more in its lower one (catalogue U4)."""

from typing import Any, ClassVar, Final

from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.wrongs import Shown

_DATA_VALUE: Final = 0x0400  # the info bits are those of a data value (OPC 10000-4 §7.39)
_LIMITS: Final = {"none": 0x000, "low": 0x100, "high": 0x200, "constant": 0x300}


class OpcUaInfoBitsFault(ReadingFault):
    """Sets limit, overflow, semantics and structure bits beside the severity, which stays.

    Parameters: `point`, all if empty; `limit`; `overflow`; `semantics_changed`; `structure_changed`.
    """

    kind: ClassVar[str] = "opcua_info_bits"
    defaults: ClassVar[dict[str, Any]] = {
        "point": "",
        "limit": "high",
        "overflow": False,
        "semantics_changed": False,
        "structure_changed": False,
    }
    words: ClassVar[dict[str, tuple[str, ...]]] = {"limit": tuple(_LIMITS)}

    def act(self, shown: Shown) -> None:
        """Set the bits."""
        bits = _LIMITS[self.params["limit"]] | 0x80 * self.params["overflow"]
        shown.status |= bits | _DATA_VALUE if bits else 0
        shown.status |= 0x4000 * self.params["semantics_changed"] | 0x8000 * self.params["structure_changed"]
