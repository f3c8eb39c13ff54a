"""MQTT packets in words, 3.1.1 and the head of 5.0; what they carry on Sparkplug topics is read too."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from hil.traces.sparkplug import describe
from hil.traces.tap import Piece

NAMES: Final = (
    "", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE",
    "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
)  # fmt: skip
_REFUSALS: Final = {1: "version", 2: "client id", 3: "unavailable", 4: "user or password", 5: "not authorized"}
_LONG: Final = 60


@dataclass(slots=True)
class Reader:
    """Reads conversations; times are told from the first payload that has one."""

    _waiting: dict[tuple[int, str], bytes] = field(default_factory=dict)
    _versions: dict[int, int] = field(default_factory=dict)
    _first_ms: int | None = None

    def lines(self, piece: Piece) -> list[str]:
        """Return a line for each packet that these bytes complete."""
        key = (piece.connection, piece.direction)
        data = self._waiting.get(key, b"") + piece.data
        out = []
        while len(data) >= 2:
            size, at = 0, 1
            while at < len(data) and at < 5:
                size += (data[at] & 127) << 7 * (at - 1)
                at += 1
                if data[at - 1] < 128:
                    break
            else:
                break
            if len(data) < at + size:
                break
            out.append(f"{piece.arrow} {self._packet(piece.connection, data[0], data[at : at + size])}")
            data = data[at + size :]
        self._waiting[key] = data
        return out

    def _packet(self, connection: int, first: int, body: bytes) -> str:
        kind = first >> 4
        name = NAMES[kind] or f"type {kind}"
        five = self._versions.get(connection) == 5
        match kind:
            case 1:
                return self._connect(connection, body)
            case 2:
                session = "session present" if body[0] & 1 else "new session"
                refused = f"refused {body[1]}: {_REFUSALS.get(body[1], 'see 5.0 §3.2.2.2')}"
                return f"{name} {session if body[1] == 0 else refused}"
            case 3:
                return self._publish(first, body, five=five)
            case 4 | 5 | 6 | 7:
                return f"{name} id {int.from_bytes(body[:2], 'big')}"
            case 8 | 10:
                at = 2 + (1 + body[2] if five else 0)
                return f"{name} {', '.join(_filters(body[at:], options=kind == 8))}"
            case 9:
                at = 2 + (1 + body[2] if five else 0)
                return f"{name} {' '.join(f'{code:02X}' for code in body[at:])}"
            case 14:
                return f"{name} reason {body[0]:02X}" if body else name
            case _:
                return name

    def _connect(self, connection: int, body: bytes) -> str:
        version, flags, at = body[6], body[7], 10
        self._versions[connection] = version
        if version == 5:
            at += 1 + body[at]
        client, at = _text(body, at)
        words = [f"version {'5.0' if version == 5 else '3.1.1'}", f"client {client}"]
        words.append("clean" if flags & 2 else "keep the session")
        if flags & 4:
            words.append(f"will on {_text(body, at + (1 + body[at] if version == 5 else 0))[0]}")
        return "CONNECT " + ", ".join(words)

    def _publish(self, first: int, body: bytes, *, five: bool) -> str:
        topic, at = _text(body, 0)
        qos = first >> 1 & 3
        marks = [f"QoS {qos}"] if qos else []
        if qos:
            marks.append(f"id {int.from_bytes(body[at : at + 2], 'big')}")
            at += 2
        at += 1 + body[at] if five else 0
        marks += ["DUP"] if first & 8 else []
        marks += ["retained"] if first & 1 else []
        shown = topic if len(topic) <= _LONG else f"{topic[:24]}… ({len(topic.encode())} bytes)"
        head = f"PUBLISH {shown}" + (f" [{', '.join(marks)}]" if marks else "")
        return head + f": {self._payload(topic, body[at:])}"

    def _payload(self, topic: str, data: bytes) -> str:
        if not topic.startswith("spBv1.0/") or topic.startswith("spBv1.0/STATE/"):
            text = data.decode(errors="replace")
            return text if len(text) <= 120 else f"{len(data)} bytes"
        words, at_ms = describe(data)
        if at_ms is None:
            return words
        if self._first_ms is None:
            self._first_ms = at_ms
        return f"t {(at_ms - self._first_ms) / 1000:+.1f} s · {words}"


def _text(body: bytes, at: int) -> tuple[str, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : end].decode(errors="replace"), end


def _filters(body: bytes, *, options: bool) -> list[str]:
    found, at = [], 0
    while at + 2 <= len(body):
        name, at = _text(body, at)
        found.append(f"{name} (QoS {body[at] & 3})" if options else name)
        at += options
    return found


def lines(conversation: Iterable[Piece]) -> list[str]:
    """Return a conversation, a line per packet."""
    reader = Reader()
    return [line for piece in conversation for line in reader.lines(piece)]
