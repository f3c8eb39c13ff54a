"""The broker's sockets: TCP or TLS, silence noticed, output gathered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from emulator.devices.mqtt.conversation import Conversation

if TYPE_CHECKING:
    import ssl

    from emulator.devices.mqtt.broker import Broker

_GATHER: Final = 1 << 16


class BrokerServer:
    """Listens for a broker's clients.

    Parameters
    ----------
    broker
        Whom they talk to.
    host
        Where to listen; loopback unless told otherwise.
    tls
        Certificate and key, for TLS.
    connections
        Most clients at once; more are closed unseen.

    """

    def __init__(
        self,
        broker: Broker,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        connections: int = 1_000,
    ) -> None:
        self.broker = broker
        self.refused = 0
        self.clients: set[_Client] = set()
        self.connections = connections
        self._host = host
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._users = 0

    async def start(self) -> str:
        """Open the port, if nobody has yet, and return the broker's URL.

        Raises
        ------
        OSError
            The address cannot be listened on.

        """
        self._users += 1
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Client(self), self._host, 0, ssl=self._tls)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{'mqtts' if self._tls else 'mqtt'}://{host}:{port}"

    async def stop(self) -> None:
        """Close the port and every connection when the last user of the broker has stopped."""
        self._users -= 1
        if self._server is None or self._users > 0:
            return
        server, self._server = self._server, None
        server.close()
        clients = tuple(self.clients)
        for client in clients:
            client.abort()
        await asyncio.gather(*(client.gone.wait() for client in clients))
        await server.wait_closed()


class _Client(asyncio.Protocol):
    """One socket: passes bytes on, and throws out who keeps silent for longer than agreed."""

    def __init__(self, server: BrokerServer) -> None:
        self._owner = server
        self._talk: Conversation | None = None
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._heard_s = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        owner = self._owner
        if owner.broker.down or len(owner.clients) >= owner.connections:
            owner.refused += 1
            transport.abort()
            return
        owner.clients.add(self)
        transport.set_write_buffer_limits(high=_GATHER)
        self._talk = Conversation(owner.broker, self._write, self._close, self._backlog)
        self._heard_s = self._loop.time()
        self._look()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        if self._talk is not None:
            before_s = self._talk.silence_s
            self._talk.receive(data)
            if self._talk.silence_s != before_s:
                self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._owner.clients.discard(self)
        self.gone.set()
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.lost()

    def pause_writing(self) -> None:
        """Do not read who does not read: answers to it may pile up no further."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _look(self) -> None:
        """Throw the client out if it was silent for too long, else look again when it would have been."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._talk is None or not self._talk.silence_s:
            return
        left_s = self._heard_s + self._talk.silence_s - self._loop.time()
        if left_s <= 0.0:
            self._talk.timed_out()
        else:
            self._watch = self._loop.call_later(left_s, self._look)

    def _write(self, data: bytes) -> None:
        """Gather what is sent in one turn of the loop into one write."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _backlog(self) -> int:
        transport = self._transport
        return sum(map(len, self._out)) + (0 if transport is None else transport.get_write_buffer_size())

    def _close(self) -> None:
        self._flush()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            # A client that does not take its last bytes is not waited for.
            self._loop.call_later(2.0, self._transport.abort)
