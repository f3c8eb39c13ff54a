"""Run a small HTTP service inside the running event loop."""

import asyncio
import contextlib
import socket
from typing import Any


class HttpService:
    """A uvicorn server on loopback without its own signal handling, started and stopped with its owner."""

    def __init__(self, app: Any, port: int = 0) -> None:
        self._app = app
        self._port = port
        self._server: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Bind loopback and serve; returns the base URL.

        Raises
        ------
        OSError
            The port is taken.

        """
        import uvicorn

        listener = socket.create_server(("127.0.0.1", self._port))
        port = listener.getsockname()[1]
        config = uvicorn.Config(self._app, log_level="error", access_log=False, lifespan="off", ws="none", http="h11")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._server = server
        self._task = asyncio.create_task(server._serve([listener]))  # noqa: SLF001 - serve() would take the signals
        while not server.started:
            await asyncio.sleep(0.001)
            if self._task.done():
                await self._task
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Stop serving."""
        if self._task is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
