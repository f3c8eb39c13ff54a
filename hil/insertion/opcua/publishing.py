"""A PublishResponse taken apart, so that a fault can put it together otherwise (OPC 10000-4 §5.14.5)."""

import struct
from dataclasses import dataclass, field

from hil.insertion.opcua.message import Message
from hil.traces.opcua_binary import extension
from hil.traces.opcua_names import STATUS_CHANGE


@dataclass(slots=True)
class Published:
    """What a PublishResponse holds.

    Parameters
    ----------
    subscription
        The subscription's id.
    available
        Sequence numbers kept for Republish.
    more
        Whether more notifications wait.
    sequence
        Number of the message, or in a keep-alive of the next one.
    time
        When it was published, FILETIME.
    data
        Notifications, each an encoded ExtensionObject; none in a keep-alive.
    rest
        Results of the acknowledgements and diagnostics, encoded.
    """

    subscription: int
    available: list[int]
    more: bool
    sequence: int
    time: int
    data: list[bytes] = field(default_factory=list)
    rest: bytes = b""

    @property
    def keep_alive(self) -> bool:
        """Whether it says nothing but that the subscription lives."""
        return not self.data

    def encoded(self) -> bytes:
        """Return it as a PublishResponse's parameters."""
        return b"".join(
            (
                struct.pack("<Ii", self.subscription, len(self.available)),
                struct.pack(f"<{len(self.available)}I", *self.available),
                struct.pack("<?IqI", self.more, self.sequence, self.time, len(self.data)),
                *self.data,
                self.rest,
            )
        )


def published(message: Message) -> Published | None:
    """Return what a PublishResponse holds; None if the message is none."""
    if message.direction != "down" or message.name != "PublishResponse":
        return None
    reader = message.behind_header()
    subscription = reader.u32()
    available = [reader.u32() for _ in range(reader.count())]
    more, sequence, time = reader.boolean(), reader.u32(), reader.i64()
    data = []
    for _ in range(reader.count()):
        start = reader.position
        reader.extension()
        data.append(reader.data[start : reader.position])
    return Published(subscription, available, more, sequence, time, data, reader.take(reader.left))


def status_change(status: int) -> bytes:
    """Return a StatusChangeNotification as an encoded ExtensionObject."""
    return extension(STATUS_CHANGE, struct.pack("<I", status) + b"\x00")
