"""Connections of the OPC UA server: asyncua's, with its open doors closed from outside.

A frame's declared size is checked before it is kept, a message is bounded (16 MiB, 256 chunks) and has 10 s to
arrive, the order Hello, OpenSecureChannel, service is enforced and a broken message is answered with ERR and a
close.
"""

import asyncio
import logging
import struct
from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer
from asyncua.server.binary_server_asyncio import OPCUAProtocol
from asyncua.ua.ua_binary import header_from_binary, uatcp_to_binary

from emulator.devices.opcua.processor import Processor
from emulator.devices.opcua.readservice import CHUNK_HEADER_SIZE

BUFFER_SIZE: Final = 65_535
MESSAGE_SIZE: Final = 256 * 65_535  # no more than its chunks can carry, or node-opcua warns
CHUNKS: Final = 256
_HELLO_SIZE: Final = 4_096 + 32  # an endpoint URL is at most 4,096 bytes (OPC 10000-6 §7.1.2.3)
_SMALLEST_BUFFER: Final = 8_192  # OPC 10000-6 §7.1.2.3
_MESSAGE_SECONDS: Final = 10.0


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


class Connection(OPCUAProtocol):
    """One TCP connection, with every frame checked before it is kept."""

    def __init__(self, *, online: Callable[[], bool], now: Callable[[], int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.processor: Any
        self._online = online
        self._now_ticks = now
        self._pending = bytearray()
        self._expected: tuple[bytes, ...] = (b"HEL",)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless the device is down: then it is reset, as if the port were closed."""
        if not self._online() and isinstance(transport, asyncio.Transport):
            transport.abort()
            return
        super().connection_made(transport)
        if self.processor is not None:
            processor = Processor(self.iserver, self.transport, self.limits, self._now_ticks)
            processor.set_policies(self.policies)
            self.processor = processor

    def connection_lost(self, ex: BaseException | None) -> None:
        """Forget the connection and its session."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._pending.clear()
        super().connection_lost(ex)

    def data_received(self, data: bytes) -> None:
        """Queue complete frames; refuse a long, unknown or untimely one as soon as its header is here."""
        if self.processor is None or self.transport is None or self.transport.is_closing():
            return
        self._pending += data
        while len(self._pending) >= 8:
            kind, chunk, size = struct.unpack_from("<3scI", self._pending)
            status = self._refusal(kind, chunk, size)
            if status:
                self._refuse(status)
                return
            if len(self._pending) < size:
                break
            frame = Buffer(bytes(self._pending[:size]))
            del self._pending[:size]
            self._expected = (b"OPN",) if kind == b"HEL" else (b"OPN", b"MSG", b"CLO")
            try:
                self.messages.put_nowait((header_from_binary(frame), frame))
            except asyncio.QueueFull:
                self._refuse(ua.StatusCodes.BadTcpNotEnoughResources)
                return
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
        limits = self.limits if self.processor is None else self.processor._limits  # noqa: SLF001 - negotiated there
        return int(limits.max_recv_buffer)

    def _watch(self) -> None:
        """Give an unfinished frame its time; a peer that drips is closed, whatever else it sends."""
        if not self._pending and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        elif self._pending and self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(_MESSAGE_SECONDS, self._refuse, ua.StatusCodes.BadTimeout)

    def _refuse(self, status: int) -> None:
        """Say why in an ERR message and close (OPC 10000-6 §7.1.5)."""
        self._pending.clear()
        if self.transport is not None and not self.transport.is_closing():
            error = ua.ErrorMessage(ua.StatusCode(status), "")
            self.transport.write(uatcp_to_binary(ua.MessageType.Error, error))
            self.transport.close()

    async def _process_one_msg(self, header: Any, buf: Buffer) -> bool:
        try:
            return await super()._process_one_msg(header, buf)
        except ua.UaStatusCodeError as error:
            self._refuse(error.code)
        except Exception:  # noqa: BLE001 - task edge: whatever the bytes broke ends this connection only
            logging.getLogger("asyncua.server.uaprocessor").warning(
                "closing %s: message not understood", self.peer_name
            )
            self._refuse(ua.StatusCodes.BadDecodingError)
        return False
