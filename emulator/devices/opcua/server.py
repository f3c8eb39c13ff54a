"""An emulated OPC UA device: its image as an address space, on a port of its own.

asyncua gives address space, codec, sessions and subscriptions; what a plant needs beyond it is added from outside
(`sessions`, `nodes`, `writes`, `standard_space`). Everything runs on the event loop that called `start`, commits too.
"""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, Final, Protocol, Self

from asyncua import Server, ua
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.internal_server import InternalServer

from emulator.devices.image import DeviceImage
from emulator.devices.opcua import standard_space, values
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.nodes import Method, PlantNodes, ServedAttribute, as_datetime
from emulator.devices.opcua.served import Draw, ServedPoint
from emulator.devices.opcua.sessions import (
    BUFFER_SIZE, CHUNKS, MESSAGE_SIZE, AnonymousOnly, Connection, Limits, Session, limit_library_logging,
)  # fmt: skip
from emulator.devices.opcua.writes import PlantWrites
from rigs.schema import Device, Point

LOOPBACK: Final = "127.0.0.1"
_SHORTEST_PUBLISHING_MS: Final = 50.0
_LONGEST_PUBLISHING_MS: Final = 60_000.0
_QUEUE: Final = 1_000
_SUBSCRIPTIONS: Final = 100
_ACTIVATION_SECONDS: Final = 10.0


class Streams(Protocol):
    """Named counter-based random streams, as `emulator.streams.Streams` gives them."""

    def __call__(self, path: str) -> Any:
        """Return the stream of that path; it has `uniform(first_index, count)`."""


class OpcUaDevice:
    """One OPC UA server in front of one device image.

    Parameters
    ----------
    device
        The device as the rig declares it.
    points
        Its points, each with an OPC UA address.
    image
        What it holds.
    streams
        Random streams of the run; they decide which readings a partial status fault strikes. Without them none is
        struck unless all are.

    Attributes
    ----------
    misbehaviour
        Protocol faults to act out; empty at first.

    """

    def __init__(
        self, device: Device, points: tuple[Point, ...], image: DeviceImage, streams: Streams | None = None
    ) -> None:
        self.device = device
        self.misbehaviour = OpcUaMisbehaviour()
        self._image = image
        self._points = points
        self._streams = streams
        self._served: list[ServedPoint] = []
        self._attributes: list[ServedAttribute] = []
        self._server: _Server | None = None
        self._spoilt = False
        image.on_commit(self._committed)
        image.on_power(self._power)

    @property
    def port(self) -> int:
        """The TCP port it listens on; 0 while it does not."""
        return 0 if self._server is None else self._server.port

    @property
    def url(self) -> str:
        """The endpoint's URL.

        Raises
        ------
        RuntimeError
            The device is not started: its port is not known before.

        """
        if self._server is None:
            raise RuntimeError(f"device {self.device.id} has no URL before start(): its port is chosen then")
        return self._server.endpoint.geturl()

    async def start(self, host: str = LOOPBACK, port: int | None = None) -> None:
        """Listen on `port` (the rig's if None; 0 lets the system choose) and serve.

        Raises
        ------
        OSError
            The port is taken.

        """
        limit_library_logging()
        listener = await _listen(host, self.device.port if port is None else port)
        server = _Server(self.device, self._image, listener, host)
        try:
            await server.init()
            index = await server.register_namespace(self.device.namespace or f"urn:plantbench:{self.device.id}")
            self._build(server, index)
            await server.start()
        except BaseException:
            listener.close()
            raise
        self._server = server

    async def stop(self) -> None:
        """Reset all connections, close the port and end every task; does nothing when not started."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _build(self, server: "_Server", index: int) -> None:
        nodes = PlantNodes(server.iserver.aspace, index, self.device)
        nodes.top()
        self._served = []
        for point in self._points:
            if point.opcua is None or point.device != self.device.id:
                continue
            if point.opcua.method:
                parent = ua.NodeId(f"{self.device.id}/{point.opcua.node}".rpartition("/")[0], index)
                nodes.add(point, None, self._command(point, parent))
            else:
                served = ServedPoint(point, self._image, self.misbehaviour, self._draw(point))
                self._served.append(served)
                nodes.add(point, served, None)
        self._attributes = nodes.attributes

    def _draw(self, point: Point) -> Draw:
        streams = self._streams
        if streams is None:
            return lambda commit: 1.0
        stream = streams(f"{self.device.id}/opcua_status/{point.id}")
        return lambda commit: float(stream.uniform(commit, 1)[0])

    def _command(self, point: Point, parent: ua.NodeId) -> Method:
        """Return the method that queues a point's command."""

        async def call(caller: ua.NodeId, *arguments: Any) -> ua.StatusCode:
            if caller != parent:
                return ua.StatusCode(ua.StatusCodes.BadMethodInvalid)
            if arguments:
                return ua.StatusCode(ua.StatusCodes.BadTooManyArguments)
            self._image.write(point.id, True)
            return ua.StatusCode()

        return call

    def _committed(self) -> None:
        """Tell subscribers of a commit; readers ask by themselves."""
        if self._server is None:
            return
        if self.misbehaviour.on or self._spoilt:
            self._spoilt = self.misbehaviour.on
            for served in self._served:
                served.committed()
        for attribute in self._attributes:
            if attribute.datachange_callbacks:
                value = attribute.wire_value()
                for handle, notify in list(attribute.datachange_callbacks.items()):
                    _finish(notify(handle, value))

    def _power(self, online: bool) -> None:
        """Lose every connection, and with it every session, when the device goes down."""
        if not online and self._server is not None:
            self._server.reset_connections()


def _finish(notification: Coroutine[Any, Any, None]) -> None:
    """Run a data change notification to its end, now: it only queues, because no subscription publishes unasked."""
    try:
        notification.send(None)
    except StopIteration:
        return
    notification.close()
    raise RuntimeError("a data change notification waited for something; this server's subscriptions never do")


async def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that the port is known before the endpoint is described."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(64)
    except BaseException:
        listener.close()
        raise
    return listener


class _InternalServer(InternalServer):
    """asyncua's server core with standard nodes, sessions, writes and clock of our own."""

    def __init__(self, device: Device, image: DeviceImage) -> None:
        super().__init__(user_manager=AnonymousOnly())
        self._image = image
        self.disabled_clock = True  # the clock is the device's, asked when read
        self.allow_remote_admin = False
        self.supported_tokens = (ua.AnonymousIdentityToken,)
        self.max_connections = device.connections
        self.max_subscriptions = _SUBSCRIPTIONS
        self.max_monitored_item_queue_size = _QUEUE
        self.max_unacked_messages_per_subscription = _QUEUE
        self.max_pending_activation_seconds = _ACTIVATION_SECONDS
        self.attribute_service = PlantWrites(self.aspace, image)
        self._create_subscription = self.subscription_service.create_subscription
        self.subscription_service.create_subscription = self._create_paced_subscription

    async def load_standard_address_space(self, shelf_file: Any = None) -> None:
        standard_space.fill(self.aspace)

    def create_session(self, name: str, user: Any = None, external: bool = False) -> Session:
        known = {} if user is None else {"user": user}
        return Session(self, self.aspace, self.subscription_service, name, external=external, **known)

    async def start(self) -> None:
        await super().start()
        status = ua.ObjectIds.Server_ServerStatus
        self._answer(status, lambda: ua.Variant(self._status(), ua.VariantType.ExtensionObject))
        self._answer(ua.ObjectIds.Server_ServerStatus_CurrentTime, lambda: ua.Variant(self._now(), ua.VariantType.DateTime))
        self._answer(ua.ObjectIds.Server_ServerStatus_StartTime, lambda: ua.Variant(self._started(), ua.VariantType.DateTime))

    def _answer(self, node: int, value: Any) -> None:
        def answer(*_: Any) -> ua.DataValue:
            now = self._now()
            return ua.DataValue(value(), SourceTimestamp=now, ServerTimestamp=now)

        self.set_attribute_value_callback(ua.NodeId(node), answer)

    def _status(self) -> ua.ServerStatusDataType:
        return ua.ServerStatusDataType(
            StartTime=self._started(), CurrentTime=self._now(), State=ua.ServerState.Running,
            BuildInfo=ua.BuildInfo(ProductUri="urn:plantbench", ManufacturerName="plantbench", ProductName="plantbench device"),
        )  # fmt: skip

    def _now(self) -> Any:
        return as_datetime(values.ticks(self._image.t_ns))

    def _started(self) -> Any:
        return as_datetime(values.ticks(self._image.started_ns))

    async def _create_paced_subscription(self, params: ua.CreateSubscriptionParameters, *args: Any, **kwargs: Any) -> Any:
        """Revise the publishing interval, which asyncua takes as asked, 0 and NaN included."""
        wanted = params.RequestedPublishingInterval
        wanted = wanted if wanted > _SHORTEST_PUBLISHING_MS else _SHORTEST_PUBLISHING_MS
        params.RequestedPublishingInterval = min(wanted, _LONGEST_PUBLISHING_MS)
        return await self._create_subscription(params, *args, **kwargs)


class _Server(Server):
    """asyncua's server on a socket already bound, stopped without leftovers."""

    def __init__(self, device: Device, image: DeviceImage, listener: socket.socket, host: str) -> None:
        super().__init__(iserver=_InternalServer(device, image))
        self._image = image
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        self.limits = Limits(BUFFER_SIZE, BUFFER_SIZE, CHUNKS, MESSAGE_SIZE)
        self.name = device.title or device.id
        self.product_uri = "urn:plantbench"
        self.manufacturer_name = "plantbench"
        self.application_type = ua.ApplicationType.Server
        self._application_uri = f"urn:plantbench:device:{device.id}"
        self.set_endpoint(f"opc.tcp://{host}:{self.port}/plantbench/{device.id}")
        self.set_security_policy([ua.SecurityPolicyType.NoSecurity])

    async def start(self) -> None:
        await self._setup_server_nodes()
        await self.iserver.start()
        self.bserver = _Listener(self.iserver, self._image, self._listener, self.limits)
        self.bserver.set_policies(self._policies)
        await self.bserver.start()

    def reset_connections(self) -> None:
        """Abort every connection."""
        for transport in list(self.iserver.asyncio_transports):
            transport.abort()


class _Listener(BinaryServer):
    """asyncua's connection factory with our connections."""

    def __init__(self, iserver: InternalServer, image: DeviceImage, listener: socket.socket, limits: Limits) -> None:
        name = listener.getsockname()
        super().__init__(iserver, name[0], name[1], limits)
        self._image = image
        self._listener = listener
        self._connections: list[OPCUAProtocol] = []

    def _make_protocol(self) -> OPCUAProtocol:
        image = self._image
        connection = Connection(
            online=lambda: image.online,
            now=lambda: values.ticks(image.t_ns),
            iserver=self.iserver,
            policies=self._policies,
            clients=self.clients,
            closing_tasks=self.closing_tasks,
            limits=self.limits,
        )
        self._connections = [old for old in self._connections if old in self.clients]
        self._connections.append(connection)
        return connection

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._make_protocol, sock=self._listener)
        self.cleanup_task = asyncio.create_task(self._close_task_loop())

    async def stop(self) -> None:
        """Close the port, reset the connections and wait for what they leave."""
        if self._server is not None:
            self._server.close()
        for transport in list(self.iserver.asyncio_transports):
            transport.abort()
        while self.clients:
            await asyncio.sleep(0)  # connection_lost comes with the loop's next turn
        if self.cleanup_task is not None:
            self.cleanup_task.cancel()
        own = (task for c in self._connections for task in (c._task, c._activation_watchdog_task))  # noqa: SLF001
        left = [task for task in (*own, self.cleanup_task) if task is not None]
        await asyncio.gather(*left, *self.closing_tasks, return_exceptions=True)
        self.closing_tasks.clear()
        if self._server is not None:
            await self._server.wait_closed()
