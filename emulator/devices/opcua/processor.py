"""Serves one connection: our own services first, the library's for the rest.

A service is a function registered for a request type (`services`); it gets the processor, the request's headers
and its encoded parameters, and returns a response, an encoded response, or None when it will answer later.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer, ServiceError

from emulator.devices.opcua.readservice import split_read
from emulator.devices.opcua.secured import Secured
from emulator.devices.opcua.security.roles import is_refused
from emulator.devices.opcua.services import services
from emulator.devices.opcua.services.read import Reads
from emulator.devices.opcua.subscriptions.engine import SubscriptionEngine

_SESSIONLESS: Final = {
    ua.NodeId(ua.ObjectIds.CreateSessionRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.ActivateSessionRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.CloseSessionRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.FindServersRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.GetEndpointsRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.CloseSecureChannelRequest_Encoding_DefaultBinary),
}
_REFUSED: Final = {
    ua.NodeId(ua.ObjectIds.RegisterServerRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.RegisterServer2Request_Encoding_DefaultBinary),
}


class Processor(Secured):
    """Serves one connection; Reads of plant values take the short way to bytes."""

    def __init__(
        self,
        core: Any,
        transport: Any,
        limits: TransportLimits,
        now: Callable[[], int],
        refuse: Callable[[int], None],
    ) -> None:
        super().__init__(core, transport, limits, refuse)
        self._now_ticks = now
        self._services = services()
        self.reads = Reads(core.aspace, now, core.limits)

    @property
    def now_ticks(self) -> int:
        """The device's clock, as FILETIME."""
        return self._now_ticks()

    @property
    def engine(self) -> SubscriptionEngine:
        """The server's subscriptions."""
        engine: SubscriptionEngine = self.iserver.subscription_service
        return engine

    async def _process_message(self, typeid: ua.NodeId, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
        if typeid in _REFUSED:
            raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
        session = self.session
        service = self._services.get(typeid)
        if typeid not in _SESSIONLESS:
            if session is None or requesthdr.AuthenticationToken != session.auth_token:
                raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
            if not session.is_activated():
                await session.close_session(True)  # OPC 10000-4 §5.6.2.1: to ask too early ends it
                raise ServiceError(ua.StatusCodes.BadSessionNotActivated)
            if is_refused(session.user, typeid):
                raise ServiceError(ua.StatusCodes.BadUserAccessDenied)
            session.requests += 1
            session.touch()
        if self.iserver.wrongs.answering:
            refused = self.iserver.wrongs.refuses(typeid.Identifier, body.copy(16).read(16) if len(body) >= 16 else b"")
            if refused is None:
                return True
            if refused:
                raise ServiceError(refused)
        if service is None:
            return await super()._process_message(typeid, requesthdr, seqhdr, body)
        answer = service(self, requesthdr, seqhdr, body)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, bytes):
            self.send_encoded(requesthdr.RequestHandle, seqhdr, answer)
        elif answer is not None:
            self.send_response(requesthdr.RequestHandle, seqhdr, answer)
        return True

    async def process_message(self, seqhdr: Any, body: Buffer) -> Any:
        """Serve one request; a Read in its ordinary shape without decoding what was decoded before."""
        session = self.session
        if session is not None and session.is_activated():
            if self.iserver.settings.delay:
                await self.iserver.ponder()
            ordinary = split_read(body.read(len(body)), session.encoded_token)
            if ordinary is not None and ordinary[1] in self.reads.plans and not self.iserver.wrongs.answering:
                session.touch()
                session.requests += 1
                handle, encoded = ordinary
                self.send_encoded(handle, seqhdr, self.reads.answer(handle, encoded))
                return True
            body.rewind()
        return await super().process_message(seqhdr, body)
