"""Values that are no number, too large a one, of another type or of another shape (catalogue U5 to U8)."""

import struct
from typing import Any, ClassVar, Final

from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.wrongs import Shown

_FLOATS: Final = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus_infinity": float("-inf"),
    "minus_zero": -0.0,
    "denormal": 5e-324,
    "huge": 1e308,
}
_TYPES: Final = {"Boolean": 1, "Int32": 6, "UInt32": 7, "UInt64": 9, "Float": 10, "Double": 11}
_SMALLEST_FLOAT: Final = 1.4e-45
_LARGEST_FLOAT: Final = 3.4e38


class OpcUaValueLieFault(ReadingFault):
    """A value with status Good that is none: floats beyond sense, null, a wrong type, an array, an empty array.

    The floats keep Float or Double where the point has it, else they come as Double. Parameters: `point`, all if empty;
    `what`.
    """

    kind: ClassVar[str] = "opcua_value_lie"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "what": "nan"}
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "what": (*_FLOATS, "null", "text", "boolean", "array", "empty_array", "structure")
    }

    def act(self, shown: Shown) -> None:
        """Put other bytes in the value's place."""
        what = self.params["what"]
        if shown.variant is None:
            return
        if what in _FLOATS:
            shown.variant = _number(shown.type_, _FLOATS[what])
            return
        match what:
            case "null":
                shown.variant = None
            case "text":
                shown.variant = b"\x0c" + struct.pack("<i", 5) + b"#####"
            case "boolean":
                shown.variant = b"\x01\x01" if shown.type_ != "Boolean" else struct.pack("<Bi", 6, 1)
            case "array":
                one = shown.variant[1:] if not shown.variant[0] & 0x80 else b""
                count = 3 if one else 0
                shown.variant = struct.pack("<Bi", 0x80 | _TYPES[shown.type_], count) + one * count
            case "empty_array":
                shown.variant = struct.pack("<Bi", 0x80 | _TYPES[shown.type_], 0)
            case _:  # of an encoding nobody has: namespace 0, 65001
                shown.variant = b"\x16\x01\x00" + struct.pack("<HBi", 65_001, 1, 4) + b"\xde\xad\xbe\xef"


def _number(type_: str, value: float) -> bytes:
    if type_ != "Float":
        return struct.pack("<Bd", 11, value)
    if value == _FLOATS["huge"]:
        value = _LARGEST_FLOAT
    if 0.0 < value < _SMALLEST_FLOAT:
        value = _SMALLEST_FLOAT
    return struct.pack("<Bf", 10, value)
