"""asyncua's server with its moving parts replaced: standard nodes, sessions, writes, clock, listening."""

import asyncio
import socket
from typing import Any, Final

from asyncua import Server, ua
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.internal_server import InternalServer
from asyncua.server.subscription_service import SubscriptionService

from emulator.devices.image import DeviceImage
from emulator.devices.opcua import standard_space, values
from emulator.devices.opcua.nodes import as_datetime
from emulator.devices.opcua.session import AnonymousOnly, Session
from emulator.devices.opcua.transport import BUFFER_SIZE, CHUNKS, MESSAGE_SIZE, Connection, Limits
from emulator.devices.opcua.writes import PlantWrites
from rigs.devices.device import Device

PRODUCT: Final = "urn:plantbench"
_SHORTEST_PUBLISHING_MS: Final = 50.0
_LONGEST_PUBLISHING_MS: Final = 60_000.0
_QUEUE: Final = 1_000
_SUBSCRIPTIONS: Final = 100
_ACTIVATION_SECONDS: Final = 10.0


async def listen(host: str, port: int) -> socket.socket:
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


class PacedSubscriptions(SubscriptionService):
    """Subscriptions whose publishing interval is revised: asyncua takes it as asked, 0 and NaN included."""

    async def create_subscription(
        self, params: ua.CreateSubscriptionParameters, *args: Any, **kwargs: Any
    ) -> ua.CreateSubscriptionResult:
        """Create a subscription that publishes every 50 ms to 60 s."""
        wanted = max(_SHORTEST_PUBLISHING_MS, params.RequestedPublishingInterval)  # NaN is greater than nothing
        params.RequestedPublishingInterval = min(wanted, _LONGEST_PUBLISHING_MS)
        return await super().create_subscription(params, *args, **kwargs)


class Core(InternalServer):
    """The server core with standard nodes, sessions, writes and clock of our own."""

    def __init__(self, device: Device, image: DeviceImage) -> None:
        super().__init__(user_manager=AnonymousOnly())
        self._image = image
        self.settings = device.opcua
        self.limits = device.opcua.limits
        self.disabled_clock = True  # the clock is the device's, asked when read
        self.allow_remote_admin = False
        self.supported_tokens = (ua.AnonymousIdentityToken,)
        self.max_connections = device.connections
        self.max_subscriptions = _SUBSCRIPTIONS
        self.max_monitored_item_queue_size = _QUEUE
        self.max_unacked_messages_per_subscription = _QUEUE
        self.max_pending_activation_seconds = _ACTIVATION_SECONDS
        self.attribute_service = PlantWrites(self.aspace, image)
        self.subscription_service = PacedSubscriptions(self.aspace, iserver=self)
        self.isession.subscription_service = self.subscription_service

    async def load_standard_address_space(self, shelf_file: Any = None) -> None:
        """Fill in the standard nodes, quickly."""
        standard_space.fill(self.aspace)

    def create_session(self, name: str, user: Any = None, external: bool = False) -> Session:
        """Return a session whose token is random."""
        known = {} if user is None else {"user": user}
        return Session(self, self.aspace, self.subscription_service, name, external=external, **known)

    async def start(self) -> None:
        """Start, with the server's status answered from the device's clock."""
        await super().start()
        status = ua.ObjectIds.Server_ServerStatus
        self._answer(status, lambda: ua.Variant(self._status(), ua.VariantType.ExtensionObject))
        self._answer(
            ua.ObjectIds.Server_ServerStatus_CurrentTime,
            lambda: ua.Variant(self._now(), ua.VariantType.DateTime),
        )
        self._answer(
            ua.ObjectIds.Server_ServerStatus_StartTime,
            lambda: ua.Variant(self._started(), ua.VariantType.DateTime),
        )

    def _answer(self, node: int, value: Any) -> None:
        def answer(*_: Any) -> ua.DataValue:
            now = self._now()
            return ua.DataValue(value(), SourceTimestamp=now, ServerTimestamp=now)

        self.set_attribute_value_callback(ua.NodeId(node), answer)

    def _status(self) -> ua.ServerStatusDataType:
        return ua.ServerStatusDataType(
            StartTime=self._started(),
            CurrentTime=self._now(),
            State=ua.ServerState.Running,
            BuildInfo=ua.BuildInfo(ProductUri=PRODUCT, ManufacturerName="plantbench", ProductName="device"),
        )

    def _now(self) -> Any:
        return as_datetime(values.ticks(self._image.t_ns))

    def _started(self) -> Any:
        return as_datetime(values.ticks(self._image.started_ns))


class PlantServer(Server):
    """asyncua's server on a socket already bound, stopped without leftovers."""

    def __init__(self, device: Device, image: DeviceImage, listener: socket.socket, host: str) -> None:
        super().__init__(iserver=Core(device, image))
        self._image = image
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        self.limits = Limits(BUFFER_SIZE, BUFFER_SIZE, CHUNKS, MESSAGE_SIZE)
        self.name = device.title or device.id
        self.product_uri = PRODUCT
        self.manufacturer_name = "plantbench"
        self.application_type = ua.ApplicationType.Server
        self._application_uri = f"urn:plantbench:device:{device.id}"
        self.set_endpoint(f"opc.tcp://{host}:{self.port}/plantbench/{device.id}")
        self.set_security_policy([ua.SecurityPolicyType.NoSecurity])

    async def start(self) -> None:
        """Describe the endpoint and listen."""
        await self._setup_server_nodes()
        await self.iserver.start()
        self.bserver = Listener(self.iserver, self._image, self._listener, self.limits)
        self.bserver.set_policies(self._policies)
        await self.bserver.start()

    def reset_connections(self) -> None:
        """Abort every connection."""
        for transport in list(self.iserver.asyncio_transports):
            transport.abort()


class Listener(BinaryServer):
    """The connection factory, making our connections on the socket we bound."""

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
        """Accept connections."""
        self._server = await asyncio.get_running_loop().create_server(self._make_protocol, sock=self._listener)
        self.cleanup_task = asyncio.create_task(self._close_task_loop())

    async def stop(self) -> None:
        """Close the port, reset the connections and wait for what they leave."""
        if self._server is not None:
            self._server.close()
        for transport in list(self.iserver.asyncio_transports):
            transport.abort()
        while self.clients:  # noqa: ASYNC110 - connection_lost comes with the loop's next turn
            await asyncio.sleep(0)
        if self.cleanup_task is not None:
            self.cleanup_task.cancel()
        own = (task for c in self._connections for task in (c._task, c._activation_watchdog_task))  # noqa: SLF001
        left = [task for task in (*own, self.cleanup_task) if task is not None]
        await asyncio.gather(*left, *self.closing_tasks, return_exceptions=True)
        self.closing_tasks.clear()
        if self._server is not None:
            await self._server.wait_closed()
