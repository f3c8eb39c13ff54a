"""What plant and FMU process say to each other: frames of a length, an operation and plain bytes.

Numbers travel as little-endian doubles, descriptions as JSON. Nothing that comes from the FMU's side is ever unpickled
or otherwise run.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

HEAD: Final = struct.Struct("<IB")
TIMES: Final = struct.Struct("<dd")
LIMIT: Final = 64 * 1024 * 1024


class Op(IntEnum):
    """What a frame asks or answers."""

    OPEN = 1  # JSON: what to load -> JSON: what it is
    START = 2  # start time, 0, inputs -> outputs
    STEP = 3  # time, step, inputs -> outputs
    SAVE = 4  # -> state
    RESTORE = 5  # state -> outputs
    DONE = 6
    ERROR = 7  # text


_KNOWN: Final = frozenset(int(op) for op in Op)


class Frame(NamedTuple):
    """One message."""

    op: Op
    payload: bytes


class ProtocolError(ValueError):
    """The other side does not speak the protocol."""


def pack(op: Op, payload: bytes = b"") -> bytes:
    """Return a frame as bytes."""
    return HEAD.pack(len(payload), op) + payload


def numbers(values: Sequence[float]) -> bytes:
    """Return doubles as bytes."""
    return np.asarray(values, dtype="<f8").tobytes()


def read_numbers(payload: bytes, count: int) -> list[float]:
    """Return `count` doubles.

    Raises
    ------
    ProtocolError
        There are more or fewer.

    """
    if len(payload) != 8 * count:
        raise ProtocolError(f"{len(payload)} bytes where {count} numbers were expected")
    return [float(value) for value in np.frombuffer(payload, dtype="<f8")]


class Parser:
    """Bytes in, frames out; keeps what is incomplete."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[Frame]:
        """Take in bytes; return the frames they complete.

        Raises
        ------
        ProtocolError
            A frame longer than `LIMIT`, or of an unknown operation.

        """
        self._rest += data
        frames: list[Frame] = []
        while len(self._rest) >= HEAD.size:
            length, op = HEAD.unpack_from(self._rest)
            if length > LIMIT or op not in _KNOWN:
                raise ProtocolError(f"a frame of {length} bytes and operation {op}")
            if len(self._rest) < HEAD.size + length:
                break
            frames.append(Frame(Op(op), self._rest[HEAD.size : HEAD.size + length]))
            self._rest = self._rest[HEAD.size + length :]
        return frames
