"""From bytes to packets, strictly and within bounds: whatever breaks the protocol is refused with its reason code."""

from collections.abc import Iterator
from typing import Final

from emulator.devices.mqtt.packets import (
    PACKET_TOO_LARGE,
    PROTOCOL_ERROR,
    TOPIC_INVALID,
    UNSUPPORTED_VERSION,
    V5,
    V311,
    Ack,
    AckKind,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Ping,
    Pong,
    Properties,
    ProtocolError,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
    find,
)
from emulator.devices.mqtt.properties import TOPIC_ALIAS, read_properties
from emulator.devices.mqtt.topics import is_topic
from emulator.devices.mqtt.wire import Reader

MAX_PACKET: Final = 1 << 20
MAX_FIRST: Final = 1 << 18
# Flags that a type's first byte must carry (§2.1.3); PUBLISH has its own.
_FLAGS: Final = {6: 2, 8: 2, 10: 2}
_ACKS: Final[dict[int, AckKind]] = {4: "puback", 5: "pubrec", 6: "pubrel", 7: "pubcomp"}
_FROM_CLIENT: Final = frozenset((1, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15))
_FROM_BROKER: Final = frozenset((2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15))


class Decoder:
    """Packets out of a stream of bytes.

    Parameters
    ----------
    at_broker
        Whether the peer is a client, whose first packet must be CONNECT and sets the version.
    version
        The version spoken, where it is known.
    limit
        Longest packet taken [bytes].

    """

    def __init__(self, *, at_broker: bool, version: int = V311, limit: int = MAX_PACKET) -> None:
        self.version = version
        self.limit = limit
        self._types = _FROM_CLIENT if at_broker else _FROM_BROKER
        self._greeted = not at_broker
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take bytes and yield the packets they complete.

        Raises
        ------
        ProtocolError
            The stream breaks the protocol; nothing after it can be read.

        """
        self._buffer += data
        while (packet := self._next()) is not None:
            yield packet

    def _next(self) -> Packet | None:
        buffer = self._buffer
        if not buffer:
            return None
        first = buffer[0]
        kind = first >> 4
        if kind not in self._types or (kind == 15 and self.version != V5):
            raise ProtocolError(f"packet type {kind} does not come from this side", PROTOCOL_ERROR)
        if self._greeted == (kind == 1):
            raise ProtocolError("CONNECT must come first, and once", PROTOCOL_ERROR)
        if kind != 3 and first & 15 != _FLAGS.get(kind, 0):
            raise ProtocolError(f"flags {first & 15:04b} do not fit packet type {kind}")
        size = shift = 0
        for at in range(1, 6):
            if at == 5:
                raise ProtocolError("a remaining length of more than four bytes")
            if at >= len(buffer):
                return None
            size |= (buffer[at] & 0x7F) << shift
            shift += 7
            if buffer[at] < 128:
                break
        if size > (self.limit if self._greeted else min(self.limit, MAX_FIRST)):
            raise ProtocolError(f"a packet of {size} bytes is larger than allowed", PACKET_TOO_LARGE)
        end = at + 1 + size
        if len(buffer) < end:
            return None
        body = bytes(buffer[at + 1 : end])
        del buffer[:end]
        packet = read_packet(first, body, self.version)
        if isinstance(packet, Connect):
            self.version, self._greeted = packet.version, True
        return packet


def read_packet(first: int, body: bytes, version: int) -> Packet:
    """Return one packet from its first byte and its body.

    Raises
    ------
    ProtocolError
        It breaks the protocol.

    """
    reader = Reader(body)
    five = version == V5
    kind = first >> 4
    packet: Packet
    match kind:
        case 1:
            packet = _connect(reader)
        case 2:
            flags, code = reader.byte(), reader.byte()
            if flags > 1:
                raise ProtocolError("reserved acknowledge flags are set")
            packet = Connack(flags == 1, code, read_properties(reader, "connack") if five else ())
        case 3:
            return _publish(first, reader, five=five)
        case 4 | 5 | 6 | 7:
            name = _ACKS[kind]
            packet = Ack(name, _packet_id(reader), *_reason(reader, name, five=five))
        case 8:
            packet = _subscribe(reader, five=five)
        case 9:
            number, props = _packet_id(reader), _optional(reader, "suback", five=five)
            packet = Suback(number, tuple(reader.rest()), props)
        case 10:
            number, props = _packet_id(reader), _optional(reader, "unsubscribe", five=five)
            packet = Unsubscribe(number, _filters(reader), props)
        case 11:
            number, props = _packet_id(reader), _optional(reader, "unsuback", five=five)
            packet = Unsuback(number, tuple(reader.rest()) if five else (), props)
        case 12:
            packet = Ping()
        case 13:
            packet = Pong()
        case 14:
            packet = Disconnect(*_reason(reader, "disconnect", five=five))
        case _:
            packet = Auth(*_reason(reader, "auth", five=five))
    reader.done()
    return packet


def _optional(reader: Reader, where: str, *, five: bool) -> Properties:
    return read_properties(reader, where) if five else ()


def _reason(reader: Reader, where: str, *, five: bool) -> tuple[int, Properties]:
    """Return reason code and properties, both of which 5.0 may leave out."""
    if not five or not reader.left:
        return 0, ()
    code = reader.byte()
    return code, read_properties(reader, where) if reader.left else ()


def _packet_id(reader: Reader) -> int:
    number = reader.number(2)
    if not number:
        raise ProtocolError("packet identifier 0", PROTOCOL_ERROR)
    return number


def _publish(first: int, reader: Reader, *, five: bool) -> Publish:
    qos = first >> 1 & 3
    if qos == 3 or (first & 8 and not qos):
        raise ProtocolError(f"a PUBLISH with QoS {qos} and DUP {first >> 3 & 1}")
    topic = reader.text()
    number = _packet_id(reader) if qos else 0
    props = read_properties(reader, "publish") if five else ()
    if not (topic or find(props, TOPIC_ALIAS)) or not is_topic(topic or "-"):
        raise ProtocolError("a topic to publish to has no wildcards and is not empty", TOPIC_INVALID)
    return Publish(topic, reader.rest(), qos, bool(first & 1), bool(first & 8), number, props)


def _connect(reader: Reader) -> Connect:
    name, version, flags = reader.text(), reader.byte(), reader.byte()
    if name != "MQTT" or version not in (V311, V5):
        raise ProtocolError(f"protocol {name[:10]!r} version {version} is not spoken here", UNSUPPORTED_VERSION)
    if flags & 1:
        raise ProtocolError("the reserved connect flag is set")
    has_will, qos = bool(flags & 4), flags >> 3 & 3
    if qos == 3 or (not has_will and flags & 0x38):
        raise ProtocolError("will flags that do not fit together")
    if version == V311 and flags & 0xC0 == 0x40:
        raise ProtocolError("a password without a user")
    keep_alive = reader.number(2)
    props = read_properties(reader, "connect") if version == V5 else ()
    client_id = reader.text()
    will = None
    if has_will:
        will_props = read_properties(reader, "will") if version == V5 else ()
        topic, payload = reader.text(), reader.binary()
        if not topic or not is_topic(topic):
            raise ProtocolError("a will's topic has no wildcards and is not empty", TOPIC_INVALID)
        will = Will(topic, payload, qos, bool(flags & 0x20), will_props)
    user = reader.text() if flags & 0x80 else None
    password = reader.binary() if flags & 0x40 else None
    return Connect(client_id, version, bool(flags & 2), keep_alive, will, user, password, props)


def _subscribe(reader: Reader, *, five: bool) -> Subscribe:
    number, props = _packet_id(reader), _optional(reader, "subscribe", five=five)
    filters = []
    while reader.left:
        name, options = reader.text(), reader.byte()
        if options & 3 == 3 or (options & 0xC0 if five else options > 2) or options >> 4 & 3 == 3:
            raise ProtocolError(f"subscription options {options:#04x}")
        filters.append((name, options))
    if not filters:
        raise ProtocolError("a SUBSCRIBE without a filter", PROTOCOL_ERROR)
    return Subscribe(number, tuple(filters), props)


def _filters(reader: Reader) -> tuple[str, ...]:
    filters = []
    while reader.left:
        filters.append(reader.text())
    if not filters:
        raise ProtocolError("an UNSUBSCRIBE without a filter", PROTOCOL_ERROR)
    return tuple(filters)
