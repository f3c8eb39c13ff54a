"""MQTT 3.1.1 packets read from a recorded conversation, the slow way, by section 2 and 3 of the standard."""

from collections import Counter
from dataclasses import dataclass, field, replace

KINDS = (
    "", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback", "unsubscribe",
    "unsuback", "pingreq", "pingresp", "disconnect",
)  # fmt: skip


@dataclass(frozen=True)
class Packet:
    """One packet: the connection, whether the client sent it, and what it says."""

    connection: int
    up: bool
    kind: str
    client: str = ""
    clean: bool = False
    will: "Packet | None" = None
    topic: str = ""
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    number: int = 0
    filters: tuple[tuple[str, int], ...] = ()
    codes: bytes = b""


def text(data, at):
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : end], end


def connect(body):
    flags = body[7]
    client, at = text(body, 10)
    will = None
    if flags & 4:
        topic, at = text(body, at)
        payload, at = text(body, at)
        topic, qos, retain = topic.decode(), flags >> 3 & 3, bool(flags & 32)
        will = Packet(-1, True, "will", topic=topic, payload=payload, qos=qos, retain=retain)
    return {"client": client.decode(), "clean": bool(flags & 2), "will": will}


def publish(first, body):
    topic, at = text(body, 0)
    qos = first >> 1 & 3
    number = int.from_bytes(body[at : at + 2], "big") if qos else 0
    payload = body[at + (2 if qos else 0) :]
    return {"topic": topic.decode(), "payload": payload, "qos": qos, "retain": bool(first & 1), "number": number}


def subscribe(body):
    found, at = [], 2
    while at < len(body):
        name, at = text(body, at)
        found.append((name.decode(), body[at]))
        at += 1
    return {"number": int.from_bytes(body[:2], "big"), "filters": tuple(found)}


def read(connection, up, first, body):
    kind = KINDS[first >> 4]
    more = {}
    if kind == "connect":
        more = connect(body)
    elif kind == "publish":
        more = publish(first, body)
    elif kind == "subscribe":
        more = subscribe(body)
    elif kind in ("connack", "suback"):
        more = {"codes": body[1:] if kind == "connack" else body[2:]}
    return Packet(connection, up, kind, **more)


@dataclass
class Recorder:
    """Takes the pieces of a link as they pass; `packets` stand in the order in which they were complete."""

    packets: list[Packet] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    _rest: dict = field(default_factory=dict)
    _names: dict = field(default_factory=dict)

    def take(self, connection, direction, data):
        key = connection, direction == "up"
        data = self._rest.get(key, b"") + data
        while len(data) >= 2:
            size, at = 0, 1
            while at < len(data):
                size += (data[at] & 127) << 7 * (at - 1)
                at += 1
                if data[at - 1] < 128:
                    break
            if data[at - 1] >= 128 or len(data) < at + size:
                break
            packet = read(*key, data[0], data[at : at + size])
            if packet.kind == "connect":
                self._names[connection] = packet.client
            client = self._names.get(connection, "")
            self.packets.append(replace(packet, client=client))
            self.counts[client, packet.up, packet.kind, packet.topic.split("/")[2] if "/" in packet.topic else ""] += 1
            data = data[at + size :]
        self._rest[key] = data
