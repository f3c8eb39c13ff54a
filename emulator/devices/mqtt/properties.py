"""MQTT 5.0 properties (§2.2.2): which there are, what each holds and where it may stand."""

from typing import Any, Final, Literal

from emulator.devices.mqtt.packets import PROTOCOL_ERROR, Properties, ProtocolError
from emulator.devices.mqtt.wire import Reader, binary, text, variable

MESSAGE_EXPIRY: Final = 2
SUBSCRIPTION_ID: Final = 11
SESSION_EXPIRY: Final = 17
ASSIGNED_CLIENT_ID: Final = 18
SERVER_KEEP_ALIVE: Final = 19
AUTHENTICATION_METHOD: Final = 21
WILL_DELAY: Final = 24
REASON: Final = 31
RECEIVE_MAXIMUM: Final = 33
TOPIC_ALIAS_MAXIMUM: Final = 34
TOPIC_ALIAS: Final = 35
MAXIMUM_QOS: Final = 36
USER: Final = 38
MAXIMUM_PACKET: Final = 39
SHARED_AVAILABLE: Final = 42

Kind = Literal["byte", "u16", "u32", "var", "text", "binary", "pair"]
_ACKS: Final = ("puback", "pubrec", "pubrel", "pubcomp")
_EVERYWHERE: Final = (
    "connect", "connack", "publish", "will", *_ACKS, "subscribe", "suback", "unsubscribe", "unsuback", "disconnect",
    "auth",
)  # fmt: skip
KINDS: Final[dict[int, tuple[Kind, tuple[str, ...]]]] = {
    1: ("byte", ("publish", "will")),
    MESSAGE_EXPIRY: ("u32", ("publish", "will")),
    3: ("text", ("publish", "will")),
    8: ("text", ("publish", "will")),
    9: ("binary", ("publish", "will")),
    SUBSCRIPTION_ID: ("var", ("publish", "subscribe")),
    SESSION_EXPIRY: ("u32", ("connect", "connack", "disconnect")),
    ASSIGNED_CLIENT_ID: ("text", ("connack",)),
    SERVER_KEEP_ALIVE: ("u16", ("connack",)),
    AUTHENTICATION_METHOD: ("text", ("connect", "connack", "auth")),
    22: ("binary", ("connect", "connack", "auth")),
    23: ("byte", ("connect",)),
    WILL_DELAY: ("u32", ("will",)),
    25: ("byte", ("connect",)),
    26: ("text", ("connack",)),
    28: ("text", ("connack", "disconnect")),
    REASON: ("text", ("connack", *_ACKS, "suback", "unsuback", "disconnect", "auth")),
    RECEIVE_MAXIMUM: ("u16", ("connect", "connack")),
    TOPIC_ALIAS_MAXIMUM: ("u16", ("connect", "connack")),
    TOPIC_ALIAS: ("u16", ("publish",)),
    MAXIMUM_QOS: ("byte", ("connack",)),
    37: ("byte", ("connack",)),
    USER: ("pair", _EVERYWHERE),
    MAXIMUM_PACKET: ("u32", ("connect", "connack")),
    40: ("byte", ("connack",)),
    41: ("byte", ("connack",)),
    SHARED_AVAILABLE: ("byte", ("connack",)),
}
_NEVER_ZERO: Final = frozenset((SUBSCRIPTION_ID, RECEIVE_MAXIMUM, TOPIC_ALIAS, MAXIMUM_PACKET))
_MANY: Final = frozenset((USER, SUBSCRIPTION_ID))
_FLAGS: Final = frozenset((1, 23, 25, MAXIMUM_QOS, 37, 40, 41, SHARED_AVAILABLE))
_SIZES: Final = {"byte": 1, "u16": 2, "u32": 4}


def _value(kind: Kind, value: Any) -> bytes:
    if kind in _SIZES:
        return int(value).to_bytes(_SIZES[kind], "big")
    if kind == "var":
        return variable(value)
    if kind == "binary":
        return binary(value)
    if kind == "pair":
        return text(value[0]) + text(value[1])
    return text(value)


def encode_properties(properties: Properties) -> bytes:
    """Return the properties with their length before them."""
    if not properties:
        return b"\0"
    data = b"".join(bytes((name,)) + _value(KINDS[name][0], value) for name, value in properties)
    return variable(len(data)) + data


def read_properties(reader: Reader, where: str) -> Properties:
    """Read properties of a packet of kind `where`.

    Raises
    ------
    ProtocolError
        One that is unknown, stands where it may not, comes twice, or holds what it may not.

    """
    inner = reader.part(reader.variable())
    found: list[tuple[int, Any]] = []
    seen: set[int] = set()
    while inner.left:
        name = inner.byte()
        if name not in KINDS or where not in KINDS[name][1]:
            raise ProtocolError(f"property {name} does not belong into {where}")
        if name in seen and name not in _MANY:
            raise ProtocolError(f"property {name} comes twice", PROTOCOL_ERROR)
        seen.add(name)
        kind = KINDS[name][0]
        value = _read(inner, kind)
        if (name in _NEVER_ZERO and value == 0) or (name in _FLAGS and value > 1):
            raise ProtocolError(f"property {name} may not be {value}", PROTOCOL_ERROR)
        found.append((name, value))
    return tuple(found)


def _read(reader: Reader, kind: Kind) -> Any:
    if kind in _SIZES:
        return reader.number(_SIZES[kind])
    if kind == "var":
        return reader.variable()
    if kind == "binary":
        return reader.binary()
    if kind == "pair":
        return reader.text(), reader.text()
    return reader.text()
