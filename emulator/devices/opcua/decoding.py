"""Doors the library's decoder leaves open, closed from outside: arrays of nothing, and requests that never end.

A Variant may declare an array of type Null with two thousand million elements. They take no bytes, so the end of the
message never stops the decoder, and seven bytes hold the event loop for minutes. Nobody needs such an array. And a
message of 16 MiB may hold as many values, each of which costs microseconds: what one request may make us decode is
rationed, so that one peer cannot keep the others waiting.
"""

import struct
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData
from asyncua.ua import ua_binary

READS: Final = 200_000
"""Pieces of one request: 10,000 monitored items have 160,000."""


class Ration(Buffer):
    """A request's bytes, given out in at most `READS` pieces, the parts inside counted with it."""

    def __init__(self, data: bytes, start_pos: int = 0, size: int = -1, left: list[int] | None = None) -> None:
        super().__init__(data, start_pos, size)
        self._left = [READS] if left is None else left

    @property
    def spent(self) -> bool:
        """Whether more was asked for than there is."""
        return self._left[0] < 0

    def read(self, size: int) -> bytes:
        """Return and pass over so many bytes.

        Raises
        ------
        UaStatusCodeError
            Bad_EncodingLimitsExceeded: the ration is used up.

        """
        self._left[0] -= 1
        if self._left[0] < 0:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadEncodingLimitsExceeded)
        return bytes(super().read(size))

    def copy(self, size: int = -1) -> "Ration":
        """Return a view of the next so many bytes, on the same ration."""
        size = self._size if size == -1 or size > self._size else size
        return Ration(self._data, self._cur_pos, size, self._left)


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
