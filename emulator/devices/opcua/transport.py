"""Connections of the OPC UA server: every frame checked before it is kept.

A message is bounded (16 MiB, 256 chunks) and has 10 s to arrive, the order Hello, OpenSecureChannel, service is
enforced, a broken message is answered with ERR and a close, who never reads what he asked for is closed, and who asks
faster than he is answered waits.
"""

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.ua.ua_binary import uatcp_to_binary

from emulator.devices.opcua.processor import Processor
from emulator.devices.opcua.readservice import CHUNK_HEADER_SIZE

BUFFER_SIZE: Final = 65_535
MESSAGE_SIZE: Final = 256 * 65_535  # no more than its chunks can carry, or node-opcua warns
CHUNKS: Final = 256
_HELLO_SIZE: Final = 4_096 + 32  # an endpoint URL is at most 4,096 bytes (OPC 10000-6 §7.1.2.3)
_SMALLEST_BUFFER: Final = 8_192  # OPC 10000-6 §7.1.2.3
_MESSAGE_SECONDS: Final = 10.0
_READING_SECONDS: Final = 30.0  # a client that takes nothing for so long is gone
_ANSWERS: Final = 1 << 20  # bytes of answers waiting before we stop serving
_WAITING: Final = 64  # frames of one client that wait their turn
_TURN_SECONDS: Final = 0.005
_logger = logging.getLogger("asyncua.server.uaprocessor")


class Limits(TransportLimits):
    """Transport limits that keep what we take apart from what the peer takes.

    asyncua lets the peer's Hello lower the limit on the peer's own requests; and its client declares a
    largest message of 1,601 bytes, its chunk count. So a peer's limits concern our answers only, and absurd
    ones nothing.
    """

    peer_message_size: int = 0
    max_send_buffer: int
    max_recv_buffer: int

    def create_acknowledge_and_set_limits(self, msg: ua.Hello) -> ua.Acknowledge:
        """Answer a Hello and take over what the peer can receive."""
        if min(msg.ReceiveBufferSize, msg.SendBufferSize) < _SMALLEST_BUFFER:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadConnectionRejected)
        if msg.MaxMessageSize >= _SMALLEST_BUFFER:
            self.peer_message_size = msg.MaxMessageSize
        self.max_send_buffer = min(msg.ReceiveBufferSize, self.max_send_buffer)
        self.max_recv_buffer = min(msg.SendBufferSize, self.max_recv_buffer)
        return ua.Acknowledge(
            ReceiveBufferSize=self.max_recv_buffer,
            SendBufferSize=self.max_send_buffer,
            MaxMessageSize=self.max_message_size,
            MaxChunkCount=self.max_chunk_count,
        )


class Connection(asyncio.Protocol):
    """One TCP connection.

    Parameters
    ----------
    core
        The server's core.
    limits
        Limits of the transport before Hello.
    online
        Whether the device is up.
    now
        The device's clock, as FILETIME.
    peers
        The server's connections; this one joins and leaves them.

    """

    def __init__(
        self,
        core: Any,
        limits: TransportLimits,
        *,
        online: Callable[[], bool],
        now: Callable[[], int],
        peers: "dict[Connection, None]",
    ) -> None:
        self.transport: asyncio.Transport | None = None
        self.processor: Processor | None = None
        self.task: asyncio.Task[None] | None = None
        self._core = core
        self._limits = limits
        self._online = online
        self._now = now
        self._peers = peers
        self._pending = bytearray()
        self._frames: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._expected: tuple[bytes, ...] = (b"HEL",)
        self._unfinished: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless the device is down or full: then it is reset, as if the port were closed."""
        if not isinstance(transport, asyncio.Transport):
            return
        if not self._online():
            transport.abort()
            return
        if len(self._peers) >= self._core.max_connections and not self._make_room():
            transport.close()
            return
        self.transport = transport
        transport.set_write_buffer_limits(high=_ANSWERS)
        self.processor = Processor(self._core, transport, self._limits, self._now, self.refuse)
        self._peers[self] = None
        self.task = asyncio.get_running_loop().create_task(self._serve())
        self._idle = asyncio.get_running_loop().call_later(self._core.max_pending_activation_seconds, self._check_idle)

    def _make_room(self) -> bool:
        """Close the oldest connection without a session, if any: they must not keep others out (Part 4 §5.5.2)."""
        oldest = next((one for one in self._peers if not one.has_session), None)
        if oldest is None or oldest.transport is None:
            return False
        oldest.transport.abort()
        self._peers.pop(oldest, None)
        return True

    @property
    def has_session(self) -> bool:
        """Whether a user is logged in here."""
        session = None if self.processor is None else self.processor.session
        return session is not None and session.is_activated()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection; its session ends or waits for its client to come back."""
        for timer in (self._unfinished, self._idle, self._unread):
            if timer is not None:
                timer.cancel()
        self._peers.pop(self, None)
        self._pending.clear()
        self._frames.clear()
        if self.task is not None:
            self.task.cancel()
        if self.processor is not None:
            self._core.run(self.processor.close())

    def _check_idle(self) -> None:
        """Close a connection on which nobody logs in."""
        if not self.has_session and self.transport is not None:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Queue complete frames; refuse a long, unknown or untimely one as soon as its header is here."""
        if self.processor is None or self.transport is None or self.transport.is_closing():
            return
        self._pending += data
        while len(self._pending) >= 8:
            kind, chunk, size = struct.unpack_from("<3scI", self._pending)
            status = self._refusal(kind, chunk, size)
            if status:
                self.refuse(status)
                return
            if len(self._pending) < size:
                break
            self._frames.append(bytes(self._pending[:size]))
            del self._pending[:size]
            self._expected = (b"OPN",) if kind == b"HEL" else (b"OPN", b"MSG", b"CLO")
        if self._frames:
            self._wake.set()
        if len(self._frames) >= _WAITING:
            self.transport.pause_reading()
        self._watch()

    def _refusal(self, kind: bytes, chunk: bytes, size: int) -> int:
        """Return why a frame with this header is not taken; 0 if it is."""
        if kind not in self._expected:
            known = kind in {b"HEL", b"OPN", b"MSG", b"CLO"}
            secure = known and kind != b"HEL"
            return ua.StatusCodes.BadTcpSecureChannelUnknown if secure else ua.StatusCodes.BadTcpMessageTypeInvalid
        if chunk != b"F" and (kind != b"MSG" or chunk not in b"CA"):
            return ua.StatusCodes.BadTcpMessageTypeInvalid
        if kind == b"HEL":
            return 0 if 8 < size <= _HELLO_SIZE else ua.StatusCodes.BadTcpEndpointUrlInvalid
        return 0 if CHUNK_HEADER_SIZE <= size <= self._largest_chunk() else ua.StatusCodes.BadTcpMessageTooLarge

    def _largest_chunk(self) -> int:
        limits = self._limits if self.processor is None else self.processor._limits  # noqa: SLF001 - negotiated there
        return int(limits.max_recv_buffer)

    def _watch(self) -> None:
        """Give an unfinished frame or message its time; a peer that drips is closed, whatever else it sends."""
        unfinished = self._pending or (self.processor is not None and self.processor.channel.unfinished)
        if not unfinished and self._unfinished is not None:
            self._unfinished.cancel()
            self._unfinished = None
        elif unfinished and self._unfinished is None:
            loop = asyncio.get_running_loop()
            self._unfinished = loop.call_later(_MESSAGE_SECONDS, self.refuse, ua.StatusCodes.BadTimeout)

    def pause_writing(self) -> None:
        """Stop serving a client that does not read its answers."""
        self._paused = True
        if self.transport is not None and self._unread is None:
            self._unread = asyncio.get_running_loop().call_later(_READING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it reads again."""
        self._paused = False
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._wake.set()

    def refuse(self, status: int) -> None:
        """Say why in an ERR message and close (OPC 10000-6 §7.1.5)."""
        self._pending.clear()
        self._frames.clear()
        if self.transport is not None and not self.transport.is_closing():
            error = ua.ErrorMessage(ua.StatusCode(status), "")
            self.transport.write(uatcp_to_binary(ua.MessageType.Error, error))
            self.transport.close()

    async def _serve(self) -> None:
        """Take one frame after the other, in turns with everybody else's."""
        loop = asyncio.get_running_loop()
        turn = loop.time()
        while self.processor is not None and self.transport is not None:
            if self._paused or not self._frames:
                self._wake.clear()
                await self._wake.wait()
                turn = loop.time()
                continue
            frame = self._frames.popleft()
            if len(self._frames) < _WAITING // 4 and not self.transport.is_closing():
                self.transport.resume_reading()
            if not await self._take(frame):
                self.transport.close()
                return
            if loop.time() - turn > _TURN_SECONDS:
                await asyncio.sleep(0)
                turn = loop.time()

    async def _take(self, frame: bytes) -> bool:
        assert self.processor is not None
        try:
            goes_on = await self.processor.take(frame)
        except ua.UaStatusCodeError as error:
            self.refuse(error.code)
        except Exception:  # task edge: whatever the bytes broke ends this connection only
            _logger.warning(
                "closing a connection: message not understood", exc_info=_logger.isEnabledFor(logging.DEBUG)
            )
            self.refuse(ua.StatusCodes.BadDecodingError)
        else:
            self._watch()
            return goes_on
        return False
