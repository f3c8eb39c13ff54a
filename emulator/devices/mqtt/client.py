"""A link to a broker outside the rig: our own client, which comes back by itself and never piles up."""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import TYPE_CHECKING, Final

from emulator.devices.mqtt.decode import Decoder
from emulator.devices.mqtt.encode import encode
from emulator.devices.mqtt.outbox import Outbox
from emulator.devices.mqtt.packets import (
    Ack,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Ping,
    Pong,
    ProtocolError,
    Publish,
    Subscribe,
    Will,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.mqtt.link import User
    from rigs.devices.mqtt import MqttSettings

RETRY_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
CONNECT_WITHIN_S: Final = 5.0
UNSENT: Final = 1 << 22


class RemoteLink:
    """A link over TCP or TLS.

    Parameters
    ----------
    host, port
        Where the broker is.
    settings
        User, password variable, TLS, keep-alive.
    client_id
        Name of the client.
    clean
        Whether each connection begins a session of its own, as Sparkplug demands (3.0 §5); else what was not
        acknowledged is sent again on the next connection.

    Attributes
    ----------
    dropped
        Messages not sent because the broker takes them too slowly.
    refused
        Return code of the last CONNACK that said no; 0 if none did.

    """

    def __init__(self, host: str, port: int, settings: MqttSettings, client_id: str, *, clean: bool = True) -> None:
        self.user: User | None = None
        self.up = False
        self.dropped = 0
        self.refused = 0
        self._where = host, port
        self._settings = settings
        self._client_id = client_id
        self._clean = clean
        self.outbox = Outbox()
        self._will: Callable[[], Will] | None = None
        self._socket: _Socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._tries = 0

    def open(self, will: Callable[[], Will]) -> None:
        """Connect, and again whenever the connection breaks, after 0.5 s and up to 15 s."""
        self._will = will
        self._tries = 0
        self._dial(0.0)

    def _dial(self, wait_s: float) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._connect(wait_s))

    async def _connect(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        assert self._will is not None
        loop, settings = asyncio.get_running_loop(), self._settings
        host, port = self._where
        context = ssl.create_default_context(cafile=settings.ca) if settings.tls else None
        if context is not None and settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.key)
        if self._clean:
            self.outbox = Outbox()
        socket = _Socket(self, self.outbox, settings.keep_alive)
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await loop.create_connection(lambda: socket, host, port, ssl=context)
        except OSError:  # includes TimeoutError and ssl.SSLError
            self._again()
        else:
            self._socket = socket

    def hello(self) -> Connect | None:
        """Return the CONNECT of a connection that stands; the will is asked for here, once per CONNECT sent."""
        if self._will is None:
            return None
        settings = self._settings
        password = os.environ.get(settings.password_env or "")
        return Connect(
            self._client_id, clean=self._clean, keep_alive=settings.keep_alive, will=self._will(), user=settings.user,
            password=None if settings.user is None or password is None else password.encode(),
        )  # fmt: skip

    def _again(self) -> None:
        self._task = None
        if self._will is not None:
            wait_s = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
            self._tries += 1
            self._dial(wait_s)

    def greeted(self, socket: _Socket) -> None:
        """Take note that the broker has let us in."""
        self._socket, self._task, self._tries, self.up = socket, None, 0, True
        if self.user is not None:
            self.user.link_up()

    def lost(self, socket: _Socket) -> None:
        """Take note that a connection is gone."""
        if socket is not self._socket and self._socket is not None:
            return
        self._socket = None
        was_up, self.up = self.up, False
        if was_up and self.user is not None:
            self.user.link_down()
        self._again()

    def message(self, message: Publish) -> None:
        """Pass a message on."""
        if self.user is not None:
            self.user.message(message)

    def drop(self) -> None:
        """Break off without a word, and forget what was on its way, as who loses power does."""
        socket = self._give_up()
        self.outbox = Outbox()
        if socket is not None:
            socket.abort()

    def leave(self) -> None:
        """Say goodbye."""
        socket = self._give_up()
        if socket is not None:
            socket.goodbye()

    def _give_up(self) -> _Socket | None:
        self._will = None
        self.up = False
        if self._task is not None:
            self._task.cancel()
            self._task = None
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.owner = None
        return socket

    async def close(self) -> None:
        """Say goodbye and wait until the socket is closed."""
        task, socket = self._task, self._socket
        self.leave()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        if socket is not None:
            try:
                async with asyncio.timeout(1.0):
                    await socket.gone.wait()
            except TimeoutError:
                socket.abort()
                await socket.gone.wait()

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> bool:
        """Publish; False while the link is down or too much is on its way already."""
        sent = self.up and self._socket is not None and self._socket.publish(topic, payload, qos, retain=retain)
        if self.up and not sent:
            self.dropped += 1
        return sent

    def subscribe(self, *patterns: tuple[str, int]) -> None:
        """Subscribe."""
        if self._socket is not None:
            self._socket.subscribe(patterns)

    def retain(self, topic: str, payload: bytes) -> None:
        """Publish retained; a broker that is not ours gives it to present subscribers too."""
        self.publish(topic, payload, retain=True)

    def bounce(self) -> None:
        """Do nothing: other clients of a broker that is not ours are not ours either."""


class _Socket(asyncio.Protocol):
    """One connection: packets in and out, acknowledgements, pings."""

    def __init__(self, owner: RemoteLink, outbox: Outbox, keep_alive_s: float) -> None:
        self.owner: RemoteLink | None = owner
        self.gone = asyncio.Event()
        self._outbox = outbox
        self._keep_alive_s = keep_alive_s
        self._decoder = Decoder(at_broker=False, limit=1 << 28)
        self._transport: asyncio.Transport | None = None
        self._answered = True
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        hello = None if self.owner is None else self.owner.hello()
        if hello is None:
            self.abort()
            return
        self._send(hello)
        self._timer = self._loop.call_later(CONNECT_WITHIN_S, self.abort)

    def data_received(self, data: bytes) -> None:
        try:
            for packet in self._decoder.feed(data):
                self._take(packet)
        except ProtocolError:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.gone.set()
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.lost(self)

    def _take(self, packet: Packet) -> None:
        owner = self.owner
        if owner is None:
            return
        match packet:
            case Connack(code=0):
                assert self._timer is not None
                self._timer.cancel()
                self._tick()
                for again in self._outbox.resume(present=packet.session_present):
                    self._send(again)
                owner.greeted(self)
            case Connack():
                owner.refused = packet.code
                self.abort()
            case Publish():
                self._message(owner, packet)
            case Ack():
                answer = self._outbox.acknowledged(packet)
                if answer is not None:
                    self._send(answer)
            case Pong():
                self._answered = True
            case Disconnect():
                self.abort()
            case _:
                pass

    def _message(self, owner: RemoteLink, packet: Publish) -> None:
        if packet.qos == 2:
            self._send(Ack("pubrec", packet.packet_id))
            if packet.packet_id in self._outbox.received:
                return
            self._outbox.received.add(packet.packet_id)
        elif packet.qos == 1:
            self._send(Ack("puback", packet.packet_id))
        owner.message(packet)

    def _tick(self) -> None:
        """Ask for a sign of life twice per keep-alive; give up where none came since the last time."""
        if not self._answered:
            self.abort()
            return
        self._answered = False
        self._send(Ping())
        self._timer = self._loop.call_later(self._keep_alive_s / 2, self._tick)

    def _send(self, packet: Packet) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(packet))

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> bool:
        """Send a message unless too much is on its way already."""
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > UNSENT:
            return False
        message = Publish(topic, payload, qos, retain)
        if qos:
            if self._outbox.full:
                return False
            message = self._outbox.keep(message)
        self._send(message)
        return True

    def subscribe(self, patterns: tuple[tuple[str, int], ...]) -> None:
        """Subscribe."""
        self._send(Subscribe(self._outbox.number(), patterns))

    def goodbye(self) -> None:
        """Send DISCONNECT and close once it is out."""
        if self._transport is None:
            return
        self._send(Disconnect())
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()
