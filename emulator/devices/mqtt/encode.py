"""From packets to bytes."""

from typing import Final

from emulator.devices.mqtt.packets import (
    V5,
    V311,
    Ack,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Ping,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emulator.devices.mqtt.properties import encode_properties
from emulator.devices.mqtt.wire import binary, text, variable

ACK_TYPES: Final = {"puback": 0x40, "pubrec": 0x50, "pubrel": 0x62, "pubcomp": 0x70}


def frame(first: int, body: bytes) -> bytes:
    """Return a packet: first byte, remaining length, body."""
    return bytes((first,)) + variable(len(body)) + body


def _connect(packet: Connect) -> bytes:
    five = packet.version == V5
    flags = 0x02 if packet.clean else 0
    tail = [text(packet.client_id)]
    if packet.will is not None:
        will = packet.will
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        if five:
            tail.append(encode_properties(will.properties))
        tail += [text(will.topic), binary(will.payload)]
    if packet.user is not None:
        flags |= 0x80
        tail.append(text(packet.user))
    if packet.password is not None:
        flags |= 0x40
        tail.append(binary(packet.password))
    head = text("MQTT") + bytes((packet.version, flags)) + packet.keep_alive.to_bytes(2, "big")
    return frame(0x10, head + (encode_properties(packet.properties) if five else b"") + b"".join(tail))


def publish_bytes(packet: Publish, version: int) -> bytes:
    """Return a PUBLISH packet."""
    first = 0x30 | packet.qos << 1 | (8 if packet.dup else 0) | (1 if packet.retain else 0)
    body = text(packet.topic)
    if packet.qos:
        body += packet.packet_id.to_bytes(2, "big")
    if version == V5:
        body += encode_properties(packet.properties)
    return frame(first, body + packet.payload)


def encode(packet: Packet, version: int = V311) -> bytes:
    """Return a packet as it travels on a connection of that version.

    Raises
    ------
    ValueError
        A field that is too long for its place.

    """
    five = version == V5
    match packet:
        case Publish():
            return publish_bytes(packet, version)
        case Ack():
            body = packet.packet_id.to_bytes(2, "big")
            if five and (packet.code or packet.properties):
                body += bytes((packet.code,)) + (encode_properties(packet.properties) if packet.properties else b"")
            return frame(ACK_TYPES[packet.kind], body)
        case Connect():
            return _connect(packet)
        case Connack():
            body = bytes((1 if packet.session_present else 0, packet.code))
            return frame(0x20, body + (encode_properties(packet.properties) if five else b""))
        case Subscribe() | Unsubscribe():
            body = packet.packet_id.to_bytes(2, "big") + (encode_properties(packet.properties) if five else b"")
            if isinstance(packet, Subscribe):
                return frame(0x82, body + b"".join(text(name) + bytes((options,)) for name, options in packet.filters))
            return frame(0xA2, body + b"".join(text(name) for name in packet.filters))
        case Suback() | Unsuback():
            body = packet.packet_id.to_bytes(2, "big") + (encode_properties(packet.properties) if five else b"")
            return frame(0x90 if isinstance(packet, Suback) else 0xB0, body + bytes(packet.codes))
        case Disconnect() | Auth():
            first = 0xE0 if isinstance(packet, Disconnect) else 0xF0
            if not five or not (packet.code or packet.properties):
                return frame(first, b"")
            tail = encode_properties(packet.properties) if packet.properties else b""
            return frame(first, bytes((packet.code,)) + tail)
        case Ping():
            return b"\xc0\x00"
        case _:
            return b"\xd0\x00"
