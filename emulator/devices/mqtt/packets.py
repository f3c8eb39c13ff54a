"""MQTT control packets as plain data, for version 3.1.1 (level 4) and 5.0 (level 5)."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

V311: Final = 4
V5: Final = 5

# MQTT 5.0 §2.4 reason codes; below 0x80 things went well.
SUCCESS: Final = 0x00
NO_MATCHING_SUBSCRIBERS: Final = 0x10
NO_SUBSCRIPTION: Final = 0x11
UNSPECIFIED: Final = 0x80
MALFORMED: Final = 0x81
PROTOCOL_ERROR: Final = 0x82
UNSUPPORTED_VERSION: Final = 0x84
CLIENT_ID_INVALID: Final = 0x85
BAD_USER_OR_PASSWORD: Final = 0x86
NOT_AUTHORIZED: Final = 0x87
SHUTTING_DOWN: Final = 0x8B
BAD_AUTHENTICATION_METHOD: Final = 0x8C
KEEP_ALIVE_TIMEOUT: Final = 0x8D
TAKEN_OVER: Final = 0x8E
FILTER_INVALID: Final = 0x8F
TOPIC_INVALID: Final = 0x90
PACKET_ID_NOT_FOUND: Final = 0x92
RECEIVE_MAXIMUM_EXCEEDED: Final = 0x93
TOPIC_ALIAS_INVALID: Final = 0x94
PACKET_TOO_LARGE: Final = 0x95
QUOTA_EXCEEDED: Final = 0x97
SHARED_NOT_SUPPORTED: Final = 0x9E

AckKind = Literal["puback", "pubrec", "pubrel", "pubcomp"]
Properties = tuple[tuple[int, Any], ...]


class ProtocolError(ValueError):
    """Bytes or packets that break the protocol; `code` is the MQTT 5.0 reason for it."""

    def __init__(self, message: str, code: int = MALFORMED) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker is to say when the client goes without a word."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    retain: bool = False
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Connect:
    """The first packet of a client. `password` is never shown."""

    client_id: str
    version: int = V311
    clean: bool = True
    keep_alive: int = 60
    will: Will | None = None
    user: str | None = None
    password: bytes | None = field(default=None, repr=False)
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer to CONNECT: a return code (3.1.1) or a reason code (5.0)."""

    session_present: bool = False
    code: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """An application message; `packet_id` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""

    kind: AckKind
    packet_id: int
    code: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Filters with their options; in 3.1.1 the options are the QoS alone."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Suback:
    """One code per filter: the QoS granted, or a refusal."""

    packet_id: int
    codes: tuple[int, ...]
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Filters no longer wanted."""

    packet_id: int
    filters: tuple[str, ...]
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Unsuback:
    """The answer to UNSUBSCRIBE; codes in 5.0 only."""

    packet_id: int
    codes: tuple[int, ...] = ()
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Ping:
    """PINGREQ."""


@dataclass(frozen=True, slots=True)
class Pong:
    """PINGRESP."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """A clean goodbye; in 5.0 with a reason, and from either side."""

    code: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Auth:
    """A step of an extended authentication (5.0)."""

    code: int = 0
    properties: Properties = ()


Packet = (
    Connect | Connack | Publish | Ack | Subscribe | Suback | Unsubscribe | Unsuback | Ping | Pong | Disconnect | Auth
)


def find(properties: Properties, identifier: int, default: Any = None) -> Any:
    """Return the first property of that identifier, `default` without one."""
    return next((value for name, value in properties if name == identifier), default)
