"""What a broker keeps of one client: subscriptions, messages on their way, messages that wait."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from emulator.devices.mqtt.packets import PACKET_ID_NOT_FOUND, Ack, Packet, Properties, Publish

if TYPE_CHECKING:
    from emulator.devices.mqtt.packets import AckKind

QUEUE: Final = 1_000
IN_FLIGHT: Final = 20
BACKLOG: Final = 1 << 22
QUEUE_BYTES: Final = 1 << 24


class Wire(Protocol):
    """A client's connection, as its session sees it."""

    def send(self, packet: Packet) -> None:
        """Have a packet sent."""
        ...

    def backlog(self) -> int:
        """Return the bytes that the client has not read yet."""
        ...


class Session:
    """One client's session, with or without a connection.

    Attributes
    ----------
    subscriptions
        Options by filter.
    received
        Packet ids of QoS 2 messages that the client has sent and not yet released.
    dropped
        Messages lost because the client was too slow or away too long.

    """

    __slots__ = (
        "_bytes", "_id", "client_id", "dropped", "identifiers", "in_flight", "maximum_packet", "queue",
        "receive_maximum", "received", "subscriptions", "wire",
    )  # fmt: skip

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.wire: Wire | None = None
        self.subscriptions: dict[str, int] = {}
        self.identifiers: dict[str, int] = {}
        self.received: set[int] = set()
        self.in_flight: dict[int, Publish | None] = {}
        self.queue: deque[Publish] = deque()
        self.receive_maximum = IN_FLIGHT
        self.maximum_packet = 1 << 28
        self.dropped = 0
        self._bytes = 0
        self._id = 0

    def deliver(self, message: Publish, qos: int, *, retain: bool, properties: Properties = ()) -> None:
        """Give the client a message, now or when it can take it; what cannot wait is dropped and counted."""
        wire = self.wire
        if len(message.payload) + len(message.topic) * 3 + 16 > self.maximum_packet:
            self.dropped += 1
            return
        ready = Publish(message.topic, message.payload, qos, retain, properties=properties)
        if qos == 0:
            if wire is None:
                return
            if wire.backlog() > BACKLOG:
                self.dropped += 1
                return
            wire.send(ready)
        elif wire is not None and len(self.in_flight) < self.receive_maximum and not self.queue:
            self._send(wire, ready)
        elif len(self.queue) >= QUEUE or self._bytes + len(ready.payload) > QUEUE_BYTES:
            self.dropped += 1
        else:
            self.queue.append(ready)
            self._bytes += len(ready.payload)

    def _send(self, wire: Wire, message: Publish) -> None:
        number = self._next_id()
        numbered = Publish(
            message.topic, message.payload, message.qos, message.retain, packet_id=number, properties=message.properties
        )
        self.in_flight[number] = numbered
        wire.send(numbered)

    def _next_id(self) -> int:
        while True:
            self._id = self._id % 65_535 + 1
            if self._id not in self.in_flight:
                return self._id

    def resume(self, wire: Wire) -> None:
        """Take the connection and send again what was on its way when the last one broke (§4.4)."""
        self.wire = wire
        for number, message in self.in_flight.items():
            if message is None:
                wire.send(Ack("pubrel", number))
            else:
                wire.send(as_duplicate(message))
        self.pump()

    def pump(self) -> None:
        """Send what waits, as far as the client's window allows."""
        while self.wire is not None and self.queue and len(self.in_flight) < self.receive_maximum:
            message = self.queue.popleft()
            self._bytes -= len(message.payload)
            self._send(self.wire, message)

    def acknowledge(self, ack: Ack) -> AckKind | None:
        """Take a client's PUBACK, PUBREC or PUBCOMP; returns what is to be answered, if anything."""
        number = ack.packet_id
        known = number in self.in_flight
        message = self.in_flight.get(number)
        if ack.kind == "pubrec":
            if known and ack.code >= 0x80:
                del self.in_flight[number]
                self.pump()
                return None
            if known:
                self.in_flight[number] = None
            return "pubrel"
        wanted = 1 if ack.kind == "puback" else 2
        if known and (message is None if wanted == 2 else message is not None and message.qos == 1):
            del self.in_flight[number]
            self.pump()
        return None

    def release(self, number: int) -> Ack:
        """Take a client's PUBREL and return the PUBCOMP."""
        known = number in self.received
        self.received.discard(number)
        return Ack("pubcomp", number, 0 if known else PACKET_ID_NOT_FOUND)


def as_duplicate(message: Publish) -> Publish:
    """Return a message as it is sent again."""
    return Publish(
        message.topic, message.payload, message.qos, message.retain, True, message.packet_id, message.properties
    )
