"""One connection to an MQTT broker, on aiomqtt: what arrives is kept in a bounded inbox until the next poll.

aiomqtt hands messages to a queue of the caller's; here that queue is the inbox itself, so no task stands between
the socket and it. `fence` waits until the broker has handed over everything it had for us: it answers an
unsubscription only after what it sent before (MQTT 3.1.1, 4.6), whatever the topics' access rules.
"""

import asyncio
import contextlib
import dataclasses
import logging
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from twin.connectors.tls import listening, why

MAX_MESSAGES = 20_000
MAX_BYTES = 64 * 1024 * 1024
"""What may wait for the next poll; beyond it messages are dropped and counted, as a slow consumer's are."""
_FENCE = "plantbench/fence"
_LOGGER = logging.getLogger("twin.mqtt")
# Every line of the library is one that a peer can cause; what matters stands in the connector's state.
_LOGGER.setLevel(logging.CRITICAL)

_REFUSALS = {
    1: "unacceptable protocol version",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}


class BrokerLostError(ConnectionError):
    """There is no connection to the broker, or no longer one."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are to a broker, and whom it must be signed by; `tls` None is a plain connection."""

    host: str
    port: int
    identifier: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    keep_alive_s: int = 30
    timeout_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    received_ns: int


class Inbox:
    """Messages not yet looked at, bounded in number and bytes."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._held: deque[Arrival] = deque()
        self._bytes = 0
        self.dropped = 0
        self.news = asyncio.Event()

    def put(self, message: aiomqtt.Message) -> None:
        """Keep a message, or drop it when too much waits already."""
        payload = message.payload if isinstance(message.payload, bytes) else b""
        if len(self._held) >= MAX_MESSAGES or self._bytes + len(payload) > MAX_BYTES:
            self.dropped += 1
            return
        self._bytes += len(payload)
        self._held.append(Arrival(str(message.topic), payload, message.qos, message.retain, self._now_ns()))
        self.news.set()

    def take(self, received_ns: int | None = None) -> list[Arrival]:
        """Return everything that waits, in the order it came, with another time of receipt if one is given."""
        held, self._held, self._bytes = list(self._held), deque(), 0
        self.news.clear()
        if received_ns is None:
            return held
        return [dataclasses.replace(arrival, received_ns=received_ns) for arrival in held]


class MqttLink:
    """A connected client; made by `connect`."""

    def __init__(self, client: aiomqtt.Client, inbox: Inbox) -> None:
        self._client = client
        self.inbox = inbox
        self.refused: list[str] = []
        self._watch = asyncio.create_task(self._until_lost(), name="mqtt watch")
        self._lost: str | None = None

    @classmethod
    async def connect(cls, login: Login, will: aiomqtt.Will | None, now_ns: Callable[[], int]) -> "MqttLink":
        """Connect with a clean session.

        Raises
        ------
        BrokerLostError : no broker, no answer in time, or it refuses; the message says which
        """
        inbox = Inbox(now_ns)
        heard = [] if login.tls is None else listening(login.tls)

        class Queue(asyncio.Queue[aiomqtt.Message]):
            def put_nowait(self, item: aiomqtt.Message) -> None:
                inbox.put(item)

        client = aiomqtt.Client(
            login.host,
            login.port,
            username=login.user,
            password=login.password,
            identifier=login.identifier,
            logger=_LOGGER,
            queue_type=Queue,
            will=will,
            clean_session=True,
            timeout=login.timeout_s,
            keepalive=login.keep_alive_s,
            tls_context=login.tls,
        )
        # The library waits five seconds for a connection and its handshake, whatever the time-out.
        client._client.connect_timeout = login.timeout_s  # noqa: SLF001 - there is no public way
        try:
            await client.__aenter__()
        except asyncio.CancelledError:
            _hang_up(client)
            raise
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            _hang_up(client)
            where = f"no {'connection' if login.tls is None else 'secure connection'} to {login.host}:{login.port}"
            cause = error.__context__  # aiomqtt hides it
            if isinstance(cause, TimeoutError) and "handshake" in str(cause):
                raise BrokerLostError(f"{where} within {login.timeout_s:g} s") from None
            broken = heard[0] if heard else cause
            raise BrokerLostError(
                f"{where}: {why(broken) if isinstance(broken, ssl.SSLError) else _why(error)}"
            ) from None
        return cls(client, inbox)

    @property
    def open(self) -> bool:
        """Whether the connection stands, as far as can be seen without asking."""
        return self._lost is None

    @property
    def why(self) -> str:
        """Why the connection is gone."""
        return self._lost or "connection is closed"

    async def subscribe(self, filters: Sequence[str], qos: int = 1) -> None:
        """Subscribe; a filter the broker refuses (0x80) is noted in `refused` and the others are kept."""
        codes = await self._ask(self._client.subscribe([(name, qos) for name in filters]))
        granted = [int(getattr(code, "value", code)) for code in codes]
        self.refused = [name for name, code in zip(filters, granted, strict=False) if code > 2]

    async def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish; at QoS 1 and 2 wait until the broker has it."""
        await self._ask(self._client.publish(topic, payload, qos=qos, retain=retain))

    async def fence(self) -> None:
        """Wait until everything the broker has sent us so far is in the inbox."""
        await self._ask(self._client.unsubscribe(_FENCE))

    async def close(self) -> None:
        """Take leave of the broker and let go of everything."""
        self._watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch
        if self._lost is None:
            with contextlib.suppress(aiomqtt.MqttError, OSError):
                await self._client.__aexit__(None, None, None)
        self._lost = self._lost or "connection is closed"
        _hang_up(self._client)

    async def drop(self) -> None:
        """Cut the connection without a word, so that the broker sends our will."""
        self._lost = self._lost or "connection is closed"
        self._watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch
        _hang_up(self._client)

    async def _ask(self, call: Any) -> Any:
        if self._lost is not None:
            call.close()
            raise BrokerLostError(self._lost)
        try:
            return await call
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            self._lost = self._lost or _why(error)
            raise BrokerLostError(self._lost) from None

    async def _until_lost(self) -> None:
        try:
            async for _ in self._client.messages:
                pass
        except aiomqtt.MqttError as error:
            self._lost = f"connection lost: {_why(error.__cause__ or error)}"
        self.inbox.news.set()


def _why(error: BaseException) -> str:
    code = getattr(error, "rc", None)
    value = getattr(code, "value", code)
    if isinstance(error, aiomqtt.exceptions.MqttConnectError) and value in _REFUSALS:
        return f"{_REFUSALS[value]} (CONNACK {value})"
    return str(error) or type(error).__name__


def _hang_up(client: aiomqtt.Client) -> None:
    """Close the socket and end the library's own task: it does neither after a refusal or a time-out."""
    inner = client._client  # noqa: SLF001 - there is no public way
    if inner.socket() is not None:
        inner._sock_close()  # noqa: SLF001
    task = client._misc_task  # noqa: SLF001
    if task is not None and not task.done():
        task.cancel()
    for future in (client._connected, client._disconnected):  # noqa: SLF001
        # An exception nobody will ask for would be logged when the future is collected.
        if future.done() and not future.cancelled():
            future.exception()
