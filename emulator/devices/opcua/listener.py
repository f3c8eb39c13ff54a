"""The listening port of an OPC UA server and its connections."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from emulator.devices.opcua.transport import Connection, Limits


async def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that the port is known before the endpoint is described."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(256)
    except BaseException:
        listener.close()
        raise
    return listener


class Listener:
    """Makes connections on a socket that is bound already.

    Parameters
    ----------
    core
        The server's core.
    listener
        The socket.
    limits
        Of each connection before Hello.
    online, now
        Whether the device is up, and its clock as FILETIME.

    """

    def __init__(
        self,
        core: Any,
        listener: socket.socket,
        limits: Limits,
        online: Callable[[], bool],
        now: Callable[[], int],
    ) -> None:
        self.connections: dict[Connection, None] = {}
        self._core = core
        self._listener = listener
        self._limits = limits
        self._online = online
        self._now = now
        self._server: asyncio.AbstractServer | None = None

    def _make(self) -> Connection:
        return Connection(self._core, self._limits, online=self._online, now=self._now, peers=self.connections)

    async def start(self) -> None:
        """Accept connections."""
        self._server = await asyncio.get_running_loop().create_server(self._make, sock=self._listener, backlog=256)

    def reset(self) -> None:
        """Abort every connection."""
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def stop(self) -> None:
        """Close the port, reset the connections and wait for what they leave."""
        if self._server is not None:
            self._server.close()
        serving = [one.task for one in self.connections if one.task is not None]
        self.reset()
        while self.connections:  # noqa: ASYNC110 - connection_lost comes with the loop's next turn
            await asyncio.sleep(0)
        await asyncio.gather(*serving, return_exceptions=True)
        await self._core.settle()
        if self._server is not None:
            await self._server.wait_closed()
