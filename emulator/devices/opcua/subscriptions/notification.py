"""NotificationMessages and Publish responses in bytes: OPC 10000-4 §5.14.5, §7.25 and §7.26; OPC 10000-6 §5.2."""

import struct
from collections.abc import Iterable, Sequence
from typing import Final

from emulator.devices.opcua import values

DATA_CHANGE: Final = 811
EVENT_LIST: Final = 916
STATUS_CHANGE: Final = 820
_PUBLISH_RESPONSE: Final = b"\x01\x00" + struct.pack("<H", 829)
_REPUBLISH_RESPONSE: Final = b"\x01\x00" + struct.pack("<H", 835)
_HEADER: Final = struct.Struct("<qII")  # time, request handle, service result
_NO_DIAGNOSTICS: Final = b"\0" + struct.pack("<i", 0) + b"\0\0\0"  # nor string table nor additional header
_NONE: Final = struct.pack("<i", 0)
_COUNT: Final = struct.Struct("<i").pack
_PLAIN: Final = struct.Struct("<IB").pack
_TIMES: Final = struct.Struct("<qq").pack
_VALUE_AND_TIMES: Final = 0x0D
_HANDLE: Final = struct.Struct("<I").pack
_MESSAGE: Final = struct.Struct("<Iqi")  # sequence number, publish time, number of NotificationData
_BODY: Final = struct.Struct("<BBHBi")  # four-byte NodeId in namespace 0, body is a byte string, its length


def item_notification(
    handle: int, variant: bytes | None, status: int, source: int | None, server: int | None, times: int
) -> bytes:
    """Return a MonitoredItemNotification (§7.25.2) of a value as `values.data_value` takes it."""
    if times == values.BOTH and not status and variant is not None and source is not None and server is not None:
        return _PLAIN(handle, _VALUE_AND_TIMES) + variant + _TIMES(source, server)
    return _HANDLE(handle) + values.data_value(variant, status, source, server, times)


def extension(type_id: int, body: Sequence[bytes]) -> list[bytes]:
    """Return an ExtensionObject of namespace 0 whose body is in pieces, in pieces."""
    return [_BODY.pack(1, 0, type_id, 1, sum(map(len, body))), *body]


def data_change(count: int, notifications: Sequence[bytes]) -> list[bytes]:
    """Return a DataChangeNotification of `count` encoded notifications, in pieces."""
    return extension(DATA_CHANGE, [_COUNT(count), *notifications, _NONE])


def event_list(count: int, events: Sequence[bytes]) -> list[bytes]:
    """Return an EventNotificationList of `count` encoded EventFieldLists, in pieces (§7.25.3)."""
    return extension(EVENT_LIST, [_COUNT(count), *events])


def status_change(status: int) -> list[bytes]:
    """Return a StatusChangeNotification without diagnostics (§7.25.4)."""
    return extension(STATUS_CHANGE, [struct.pack("<IB", status, 0)])


def message(sequence: int, publish_ticks: int, data: Iterable[list[bytes]]) -> bytes:
    """Return a NotificationMessage; `publish_ticks` is a FILETIME."""
    data = list(data)
    head = _MESSAGE.pack(sequence, publish_ticks, len(data))
    return b"".join((head, *(piece for pieces in data for piece in pieces)))


def publish_response(
    handle: int,
    ticks: int,
    subscription: int,
    available: Sequence[int],
    more: bool,
    encoded_message: bytes,
    results: Sequence[int],
) -> bytes:
    """Return an encoded PublishResponse.

    Parameters
    ----------
    handle
        The request's handle.
    ticks
        The device's clock, FILETIME.
    subscription
        Whose message it is.
    available
        Sequence numbers that Republish can still give.
    more
        Whether more notifications wait than the message could hold.
    encoded_message
        The NotificationMessage.
    results
        StatusCodes of the request's acknowledgements.

    """
    return b"".join(
        (
            _PUBLISH_RESPONSE, _HEADER.pack(ticks, handle, 0), _NO_DIAGNOSTICS,
            struct.pack(f"<Ii{len(available)}I?", subscription, len(available), *available, more),
            encoded_message,
            struct.pack(f"<i{len(results)}Ii", len(results), *results, 0),
        )
    )  # fmt: skip


def republish_response(handle: int, ticks: int, encoded_message: bytes) -> bytes:
    """Return an encoded RepublishResponse (§5.14.6)."""
    return b"".join((_REPUBLISH_RESPONSE, _HEADER.pack(ticks, handle, 0), _NO_DIAGNOSTICS, encoded_message))
