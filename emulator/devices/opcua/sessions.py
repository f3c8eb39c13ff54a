"""Connections and sessions of the OPC UA server: asyncua's, with its open doors closed from outside.

What is done here: a frame's declared size is checked before it is kept, a message is bounded (16 MiB, 256
chunks) and has 10 s to arrive, the order Hello, OpenSecureChannel, service is enforced and a broken message
is answered with ERR and a close; session tokens are random, belong to the channel that made them and are
checked on every request; a session dies with its connection; registering servers and transferring
subscriptions are refused; what a peer can make the library log is rate limited.

What remains: only security policy None and anonymous users are offered; a session that guesses a
subscription's number can modify or delete it; Browse has no continuation points. Subscriptions are asyncua's:
sampling is the commit, an absolute deadband compares with the last sample, percent deadbands,
ModifySubscription and MaxNotificationsPerPublish are ignored, Republish of a lost message answers empty.
"""

import asyncio
import logging
import secrets
import struct
from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer, ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.binary_server_asyncio import OPCUAProtocol
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import (
    header_from_binary,
    nodeid_to_binary,
    struct_from_binary,
    struct_to_binary,
    uatcp_to_binary,
)

from emulator.devices.opcua.nodes import ServedAttribute, WireValue
from emulator.devices.opcua.readservice import (
    CHUNK_HEADER_SIZE,
    data_change,
    plain_chunks,
    read_response,
    split_read,
)
from emulator.devices.opcua.values import NEITHER

BUFFER_SIZE: Final = 65_535
MESSAGE_SIZE: Final = 256 * 65_535  # no more than its chunks can carry, or node-opcua warns
CHUNKS: Final = 256
_HELLO_SIZE: Final = 4_096 + 32  # an endpoint URL is at most 4,096 bytes (OPC 10000-6 §7.1.2.3)
_SMALLEST_BUFFER: Final = 8_192  # OPC 10000-6 §7.1.2.3
_NODES_PER_READ: Final = 10_000
_PLANS: Final = 16  # different Reads remembered for each connection
_MESSAGE_SECONDS: Final = 10.0
_LINES_PER_SECOND: Final = 5

_READ: Final = ua.NodeId(ua.ObjectIds.ReadRequest_Encoding_DefaultBinary)
_CREATE: Final = ua.NodeId(ua.ObjectIds.CreateSessionRequest_Encoding_DefaultBinary)
_SESSIONLESS: Final = {
    _CREATE,
    ua.NodeId(ua.ObjectIds.FindServersRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.GetEndpointsRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.CloseSecureChannelRequest_Encoding_DefaultBinary),
}
_REFUSED: Final = {
    ua.NodeId(ua.ObjectIds.RegisterServerRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.RegisterServer2Request_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.TransferSubscriptionsRequest_Encoding_DefaultBinary),
}
_DATA_CHANGE: Final = ua.NodeId(ua.ObjectIds.DataChangeNotification_Encoding_DefaultBinary)


class RateLimit(logging.Filter):
    """Lets a few lines a second pass from one logger and says afterwards how many it kept back."""

    def __init__(self, per_second: int = _LINES_PER_SECOND) -> None:
        super().__init__()
        self._per_second = per_second
        self._second = 0
        self._passed = 0
        self._kept_back = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Count a line; False drops it."""
        second = int(record.created)
        if second != self._second:
            if self._kept_back:
                record.msg = f"{record.getMessage()} ({self._kept_back} like lines kept back)"
                record.args = ()
            self._second, self._passed, self._kept_back = second, 0, 0
        self._passed += 1
        if self._passed > self._per_second:
            self._kept_back += 1
            return False
        return True


def limit_library_logging() -> None:
    """Rate limit the loggers of asyncua that a peer can make talk."""
    for name in (
        "asyncua.uaprotocol", "asyncua.server.address_space", "asyncua.server.binary_server_asyncio",
        "asyncua.server.internal_server", "asyncua.server.internal_session",
        "asyncua.server.subscription_service",
        "asyncua.server.uaprocessor", "asyncua.ua.ua_binary",
    ):  # fmt: skip
        logger = logging.getLogger(name)
        if not any(isinstance(old, RateLimit) for old in logger.filters):
            logger.addFilter(RateLimit())


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


class AnonymousOnly:
    """The user manager of a device without users: everyone is an ordinary user, nobody an administrator."""

    def get_user(
        self, iserver: InternalServer, username: Any = None, password: Any = None, certificate: Any = None
    ) -> User:
        """Return the one kind of user there is."""
        return User(role=UserRole.User)


class Session(InternalSession):
    """A session whose token cannot be guessed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.external:
            self.iserver.unregister_external_session(self)
            self.auth_token = ua.NodeId(secrets.token_bytes(32), 0, ua.NodeIdType.ByteString)
            self.iserver.register_external_session(self)
        self.encoded_token = nodeid_to_binary(self.auth_token)


class Processor(UaProcessor):
    """Serves one connection; Reads of plant values and data changes take the short way to bytes."""

    def __init__(
        self, internal_server: InternalServer, transport: Any, limits: TransportLimits, now: Callable[[], int]
    ) -> None:
        super().__init__(internal_server, transport, limits)
        self._now_ticks = now
        self._plans: dict[bytes, tuple[int, list[tuple[Any, Any, Any, Any]]]] = {}

    async def _process_message(self, typeid: ua.NodeId, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
        if typeid in _REFUSED:
            raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
        session = self.session
        if typeid not in _SESSIONLESS and (session is None or requesthdr.AuthenticationToken != session.auth_token):
            # Also ActivateSession for another channel's session: nothing proves whose it is.
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        if typeid == _CREATE and session is not None:
            await session.close_session(True)
            if self._session_watchdog_task is not None:
                self._session_watchdog_task.cancel()
        if typeid == _READ and session is not None and session.is_activated():
            self._read(requesthdr.RequestHandle, seqhdr, body.read(len(body)))
            return True
        return await super()._process_message(typeid, requesthdr, seqhdr, body)

    async def process_message(self, seqhdr: Any, body: Buffer) -> Any:
        """Serve one request; a Read in its ordinary shape without decoding what was decoded before."""
        session = self.session
        if session is not None and session.is_activated():
            ordinary = split_read(body.read(len(body)), session.encoded_token)
            if ordinary is not None and ordinary[1] in self._plans:
                self._read(ordinary[0], seqhdr, ordinary[1])
                return True
            body.rewind()
        return await super().process_message(seqhdr, body)

    def _read(self, handle: int, seqhdr: Any, encoded: bytes) -> None:
        """Answer a Read in one go, so that everything in it belongs to one commit."""
        self.session_last_activity = asyncio.get_running_loop().time()
        self.session.touch()
        plan = self._plans.get(encoded)
        if plan is None:
            plan = self._plan(encoded)
            if len(self._plans) < _PLANS and len(encoded) <= BUFFER_SIZE:
                self._plans[encoded] = plan
        times, wanted = plan
        space = self.iserver.aspace
        results = [
            attribute.encode(times, index_range)
            if attribute is not None
            else struct_to_binary(space.read_attribute_value(nodeid, attribute_id))
            for attribute, index_range, nodeid, attribute_id in wanted
        ]
        self._send(handle, seqhdr, read_response(handle, self._now_ticks(), results))

    def _plan(self, encoded: bytes) -> tuple[int, list[tuple[Any, Any, Any, Any]]]:
        """Decode and check Read parameters, and look up whom they ask: nodes never change while we serve."""
        params = struct_from_binary(ua.ReadParameters, Buffer(encoded))
        times = int(params.TimestampsToReturn)
        if not params.NodesToRead:
            raise ServiceError(ua.StatusCodes.BadNothingToDo)
        if len(params.NodesToRead) > _NODES_PER_READ:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        if not 0 <= times <= NEITHER:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        wanted = []
        for one in params.NodesToRead:
            node = self.iserver.aspace.get(one.NodeId)
            attribute = None if node is None else node.attributes.get(one.AttributeId)
            served = attribute if isinstance(attribute, ServedAttribute) else None
            wanted.append((served, one.IndexRange, one.NodeId, one.AttributeId))
        return times, wanted

    def _send(self, handle: int, seqhdr: Any, answer: bytes) -> None:
        """Send an encoded response, in chunks of what the peer takes."""
        limit = self._limits.peer_message_size
        if limit and len(answer) > limit:
            fault = ua.ServiceFault()
            fault.ResponseHeader.ServiceResult = ua.StatusCode(ua.StatusCodes.BadResponseTooLarge)
            self.send_response(handle, seqhdr, fault)
            return
        connection = self._connection
        token = connection.security_token
        frames, connection._sequence_number = plain_chunks(  # noqa: SLF001 - the channel's counter lives there
            answer,
            self._limits.max_send_buffer,
            token.ChannelId,
            token.TokenId,
            seqhdr.RequestId,
            connection._sequence_number,  # noqa: SLF001
        )
        self._transport.write(frames)

    async def forward_publish_response(self, result: ua.PublishResult, requestdata: Any) -> None:
        """Send a publish response, its data changes already in bytes."""
        data = result.NotificationMessage.NotificationData
        for i, notification in enumerate(data):
            if isinstance(notification, ua.DataChangeNotification):
                items = ((item.ClientHandle, _encoded(item.Value)) for item in notification.MonitoredItems)
                data[i] = ua.ExtensionObject(TypeId=_DATA_CHANGE, Body=data_change(items))
        await super().forward_publish_response(result, requestdata)

    def _should_close_session_on_transport_loss(self) -> bool:
        return True  # nobody could prove that it is his

    async def close(self) -> None:
        """End the session with the connection."""
        await super().close()
        timer = None if self.session is None else self.session._timeout_task  # noqa: SLF001
        if timer is not None and timer is not asyncio.current_task():
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)


def _encoded(value: ua.DataValue) -> bytes:
    return value.encoded if isinstance(value, WireValue) else struct_to_binary(value)


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
