"""A door the library's decoder leaves open, closed from outside: arrays of nothing.

A Variant may declare an array of type Null with two thousand million elements. They take no bytes, so the end of the
message never stops the decoder, and seven bytes hold the event loop for minutes. Nobody needs such an array.
"""

import struct
from typing import Any

from asyncua.common.utils import NotEnoughData
from asyncua.ua import ua_binary


class _NoArray:
    """What the codec asks about arrays of type Null."""

    @staticmethod
    def pack_array(data: Any) -> bytes:
        """Return its length alone, as the library writes it."""
        return struct.pack("<i", -1 if data is None else len(data))

    @staticmethod
    def unpack_array(data: Any, length: int) -> list[Any]:
        """Return the empty array; refuse any other."""
        if length > 0:
            raise NotEnoughData(f"an array of {length} values of type Null")
        return []


def close_doors() -> None:
    """Have the decoder refuse arrays of nothing, in the whole process; does nothing the second time."""
    if not hasattr(ua_binary.Primitives1, "Null"):
        ua_binary.Primitives1.Null = _NoArray
        ua_binary._create_uatype_array_deserializer.cache_clear()  # noqa: SLF001 - what it made knows no refusal
