"""One OPC UA session, on asyncua's channel and encodings but without its background tasks.

asyncua's `Client.connect` starts a supervisor, a watchdog and a renewal loop, which outlive a lost
connection. Here the caller polls, so the poll itself notices a loss and renews the channel when that is
due; nothing runs in between.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from asyncua import Client, ua
from asyncua.client.ua_client import UaClient, UASocketProtocol
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary
from asyncua.ua.uaerrors import UaStatusCodeError

from twin.clock import stopwatch_s
from twin.connectors.opcua_security import Secured, check_nonce, check_session, secure
from twin.connectors.opcua_values import DataValue, UndecodableError, decode_data_values

# Most of what the library's client says is what a peer can cause, and at DEBUG session tokens are among it; what
# matters stands in the connector's state.
for _name in ("asyncua.client", "asyncua.crypto"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
MAX_MESSAGE = 16 * 1024 * 1024
MAX_CHUNKS = 512
MAX_CHUNK = 1024 * 1024
_HIERARCHICAL = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
_READ_RESPONSE = ua.ObjectIds.ReadResponse_Encoding_DefaultBinary

SERVER_STATE = ua.NodeId(ua.ObjectIds.Server_ServerStatus_State)
NodeId: TypeAlias = ua.NodeId
Path = tuple[tuple[int, str], ...]
"""A browse path below the Objects folder: (namespace index, name) of each step."""


class SessionLostError(ConnectionError):
    """There is no session to the server, or no longer one."""


class ServiceRefusedError(Exception):
    """The server answered a request as a whole with a bad status.

    Parameters
    ----------
    status : StatusCode, uint32
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the server refuses: {ua.status_codes.get_name_and_doc(status)[0]}")
        self.status = status


class _Protocol(UASocketProtocol):  # type: ignore[misc]  # the library carries no types
    """asyncua's transport, which by itself would store a message of any declared size before it looks."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        held = self.receive_buffer
        if held is not None and len(held) >= 8 and int.from_bytes(held[4:8], "little") > MAX_CHUNK and self.transport:
            self.transport.abort()

    def post(self, request: object, hint_s: float) -> "asyncio.Future[Buffer]":
        """Send a request without waiting; its answer may take as long as it likes."""
        future: asyncio.Future[Buffer] = self._send_request(request, hint_s)
        return future


class _Channel(UaClient):  # type: ignore[misc]  # as above
    def _make_protocol(self) -> UASocketProtocol:
        limits = TransportLimits(65535, 65535, MAX_CHUNKS, MAX_MESSAGE)
        self.protocol = _Protocol(self._timeout, security_policy=self.security_policy, limits=limits)
        self.protocol.on_connection_lost = self._on_transport_lost
        return self.protocol


# A refusal of these means the session or its channel is gone, not that the request was wrong.
_SESSION_GONE = frozenset(
    {
        ua.StatusCodes.BadSessionIdInvalid,
        ua.StatusCodes.BadSessionClosed,
        ua.StatusCodes.BadSessionNotActivated,
        ua.StatusCodes.BadSecureChannelIdInvalid,
        ua.StatusCodes.BadSecureChannelClosed,
        ua.StatusCodes.BadSecureChannelTokenUnknown,
        ua.StatusCodes.BadServerHalted,
        ua.StatusCodes.BadShutdown,
    }
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A session's secret name, and what the server gave to prove that the next request for it is ours."""

    token: NodeId
    nonce: bytes | None
    policies: list[ua.UserTokenPolicy]


class OpcUaSession:
    """An activated session; made by `open_session`. `resumed` tells that it is an earlier one, over a new channel."""

    resumed = False

    def __init__(self, client: Client, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._renew_at_s = stopwatch_s() + 0.75 * client.secure_channel_timeout / 1000.0

    @property
    def open(self) -> bool:
        """Whether the connection stands, as far as can be seen without asking."""
        protocol = self._client.uaclient.protocol
        return protocol is not None and protocol.transport is not None and not protocol.is_closed

    async def read(self, nodes: Sequence[NodeId]) -> list[DataValue]:
        """Read the Value attributes of nodes with both timestamps, in one request.

        Raises
        ------
        SessionLostError : no answer in time, or the connection or session is gone
        ServiceRefusedError : the server refuses the whole request
        """
        await self._renew_when_due()
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value) for node in nodes
        ]
        data = bytes(await self._request(request))
        buffer = Buffer(data)
        try:
            kind = nodeid_from_binary(buffer)
            header = struct_from_binary(ua.ResponseHeader, buffer)
            if kind.Identifier != _READ_RESPONSE:
                raise UndecodableError(f"message {kind.Identifier} answers a read")
            self._check(header.ServiceResult.value)
            values = decode_data_values(data, buffer.cur_pos)
        except (ua.UaError, ValueError) as error:
            raise SessionLostError(str(error)) from None
        if len(values) != len(nodes):
            raise SessionLostError(f"{len(values)} values answer a read of {len(nodes)} nodes")
        return values

    async def namespaces_and_limit(self) -> tuple[list[str], int]:
        """Read the namespace table and how many nodes one read may name (0: no limit)."""
        request = ua.ReadRequest()
        nodes = (
            ua.ObjectIds.Server_NamespaceArray,
            ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
        )
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=ua.NodeId(node), AttributeId=ua.AttributeIds.Value) for node in nodes
        ]
        response = struct_from_binary(ua.ReadResponse, await self._request(request))
        self._check(response.ResponseHeader.ServiceResult.value)
        if len(response.Results) != 2 or response.Results[0].Value is None:
            raise SessionLostError("the server does not tell its namespaces")
        table = response.Results[0].Value.Value
        limit = response.Results[1].Value.Value if response.Results[1].Value is not None else 0
        names = [str(name) for name in table] if isinstance(table, list) else []
        return names, limit if isinstance(limit, int) and limit > 0 else 0

    @staticmethod
    def node(index: int, identifier: str) -> NodeId:
        """Return the node of that id, such as ``s=Boiler.Temp``, in the namespace of that index."""
        return ua.NodeId.from_string(f"ns={index};{identifier}")

    async def resolve(self, paths: Sequence[Path]) -> list[NodeId | None]:
        """Find the node each browse path leads to; None where there is none, or more than one."""
        request = ua.TranslateBrowsePathsToNodeIdsRequest()
        request.Parameters.BrowsePaths = [
            ua.BrowsePath(
                ua.NodeId(ua.ObjectIds.ObjectsFolder),
                ua.RelativePath(
                    [
                        ua.RelativePathElement(
                            ReferenceTypeId=_HIERARCHICAL,
                            IsInverse=False,
                            IncludeSubtypes=True,
                            TargetName=ua.QualifiedName(name, index),
                        )
                        for index, name in path
                    ]
                ),
            )
            for path in paths
        ]
        response = struct_from_binary(ua.TranslateBrowsePathsToNodeIdsResponse, await self._request(request))
        self._check(response.ResponseHeader.ServiceResult.value)
        if len(response.Results) != len(paths):
            raise SessionLostError(f"{len(response.Results)} answers to {len(paths)} browse paths")
        return [_only_target(result) for result in response.Results]

    def drop(self) -> None:
        """Cut the connection at once, without a word to the server."""
        channel = self._client.uaclient
        channel.request_disconnect()
        if channel.protocol is not None and channel.protocol.transport is not None:
            channel.protocol.transport.abort()
        channel.disconnect_socket()

    async def close(self) -> None:
        """Take leave of the server, for as long as one request may take, and cut the connection."""
        if self.open:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(self._timeout_s):
                    await self._client.uaclient.close_session(True)
                    await self._client.uaclient.close_secure_channel()
        self.drop()

    async def request(self, request: object) -> Buffer:
        """Send any request and return its answer's bytes; the answer says it was good.

        Raises
        ------
        SessionLostError, ServiceRefusedError : as for `read`
        """
        await self._renew_when_due()
        return await self._request(request)

    async def raw(self, request: object) -> bytes:
        """Send any request and return its answer's bytes, a fault too.

        Raises
        ------
        SessionLostError : no answer in time, or the connection is gone
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return bytes(await self.post(request, self._timeout_s))
        except TimeoutError:
            raise SessionLostError(f"no answer within {self._timeout_s:g} s") from None
        except (OSError, ua.UaError) as error:
            raise SessionLostError(str(error) or type(error).__name__) from None

    def post(self, request: object, hint_s: float) -> "asyncio.Future[Buffer]":
        """Send a request whose answer is not waited for here.

        Raises
        ------
        ConnectionError : there is no connection
        """
        protocol = self._client.uaclient.protocol
        if protocol is None:
            raise SessionLostError("connection is closed")
        future: asyncio.Future[Buffer] = protocol.post(request, hint_s)
        return future

    @property
    def ticket(self) -> "Ticket":
        """What it takes to go on with this session over another connection."""
        return Ticket(
            self._client.uaclient.session.authentication_token,
            self._client._server_nonce,  # noqa: SLF001 - there is no public way
            self._client._policy_ids,  # noqa: SLF001
        )

    async def _request(self, request: object) -> Buffer:
        protocol = self._client.uaclient.protocol
        if protocol is None:
            raise SessionLostError("connection is closed")
        try:
            return await protocol.send_request(request, self._timeout_s)
        except UaStatusCodeError as error:
            self._check(error.code)
            raise SessionLostError(str(error)) from None
        except TimeoutError:
            raise SessionLostError(f"no answer within {self._timeout_s:g} s") from None
        except (OSError, ua.UaError) as error:
            raise SessionLostError(str(error) or type(error).__name__) from None

    def _check(self, status: int) -> None:
        if status & 0x80000000:
            if status in _SESSION_GONE:
                raise SessionLostError(ua.status_codes.get_name_and_doc(status)[0])
            raise ServiceRefusedError(status)

    async def _renew_when_due(self) -> None:
        if stopwatch_s() < self._renew_at_s:
            return
        try:
            await self._client.open_secure_channel(renew=True)
            self._client.uaclient.revolve_security_token()
        except Exception as error:  # noqa: BLE001 - whatever a server does with a renewal, the channel is no good after it
            raise SessionLostError(f"the channel could not be renewed: {error}") from None
        self._renew_at_s = stopwatch_s() + 0.75 * self._client.secure_channel_timeout / 1000.0


async def open_session(
    url: str, timeout_s: float, session_timeout_s: float, ticket: "Ticket | None" = None, secured: Secured | None = None
) -> OpcUaSession:
    """Connect, open a channel, and go on with the session of a ticket, else create and activate one.

    The order is the standard's (OPC 10000-4, 6.7): a new channel, ActivateSession on the old session, and only when
    that is refused a new session.

    Raises
    ------
    SessionLostError : it did not work; the message says at which step
    """
    client = _client(url, timeout_s)
    client.session_timeout = int(session_timeout_s * 1000)
    secured = secured or Secured()
    session = OpcUaSession(client, timeout_s)
    step = "connecting"
    endpoints: list[ua.EndpointDescription] = []
    try:
        if secured.policy is not None:
            step = "checking the server's security"
            endpoints = await secure(client, _client(url, timeout_s), secured)
        step = "connecting"
        await client.connect_socket()
        step = "greeting"
        await client.send_hello()
        step = "opening the channel"
        await client.open_secure_channel()
        if ticket is not None and await _resumed(client, ticket, secured):
            session.resumed = True
            return session
        step = "creating the session"
        created = await client.create_session()
        check_session(client, secured, endpoints, created.ServerEndpoints)
        check_nonce(created.ServerNonce, secured)
        step = "activating the session"
        await client.activate_session(secured.user, secured.password)
        check_nonce(client._server_nonce, secured)  # noqa: SLF001 - there is no public way
    except asyncio.CancelledError:
        session.drop()
        raise
    except Exception as error:  # noqa: BLE001 - hostile bytes can raise anything inside the library
        session.drop()
        why = (
            f"no answer within {timeout_s:g} s"
            if isinstance(error, TimeoutError)
            else str(error) or type(error).__name__
        )
        raise SessionLostError(f"{step} to {url}: {why}") from None
    return session


def _client(url: str, timeout_s: float) -> Client:
    client = Client(url, timeout=timeout_s)
    client.name = client.description = "plantbench twin"
    client.application_uri = "urn:plantbench:twin"
    client.uaclient = _Channel(timeout_s)
    client.max_messagesize, client.max_chunkcount = MAX_MESSAGE, MAX_CHUNKS
    return client


async def _resumed(client: Client, ticket: "Ticket", secured: Secured) -> bool:
    client.uaclient.session.restore_authentication_token(ticket.token)
    client._server_nonce, client._policy_ids = ticket.nonce, ticket.policies  # noqa: SLF001
    try:
        await client.activate_session(secured.user, secured.password)
    except UaStatusCodeError:
        client.uaclient.session.reset_authentication_token()
        return False
    check_nonce(client._server_nonce, secured)  # noqa: SLF001
    return True


def check_url(url: str) -> str:
    """Return the URL when it is one of an OPC UA server.

    Raises
    ------
    ValueError : it is not
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "opc.tcp" or not parts.hostname or port is None:
        raise ValueError(f"{url!r} is no OPC UA address; write opc.tcp://host:port/path")
    return url


def _only_target(result: ua.BrowsePathResult) -> NodeId | None:
    if result.StatusCode.value & 0x80000000 or len(result.Targets) != 1:
        return None
    target = result.Targets[0]
    if target.RemainingPathIndex != 0xFFFFFFFF:
        return None
    return ua.NodeId(target.TargetId.Identifier, target.TargetId.NamespaceIndex, target.TargetId.NodeIdType)
