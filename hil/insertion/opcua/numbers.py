"""The sequence numbers of one direction of a channel, kept in order whatever faults take away or add."""

import struct
from typing import Final

from hil.traces.opcua_binary import MalformedError
from hil.traces.opcua_chunks import heading

_LAST: Final = 0xFFFF_FFFF - 1024  # beyond it numbers begin again below 1,024 (OPC 10000-6 §6.7.2.4)


class Numbers:
    """Numbers chunks as they leave.

    While as many have left as arrived, a chunk keeps the number it came with, whatever that is: what the device itself
    does wrong passes unmended. After a fault took one away or added one, each chunk follows the one before it.
    """

    def __init__(self) -> None:
        self._arrived: int | None = None
        self._left: int | None = None

    @property
    def known(self) -> bool:
        """Whether a chunk of this direction has been seen, so that another may be added."""
        return self._left is not None

    @property
    def even(self) -> bool:
        """Whether the next chunk may leave with the number it comes with."""
        return self._arrived == self._left

    def take(self, sequence: int) -> None:
        """Note the number of a chunk that arrived."""
        if self.even:
            self._left = (sequence - 1) & 0xFFFF_FFFF
        self._arrived = sequence

    def stamp(self, chunk: bytes, jump: int = 0) -> bytes:
        """Return the chunk with the next number (plus `jump`); one without a readable number as it is."""
        try:
            at = heading(chunk).at
        except MalformedError:
            at = 0
        if not at or self._left is None:
            return chunk
        self._left = (self._left + 1 + jump) & 0xFFFF_FFFF
        if self._left > _LAST and not self.even:
            self._left = 1
        return chunk[:at] + struct.pack("<I", self._left) + chunk[at + 4 :]
