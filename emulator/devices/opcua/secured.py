"""The wire end of a processor: Hello, channel, messages in and out; what is served stands in `processor`."""

import asyncio
import logging
import struct
from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData, ServiceError
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import header_from_binary, nodeid_from_binary, struct_from_binary, uatcp_to_binary

from emulator.devices.opcua.decoding import Ration, close_doors
from emulator.devices.opcua.security.channel import Channel, Received

_logger = logging.getLogger("asyncua.server.uaprocessor")
# What decoding nonsense ends in; a peer can provoke it, so it is worth a line and no traceback.
_NONSENSE: Final = (NotEnoughData, struct.error, ValueError, ua.UaError, KeyError, IndexError, TypeError)


class Secured(UaProcessor):
    """A connection's channel and session; messages go in whole and come out in chunks.

    Parameters
    ----------
    core
        The server's core.
    transport
        The connection.
    limits
        Of the transport; what Hello negotiates is kept here.
    refuse
        Says why in an ERR message and closes.

    """

    def __init__(self, core: Any, transport: Any, limits: Any, refuse: Callable[[int], None]) -> None:
        super().__init__(core, transport, limits)
        close_doors()
        self.channel = Channel(core.guard, self._limits)
        self._connection = self.channel
        self.session: Any = None
        self.refuse = refuse
        self.failures = 0  # refused log-ins
        self.closing = False
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def peer_message_size(self) -> int:
        """The largest message the client takes [bytes]; 0 for any."""
        return int(self._limits.peer_message_size)

    async def take(self, frame: bytes) -> bool:
        """Take one chunk; returns whether the connection goes on.

        Raises
        ------
        ua.UaStatusCodeError
            With the code for the ERR message that ends it.

        """
        if frame[:3] == b"HEL":
            body = Buffer(frame)
            header_from_binary(body)
            acknowledge = self._limits.create_acknowledge_and_set_limits(struct_from_binary(ua.Hello, body))
            self._transport.write(uatcp_to_binary(ua.MessageType.Acknowledge, acknowledge))
            return True
        message = self.channel.receive(frame)
        if message is None:
            return True
        if message.kind == b"OPN":
            self._open(message)
            return True
        if message.kind == b"CLO":
            self.channel.close()
            return False
        return bool(await self.process_message(message.sequence, Ration(message.body)))

    def _open(self, message: Received) -> None:
        fault = self.channel.guard.fault
        renews = self.channel.is_open()
        struck = renews and fault.renewal is not None and fault.strikes("opcua_channel_renewal", fault.renewal_share)
        if struck and fault.renewal == "refused":
            raise ua.UaStatusCodeError(ua.StatusCodes.BadSecurityChecksFailed)
        handle, response = self.channel.open(message)
        if self._expiry is not None:
            self._expiry.cancel()
        status = ua.StatusCodes.BadSecureChannelTokenUnknown
        self._expiry = asyncio.get_running_loop().call_at(self.channel.expires, self.refuse, status)

        def answer() -> None:
            if not self.closing and not self._transport.is_closing():
                self.send_response(handle, message.sequence, response, ua.MessageType.SecureOpen)

        if struck and fault.later is not None:
            fault.later(float(fault.renewal or 0.0), answer)
        else:
            answer()

    async def process_message(self, seqhdr: Any, body: Buffer) -> Any:
        """Serve one request; what goes wrong is answered with a ServiceFault that says nothing of our insides."""
        try:
            typeid = nodeid_from_binary(body)
            requesthdr = struct_from_binary(ua.RequestHeader, body)
        except RecursionError:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadEncodingLimitsExceeded) from None
        except _NONSENSE:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadDecodingError) from None
        try:
            return await self._process_message(typeid, requesthdr, seqhdr, body)
        except (ServiceError, ua.UaStatusCodeError) as refusal:
            status = refusal.code
        except RecursionError:
            status = ua.StatusCodes.BadEncodingLimitsExceeded
        except _NONSENSE:
            status = ua.StatusCodes.BadDecodingError
        except Exception:
            _logger.exception("a request could not be served")
            status = ua.StatusCodes.BadInternalError
        self.fail(requesthdr.RequestHandle, seqhdr, status)
        greedy = isinstance(body, Ration) and body.spent  # once is an error, again would be an attack
        return not greedy and not self._transport.is_closing()

    def fail(self, handle: int, seqhdr: Any, status: int) -> None:
        """Answer with a ServiceFault."""
        self.iserver.counters.refuse_request(status)
        if self.channel.is_open() and not self._transport.is_closing():
            fault = ua.ServiceFault()
            fault.ResponseHeader.ServiceResult = ua.StatusCode(status)
            self.send_response(handle, seqhdr, fault)

    def send_encoded(self, handle: int, seqhdr: Any, answer: bytes) -> None:
        """Send an encoded response, in chunks of what the peer takes, signed and encrypted as the channel is."""
        limit = self._limits.peer_message_size
        if limit and len(answer) > limit:
            self.fail(handle, seqhdr, ua.StatusCodes.BadResponseTooLarge)
            return
        if self.channel.is_open():
            self._transport.write(self.channel.secure(answer, seqhdr.RequestId))

    def send_response(
        self, requesthandle: int, seqhdr: Any, response: Any, msgtype: Any = ua.MessageType.SecureMessage
    ) -> None:
        """Send a response; into a channel that is closed nothing is said."""
        if self.channel.is_open():
            super().send_response(requesthandle, seqhdr, response, msgtype)

    async def close(self) -> None:
        """End the connection; the session goes on if its client can prove later that it is his."""
        self.closing = True
        self._closing = True
        if self._expiry is not None:
            self._expiry.cancel()
        self.channel.close()
        session, self.session = self.session, None
        if session is not None and session.processor is self and not session.detach():
            self.iserver.counters.session_abort_count += session.is_activated()
            await session.close_session(False)  # its subscriptions have a lifetime of their own
