"""Serves one connection: our own services first, the library's for the rest.

A service is a function registered for a request type (`services`); it gets the processor, the request's headers
and its encoded parameters, and returns a response, an encoded response, or None when it will answer later.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.internal_server import InternalServer
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import struct_to_binary

from emulator.devices.opcua.nodes import WireValue
from emulator.devices.opcua.readservice import data_change, plain_chunks, split_read
from emulator.devices.opcua.services import services
from emulator.devices.opcua.services.read import Reads

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


class Processor(UaProcessor):
    """Serves one connection; Reads of plant values and data changes take the short way to bytes."""

    def __init__(
        self, internal_server: InternalServer, transport: Any, limits: TransportLimits, now: Callable[[], int]
    ) -> None:
        super().__init__(internal_server, transport, limits)
        self._now_ticks = now
        self._services = services()
        self.reads = Reads(internal_server.aspace, now)

    @property
    def now_ticks(self) -> int:
        """The device's clock, as FILETIME."""
        return self._now_ticks()

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
        service = self._services.get(typeid)
        if service is None or session is None or not session.is_activated():
            return await super()._process_message(typeid, requesthdr, seqhdr, body)
        self.touch()
        answer = service(self, requesthdr, seqhdr, body)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, bytes):
            self.send_encoded(requesthdr.RequestHandle, seqhdr, answer)
        elif answer is not None:
            self.send_response(requesthdr.RequestHandle, seqhdr, answer)
        return True

    def touch(self) -> None:
        """Note that the session's client is alive."""
        self.session_last_activity = asyncio.get_running_loop().time()
        self.session.touch()

    async def process_message(self, seqhdr: Any, body: Buffer) -> Any:
        """Serve one request; a Read in its ordinary shape without decoding what was decoded before."""
        session = self.session
        if session is not None and session.is_activated():
            ordinary = split_read(body.read(len(body)), session.encoded_token)
            if ordinary is not None and ordinary[1] in self.reads.plans:
                self.touch()
                handle, encoded = ordinary
                self.send_encoded(handle, seqhdr, self.reads.answer(handle, encoded))
                return True
            body.rewind()
        return await super().process_message(seqhdr, body)

    def send_encoded(self, handle: int, seqhdr: Any, answer: bytes) -> None:
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
