"""The proxy's listening port, which faults can shut or move.

While it is shut its number is kept by a socket that is bound and does not listen: whoever connects is refused, and
nobody else can take it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BACKLOG = 100


class Listener:
    """Accepts connections with `accept` as protocol factory, at `host` and `port` (0: a free one)."""

    def __init__(self, accept: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> None:
        self._accept = accept
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._placeholder: socket.socket | None = None
        self._opening: asyncio.Task[None] | None = None
        self._state: tuple[bool, int | None] = (True, None)
        self.address = (host, port)
        self.started = False

    async def start(self) -> None:
        """Open the port. OSError if it is taken."""
        self._server = await asyncio.get_running_loop().create_server(self._accept, self._host, self._port)
        self.address = self._server.sockets[0].getsockname()[:2]
        self._port = self.address[1]
        self.started = True

    def be(self, *, here: bool, elsewhere: int | None) -> None:
        """Listen at the port, at another one (0: a free one) while it is refused, or nowhere.

        Raises
        ------
        OSError
            The other port is taken.

        """
        if (here, elsewhere) == self._state or not self.started:
            return
        self._state = (here, elsewhere)
        self._shut()
        if here:
            found = self._placeholder or self._bound(self._port)
            self._placeholder = None
        else:
            self._placeholder = self._placeholder or self._bound(self._port)
            if elsewhere is None:
                self.address = self._placeholder.getsockname()[:2]
                return
            found = self._bound(elsewhere)
        found.listen(_BACKLOG)  # who connects before the server is there waits in the backlog
        self.address = found.getsockname()[:2]
        self._opening = asyncio.get_running_loop().create_task(self._serve(found))

    def close(self) -> asyncio.Future[None]:
        """Close it for good; the result is done when nothing is left of it."""
        self.started = False
        server = self._shut()
        if self._placeholder is not None:
            self._placeholder.close()
            self._placeholder = None
        return asyncio.ensure_future(_ended(server))

    async def _serve(self, found: socket.socket) -> None:
        try:
            self._server = await asyncio.get_running_loop().create_server(self._accept, sock=found)
        except asyncio.CancelledError:
            found.close()
            raise
        finally:
            self._opening = None

    def _shut(self) -> asyncio.Server | None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        server, self._server = self._server, None
        if server is not None:
            server.close()
        return server

    def _bound(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        found = socket.socket(family)
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((self._host, port))
        except OSError:
            found.close()
            raise
        found.setblocking(False)
        return found


async def _ended(server: asyncio.Server | None) -> None:
    if server is not None:
        await server.wait_closed()
