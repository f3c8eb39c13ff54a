"""Run a small HTTP service inside the running event loop, and refuse whoever should not reach it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
BODY_BYTES: Final = 65_536


class Guard:
    """ASGI middleware: loopback names only, no pages of other origins, no endless bodies.

    A page in a browser can have a name of its own resolve to 127.0.0.1 (the Host header gives that away), or
    post a form straight to 127.0.0.1 (the Origin header does).
    """

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = _name(headers.get(b"host", ""))
        origin = headers.get(b"origin")
        length = headers.get(b"content-length", "0")
        if host not in LOOPBACK:
            await _refuse(send, 421, f"host {host!r} is not served; use 127.0.0.1")
        elif origin is not None and _name(origin.partition("://")[2]) not in LOOPBACK:
            await _refuse(send, 403, f"pages of {origin!r} may not reach the plant")
        elif b"transfer-encoding" in headers:
            await _refuse(send, 411, "a request body needs a Content-Length")
        elif not length.isascii() or not length.isdigit() or int(length) > BODY_BYTES:
            await _refuse(send, 413, f"a request body has at most {BODY_BYTES} bytes")
        else:
            await self._app(scope, receive, send)


def _name(authority: str) -> str:
    """Return the host of ``host:port`` in lower case; IPv6 keeps its brackets."""
    authority = authority.strip().lower()
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0]


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps({"detail": why}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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

        try:
            listener = socket.create_server(("127.0.0.1", self._port))
        except OSError as problem:
            what = f"cannot open port {self._port} for the control API: {problem.strerror}"
            raise OSError(problem.errno, f"{what}; free it or choose another") from None
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
