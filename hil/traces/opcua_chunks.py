"""Chunks of OPC UA's connection protocol and secure conversation (OPC 10000-6 §6.7.2, §7.1.2), cut out of a stream."""

import struct
from dataclasses import dataclass
from typing import Final

from hil.traces.opcua_binary import MalformedError, Reader

HEADER: Final = struct.Struct("<3scI")
KINDS: Final = (b"HEL", b"ACK", b"ERR", b"RHE", b"OPN", b"MSG", b"CLO")
SECURE: Final = (b"OPN", b"MSG", b"CLO")
SYMMETRIC: Final = 24  # bytes before a plain MSG or CLO chunk's part of the body
LONGEST: Final = 64 * 1024 * 1024
NONE: Final = "http://opcfoundation.org/UA/SecurityPolicy#None"


def begins_chunk(data: bytes | bytearray) -> bool:
    """Tell whether bytes look like the beginning of a chunk: a known type, F, C or A, and a size one believes."""
    if len(data) < HEADER.size:
        return False
    kind, final, size = HEADER.unpack_from(data)
    return kind in KINDS and final in (b"F", b"C", b"A") and HEADER.size <= size <= LONGEST


def cut(pending: bytearray) -> bytes | None:
    """Take the first whole chunk off `pending`; None while it is not complete.

    Raises
    ------
    MalformedError
        What stands there is no chunk.
    """
    if len(pending) < HEADER.size:
        return None
    if not begins_chunk(pending[: HEADER.size]):
        raise MalformedError(f"{bytes(pending[:8]).hex(' ')} begins no chunk")
    size = HEADER.unpack_from(pending)[2]
    if len(pending) < size:
        return None
    chunk = bytes(pending[:size])
    del pending[:size]
    return chunk


@dataclass(frozen=True, slots=True)
class Heading:
    """What a chunk says before its body.

    Parameters
    ----------
    kind
        HEL, ACK, ERR, OPN, MSG or CLO.
    final
        F, C or A.
    channel, token
        Ids; 0 where the chunk has none.
    sequence, request
        Sequence number and request id; 0 where there are none, or where they are encrypted.
    at
        Where the sequence number stands in the chunk; 0 for nowhere.
    body_at
        Where the body begins.
    policy
        Security policy of an OPN; '' elsewhere.
    """

    kind: str
    final: str
    channel: int = 0
    token: int = 0
    sequence: int = 0
    request: int = 0
    at: int = 0
    body_at: int = HEADER.size
    policy: str = ""


def heading(chunk: bytes, *, plain: bool = True) -> Heading:
    """Read a chunk's headers; with `plain` False only what is not encrypted.

    Raises
    ------
    MalformedError
        They do not fit in the chunk.
    """
    kind_bytes, final_byte, _ = HEADER.unpack_from(chunk)
    kind, final = kind_bytes.decode(), final_byte.decode()
    if kind_bytes not in SECURE:
        return Heading(kind, final)
    reader = Reader(chunk, HEADER.size)
    channel = reader.u32()
    if kind == "OPN":
        policy = reader.string() or ""
        reader.blob(), reader.blob()
        if policy != NONE:
            return Heading(kind, final, channel, body_at=reader.position, policy=policy)
        at = reader.position
        return Heading(kind, final, channel, 0, reader.u32(), reader.u32(), at, reader.position, policy)
    token = reader.u32()
    if not plain:
        return Heading(kind, final, channel, token, body_at=reader.position)
    at = reader.position
    return Heading(kind, final, channel, token, reader.u32(), reader.u32(), at, reader.position)
