"""Byte pipes under a request-response protocol: a TCP connection or a serial line, and nothing above them.

A pipe keeps at most `LIMIT` unread bytes: a peer that streams rubbish is cut off, not stored.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import termios
import tty
from typing import Protocol

from twin.connectors.tls import why

LIMIT = 8192
"""Unread bytes a peer may make us hold; the longest legal frame is 260."""


class PipeLostError(ConnectionError):
    """The connection is gone, could not be made, or had to be dropped."""


class Pipe(Protocol):
    """A two-way stream of bytes with one reader at a time."""

    @property
    def open(self) -> bool:
        """Whether bytes can still be sent."""

    def send(self, data: bytes) -> None:
        """Hand bytes to the system."""

    async def receive(self) -> bytes:
        """Wait for bytes and return all there are; raise PipeLostError when the other end is gone."""

    def take(self) -> bytes:
        """Return what has arrived without waiting."""

    def close(self) -> None:
        """Drop the connection at once."""


class TcpPipe(asyncio.Protocol):
    """A TCP connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str | None = None

    @classmethod
    async def connect(cls, host: str, port: int, timeout_s: float, tls: ssl.SSLContext | None = None) -> "TcpPipe":
        """Open a connection; raise PipeLostError when that fails or exceeds the timeout [s, wall]."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                _, pipe = await loop.create_connection(cls, host, port, ssl=tls)
        except TimeoutError:
            what = "connection" if tls is None else "secure connection"
            raise PipeLostError(f"no {what} to {host}:{port} within {timeout_s:g} s") from None
        except ssl.SSLError as error:
            raise PipeLostError(f"no secure connection to {host}:{port}: {why(error)}") from None
        except OSError as error:
            raise PipeLostError(
                f"no connection to {host}:{port}: {error.strerror or error or 'it was closed'}"
            ) from None
        return pipe

    @property
    def open(self) -> bool:
        """Whether bytes can still be sent."""
        return self._lost is None and self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and send small requests at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        """Keep what arrived, or drop a peer that sends without end."""
        if len(self._buffer) + len(data) > LIMIT:
            self._lose(f"peer sent more than {LIMIT} bytes nobody asked for")
            self.close()
            return
        self._buffer += data
        self._wake()

    def eof_received(self) -> bool:
        """Treat a half-closed connection as closed: a peer that will not answer is of no use to a client."""
        self._lose("peer closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember why, and wake the reader."""
        self._lose(f"connection lost: {why(exc)}" if exc else "peer closed the connection")
        self._transport = None

    def send(self, data: bytes) -> None:
        """Hand bytes to the system; raise PipeLostError when there is no connection."""
        if not self.open or self._transport is None:
            raise PipeLostError(self._lost or "connection is closed")
        self._transport.write(data)

    async def receive(self) -> bytes:
        """Wait for bytes and return all there are; raise PipeLostError when nothing can come any more."""
        if not self._buffer:
            if self._lost is not None:
                raise PipeLostError(self._lost)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
            if not self._buffer:
                raise PipeLostError(self._lost or "connection is closed")
        return self.take()

    def take(self) -> bytes:
        """Return what has arrived without waiting."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def close(self) -> None:
        """Drop the connection at once: unsent bytes and late answers die with it."""
        self._lose("connection is closed")
        self._buffer.clear()
        if self._transport is not None:
            self._transport.abort()

    def _lose(self, why: str) -> None:
        if self._lost is None:
            self._lost = why
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


_SPEEDS = {n: getattr(termios, f"B{n}") for n in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)}


class SerialPipe:
    """A serial line, or the pty that stands for one, opened raw and read through the event loop."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(fd, self._readable)

    @classmethod
    def connect(cls, path: str, *, baud: int = 19200, parity: str = "E", stop_bits: int = 1) -> "SerialPipe":
        """Open a serial device; raise PipeLostError when it cannot be opened or has not these settings."""
        if baud not in _SPEEDS:
            raise PipeLostError(f"baud rate {baud} must be one of {', '.join(map(str, _SPEEDS))}")
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise PipeLostError(f"cannot open {path}: {error.strerror}") from None
        try:
            tty.setraw(fd, termios.TCSANOW)
            settings = termios.tcgetattr(fd)
            control = settings[2] & ~(termios.PARENB | termios.PARODD | termios.CSTOPB | termios.CSIZE)
            control |= termios.CS8 | termios.CREAD | termios.CLOCAL
            control |= {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}[parity]
            control |= termios.CSTOPB if stop_bits == 2 else 0
            settings[2] = control
            settings[4] = settings[5] = _SPEEDS[baud]
            # A pty driver clears parity and size bits it cannot mean, which is no error.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(fd, termios.TCSANOW, settings)
            termios.tcflush(fd, termios.TCIFLUSH)
        except (termios.error, OSError) as error:
            os.close(fd)
            raise PipeLostError(f"{path} is not a serial line: {error}") from None
        return cls(fd)

    @property
    def open(self) -> bool:
        """Whether bytes can still be sent."""
        return self._lost is None

    def send(self, data: bytes) -> None:
        """Write a frame in one call; raise PipeLostError when the line is gone or takes no more."""
        if self._lost is not None:
            raise PipeLostError(self._lost)
        try:
            written = os.write(self._fd, data)
        except BlockingIOError:
            written = 0
        except OSError as error:
            self._lose(f"serial line lost: {error.strerror}")
            raise PipeLostError(self._lost) from None
        if written != len(data):
            self._lose("serial line takes no more bytes")
            raise PipeLostError(self._lost)

    async def receive(self) -> bytes:
        """Wait for bytes and return all there are; raise PipeLostError when nothing can come any more."""
        if not self._buffer:
            if self._lost is not None:
                raise PipeLostError(self._lost)
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
            if not self._buffer:
                raise PipeLostError(self._lost or "serial line is closed")
        return self.take()

    def take(self) -> bytes:
        """Return what has arrived without waiting, including bytes the event loop has not looked at yet."""
        if self._lost is None:
            self._readable()
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def close(self) -> None:
        """Close the line."""
        self._lose("serial line is closed")
        self._buffer.clear()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            # EIO: the other end of the pty, or the USB adapter, has gone.
            self._lose(f"serial line lost: {error.strerror}")
            return
        if not data:
            self._lose("serial line lost: end of file")
            return
        self._buffer += data
        del self._buffer[:-LIMIT]
        self._wake()

    def _lose(self, why: str) -> None:
        if self._lost is None:
            self._lost = why
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
