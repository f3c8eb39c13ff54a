"""The Read service's answer, assembled from bytes: OPC 10000-4 §5.11.2, encoded by OPC 10000-6 §5.2 and §6.7.

A Read of two waveforms is 400 KiB. Written out of numpy's memory it costs one copy into the answer and one
into its chunks; packed float by float it would cost some milliseconds.
"""

import struct
from collections.abc import Iterable
from typing import Final

# Four-byte NodeIds of the binary encodings of ReadRequest and ReadResponse.
_READ_REQUEST: Final = b"\x01\x00" + struct.pack("<H", 631)
_READ_RESPONSE: Final = b"\x01\x00" + struct.pack("<H", 634)
# Time, handle, diagnostics wanted, length of audit entry, timeout hint, more header (OPC 10000-4 §7.33).
_REQUEST_HEADER: Final = struct.Struct("<qIIiI3s")
_HEADER: Final = struct.Struct("<qII")  # time, request handle, service result
_NO_DIAGNOSTICS: Final = b"\0" + struct.pack("<i", 0) + b"\0\0\0"  # nor string table nor additional header
_EMPTY: Final = struct.pack("<i", 0)
_COUNT: Final = struct.Struct("<i").pack
_CHUNK: Final = struct.Struct("<3scIIIII")
CHUNK_HEADER_SIZE: Final = _CHUNK.size


def split_read(message: bytes, token: bytes) -> tuple[int, bytes] | None:
    """Return request handle and parameters of an ordinary ReadRequest; None if it is anything else.

    Ordinary is the shape all clients send: the session's own token, no audit entry, no additional header. The
    parameters of a poller never change, so whoever decodes them once knows them by their bytes.

    Parameters
    ----------
    message
        The encoded service message.
    token
        The session's authentication token, encoded.

    """
    head = _READ_REQUEST + token
    if not message.startswith(head) or len(message) < len(head) + _REQUEST_HEADER.size:
        return None
    _, handle, _, audit_entry, _, extra = _REQUEST_HEADER.unpack_from(message, len(head))
    if audit_entry > 0 or extra != b"\x00\x00\x00":
        return None
    return handle, message[len(head) + _REQUEST_HEADER.size :]


def read_response(request_handle: int, server_ticks: int, results: list[bytes]) -> bytes:
    """Return an encoded ReadResponse holding `results`, each an encoded DataValue."""
    return b"".join(
        (
            _READ_RESPONSE, _HEADER.pack(server_ticks, request_handle, 0), _NO_DIAGNOSTICS,
            _COUNT(len(results)), *results, _EMPTY,
        )
    )  # fmt: skip


def data_change(items: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the body of a DataChangeNotification from client handles and encoded DataValues (§7.25.2)."""
    parts = [struct.pack("<I", handle) + value for handle, value in items]
    return b"".join((_COUNT(len(parts)), *parts, _EMPTY))


def plain_chunks(
    body: bytes, chunk_size: int, channel: int, token: int, request: int, sequence: int
) -> tuple[bytes, int]:
    """Split an unsecured message into chunks of at most `chunk_size` bytes (security policy None).

    Parameters
    ----------
    body
        The encoded service message.
    chunk_size
        What the peer takes at once, headers included.
    channel, token, request
        Secure channel, its token, and the request answered.
    sequence
        The last sequence number used.

    Returns
    -------
    tuple
        All chunks joined, and the last sequence number used now.

    """
    step = chunk_size - CHUNK_HEADER_SIZE
    view = memoryview(body)
    parts: list[bytes | memoryview] = []
    for start in range(0, len(body), step):
        piece = view[start : start + step]
        sequence = sequence + 1 if sequence < 0xFFFF_FFFF else 1
        final = b"F" if start + step >= len(body) else b"C"
        parts.append(_CHUNK.pack(b"MSG", final, CHUNK_HEADER_SIZE + len(piece), channel, token, sequence, request))
        parts.append(piece)
    return b"".join(parts), sequence
