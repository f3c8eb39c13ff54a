"""A TCP proxy in front of any device, emulated or real, on which link faults act.

With no fault attached, bytes go from socket to socket after one check. With faults, each piece is given the
time it may leave and waits in a bounded queue; a queue that fills stops reading from its source, so a slow
link pushes back on the sender as a real one does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from hil.insertion.link.connection import CONNECT_TIMEOUT_S, Connection
from hil.insertion.link.counters import LinkCounters
from hil.insertion.link.pipe import QUEUE_BYTES
from hil.insertion.link.port import Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from hil.insertion.link.base import Direction, LinkFault, Stream
    from hil.insertion.link.connection import Side

    Tap = Callable[[int, Direction, bytes], None]
    Note = Callable[[str, str], None]

_ENDINGS = {"close": "closed", "half_close": "half closed", "gone": "its device gone"}

__all__ = ["CONNECT_TIMEOUT_S", "QUEUE_BYTES", "LinkCounters", "LinkProxy"]


class LinkProxy:
    """The proxy of one link.

    Parameters
    ----------
    name
        Name of the link (its device's id), for messages.
    upstream_host, upstream_port
        Where the device really is.
    host, port
        Where to listen; port 0 takes a free one, `address` tells which.
    streams
        The run's randomness: a link fault draws from the path ``link/<name>/<kind>``.
    rate
        Plant seconds per second of the event loop: link delays are plant time.

    Attributes
    ----------
    tap
        Called with connection number, direction and bytes as they leave the proxy, if set.
    note
        Called with a fault's kind and where it acted, each time it touches the wire, if set.
    """

    def __init__(
        self,
        name: str,
        upstream_host: str,
        upstream_port: int,
        streams: Callable[[str], Stream],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 1.0,
    ) -> None:
        self.name = name
        self.rate = rate
        self._streams = streams
        self.upstream = (upstream_host, upstream_port)
        self.counters = LinkCounters()
        self.faults: tuple[LinkFault, ...] = ()
        self.tap: Tap | None = None
        self.note: Note | None = None
        self._listener = Listener(self._accept, host, port)
        self._connections: dict[int, Connection] = {}

    async def start(self) -> Self:
        """Open the listening port."""
        await self._listener.start()
        return self

    async def stop(self) -> None:
        """Close the port and every connection, and wait until they are gone."""
        if not self._listener.started:
            return
        closing = self._listener.close()
        for connection in tuple(self._connections.values()):
            connection.abort()
        while self._connections:
            await asyncio.gather(*(c.gone.wait() for c in tuple(self._connections.values())))
        await closing

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port clients must use; while a fault has moved the port, the one it is at."""
        if not self._listener.started:
            raise RuntimeError(f"link {self.name!r} is not open; start() it first")
        return self._listener.address

    def now_s(self) -> float:
        """Return plant time [s], from an arbitrary origin."""
        return asyncio.get_running_loop().time() * self.rate

    def loop_s(self, at_s: float) -> float:
        """Return the event loop's time at plant time `at_s` [s]."""
        return at_s / self.rate

    def stream(self, kind: str) -> Stream:
        """Return what faults of that kind draw from on this link."""
        return self._streams(f"link/{self.name}/{kind}")

    def attach(self, fault: LinkFault) -> None:
        """Put a fault on the link; standing connections meet what it has for them now."""
        if fault in self.faults:
            return
        fault.start()
        self.faults = (*self.faults, fault)
        self._listen()
        if self.note is not None and fault.listens() != (True, None):
            here = self._listener.address[1]
            self.note(fault.kind, "port shut" if fault.listens()[1] is None else f"port moved to {here}")
        for number, connection in tuple(self._connections.items()):
            if not fault.covers(number):
                continue
            if fault.refuses(number, existing=True):
                self.noted(fault, number, "reset")
                connection.reset()
            elif (ending := fault.ends(number)) is not None:
                self.noted(fault, number, _ENDINGS[ending])
                connection.end(ending)
            else:
                connection.read_messages(fault)
                connection.strike(fault)

    def detach(self, fault: LinkFault) -> None:
        """Take a fault off; when it was the last one, whatever still waited leaves at once."""
        if fault not in self.faults:
            return
        self.faults = tuple(f for f in self.faults if f is not fault)
        self._listen()
        for number, connection in tuple(self._connections.items()):
            if fault.maims(number):
                connection.reset()
                continue
            connection.spare(fault)
            connection.heal()
            if connection.messages is not None:
                connection.messages.release(fault)
            if not self.faults:
                connection.flush()

    def noted(self, fault: LinkFault, connection: int, what: str) -> None:
        """Tell the truth log what a fault did to a connection; connections count from 1, as in `CONNECTION`."""
        if self.note is not None:
            self.note(fault.kind, f"connection {connection + 1}: {what}")

    def _listen(self) -> None:
        """Have the port open, shut or elsewhere, as the faults say."""
        said = [fault.listens() for fault in self.faults]
        elsewhere = next((port for here, port in said if not here and port is not None), None)
        shut = any(not here and port is None for here, port in said)
        self._listener.be(here=all(here for here, _ in said), elsewhere=None if shut else elsewhere)

    def _accept(self) -> Side:
        number = self.counters.connections
        self.counters.connections += 1
        self.counters.open += 1
        connection = Connection(self, number)
        for fault in self.faults:
            connection.read_messages(fault)
        self._connections[number] = connection
        return connection.client

    def forget(self, connection: Connection) -> None:
        """Strike a connection off the list once both of its sockets are closed."""
        if self._connections.pop(connection.number, None) is not None:
            self.counters.open -= 1
