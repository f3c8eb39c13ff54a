"""Serving the API inside an event loop that somebody else runs."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn


class _QuietServer(uvicorn.Server):
    """Uvicorn without its hand on the process's signals: whoever owns the process decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiServer:
    """An ASGI application on a TCP port.

    Parameters
    ----------
    app : the application
    port : 0 for any free one
    host : loopback unless the user says otherwise
    """

    def __init__(self, app: Any, port: int = 0, host: str = "127.0.0.1") -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen and return the URL.

        Raises
        ------
        OSError : the port is taken or may not be used
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio turns Nagle's delay off only for sockets that say they are TCP; with it a tick takes 40 ms.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host, self._port))
        except OSError:
            sock.close()
            raise
        config = uvicorn.Config(
            self._app,
            http="h11",
            loop="asyncio",
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            log_level="critical",
            server_header=False,
            date_header=False,
            # A bench may think for a while between two ticks; a connection closed just then would look like
            # a crash.
            timeout_keep_alive=600,
            timeout_graceful_shutdown=2,
            limit_concurrency=256,
            h11_max_incomplete_event_size=16384,
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]), name="api")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise OSError("the API server ended before it had begun")
            await asyncio.sleep(0)
        port = sock.getsockname()[1]
        shown = f"[{self._host}]" if family == socket.AF_INET6 else self._host
        return f"http://{shown}:{port}"

    async def stop(self) -> None:
        """Close connections and stop listening."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
