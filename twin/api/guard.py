"""What every request must satisfy before a route sees it: whom it asks, from where, how much, how put."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
MAX_BODY = 65_536
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


class _TooLongError(Exception):
    """A body went on for longer than any of ours needs to."""


class Guard:
    """ASGI middleware.

    A page in a browser can make its visitor's machine resolve a name to 127.0.0.1 and then talk to us under
    that name; the Host header gives it away. A write from a foreign page carries its Origin.

    Parameters
    ----------
    app : what is guarded
    hosts : host names, without port, under which we may be addressed
    """

    def __init__(self, app: App, hosts: Iterable[str] = LOOPBACK) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if _name(headers.get(b"host", b"")) not in self._hosts:
            await _refuse(send, 421, "this host name is not served here; use 127.0.0.1 or localhost")
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            origin = headers.get(b"origin")
            if origin is not None and _name(origin.partition(b"://")[2]) not in self._hosts:
                await _refuse(send, 403, "writes from pages of other origins are refused")
                return
            kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if kind != b"application/json":
                await _refuse(send, 415, "a write needs Content-Type: application/json")
                return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            await _refuse(send, 413, f"a request body has at most {MAX_BODY} bytes")
            return
        await self._limited(scope, receive, send)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = 0
        started = False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:
                raise _TooLongError
            return message

        async def headed(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        try:
            await self._app(scope, counted, headed)
        except _TooLongError:
            if not started:
                await _refuse(send, 413, f"a request body has at most {MAX_BODY} bytes")


def _name(authority: bytes) -> str:
    """Return the host of `host:port`, lower case; IPv6 keeps its brackets."""
    text = authority.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]


async def _refuse(send: Send, status: int, why: str) -> None:
    body = f'{{"detail":"{why}"}}'.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *_HEADERS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
