"""What a client remembers of its session beyond one connection: what it sent and what it got, by packet id (§4.1)."""

from __future__ import annotations

from typing import Final

from emulator.devices.mqtt.packets import Ack, Packet, Publish
from emulator.devices.mqtt.session import as_duplicate

UNACKNOWLEDGED: Final = 1_000


class Outbox:
    """Messages on their way at QoS 1 and 2, both ways.

    Attributes
    ----------
    sent
        What waits for an acknowledgement; None is a QoS 2 message of which only PUBCOMP is missing.
    received
        Packet ids of QoS 2 messages that the broker has not released yet.

    """

    def __init__(self) -> None:
        self.sent: dict[int, Publish | None] = {}
        self.received: set[int] = set()
        self._id = 0

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent until the broker acknowledges."""
        return len(self.sent) >= UNACKNOWLEDGED

    def number(self) -> int:
        """Return a packet id that is not in use (§2.3.1)."""
        while True:
            self._id = self._id % 65_535 + 1
            if self._id not in self.sent:
                return self._id

    def keep(self, message: Publish) -> Publish:
        """Return a message with its packet id, remembered until it is acknowledged."""
        number = self.number()
        numbered = Publish(message.topic, message.payload, message.qos, message.retain, packet_id=number)
        self.sent[number] = numbered
        return numbered

    def acknowledged(self, ack: Ack) -> Ack | None:
        """Take a PUBACK, PUBREC, PUBREL or PUBCOMP; returns what it is answered."""
        number = ack.packet_id
        if ack.kind == "pubrel":
            self.received.discard(number)
            return Ack("pubcomp", number)
        if ack.kind == "pubrec":
            if number in self.sent:
                self.sent[number] = None
            return Ack("pubrel", number)
        self.sent.pop(number, None)
        return None

    def resume(self, *, present: bool) -> list[Packet]:
        """Return what is sent again on a new connection, in its order (§4.4).

        A broker that has lost the session knows no packet ids: what it has never acknowledged still goes out again.
        """
        if not present:
            self.received.clear()
            self.sent = {number: message for number, message in self.sent.items() if message is not None}
        return [
            Ack("pubrel", number) if message is None else as_duplicate(message) for number, message in self.sent.items()
        ]
