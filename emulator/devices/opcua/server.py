"""An emulated OPC UA device: its image as an address space, on a port of its own.

asyncua gives address space and codec; what a plant needs beyond it is added from outside (`transport`, `processor`,
`services`, `subscriptions`, `nodes`, `writes`, `standard_space`). Everything runs on the event
loop that called `start`, commits too.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any, Final, Protocol, Self

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from emulator.devices.certificates import LOOPBACK as LOCAL_NAMES
from emulator.devices.image import SECOND, DeviceImage
from emulator.devices.opcua import server_methods
from emulator.devices.opcua.alarms.desk import AlarmDesk
from emulator.devices.opcua.changed_nodes import DECOY, add_decoys
from emulator.devices.opcua.core import PlantServer
from emulator.devices.opcua.extras import add_extras, historian_of, seen_through
from emulator.devices.opcua.gateway import Gateway
from emulator.devices.opcua.listener import listen
from emulator.devices.opcua.logs import limit_library_logging
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.nodes import Method, PlantNodes, ServedAttribute, uncollected
from emulator.devices.opcua.nodesets import add_models
from emulator.devices.opcua.served import Draw, ServedPoint
from emulator.devices.opcua.subscriptions.engine import SubscriptionEngine
from emulator.devices.opcua.subscriptions.limits import Limits
from emulator.devices.timers import PacedTimers, Timers
from rigs.devices.device import Device
from rigs.schema import Point

LOOPBACK: Final = "127.0.0.1"
MANY: Final = 1_000  # points that make it worth to leave garbage alone


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
        Random streams of the run: they decide which readings a partial status fault strikes. Without them it
        strikes all or none.
    inserted
        Called with fault kind and point id whenever a protocol fault begins to act on a point.
    timers
        Plant time; the event loop's without.
    block_s
        How often the image is committed [s]: nothing is sampled or published faster. 0 where nobody knows.
    hosts
        What its certificate names.

    Attributes
    ----------
    misbehaviour
        Protocol faults to act out; empty at first.
    subscriptions
        The engine of monitored items and subscriptions, once started.

    """

    def __init__(
        self,
        device: Device,
        points: tuple[Point, ...],
        image: DeviceImage,
        streams: Streams | None = None,
        inserted: Callable[[str, str], None] | None = None,
        timers: Timers | None = None,
        block_s: float = 0.0,
        hosts: Iterable[str] = LOCAL_NAMES,
    ) -> None:
        image = seen_through(device, image)
        self.device = device
        self.misbehaviour = OpcUaMisbehaviour()
        self._image = image
        self._historian = historian_of(device, points, image)
        self._points = points
        self._streams = streams
        self._inserted = inserted
        self.misbehaviour.security.connect(inserted, streams, device.id)
        self.misbehaviour.wrongs.connect(self, inserted, streams, device.id)
        self._served: list[ServedPoint] = []
        self._attributes: list[ServedAttribute] = []
        self._server: PlantServer | None = None
        self._spoilt = False
        self._timers = timers or PacedTimers()
        self.misbehaviour.security.later = self._timers.later
        self._block_s = block_s
        self._hosts = tuple(hosts)
        self.subscriptions: SubscriptionEngine | None = None
        self._restarting: asyncio.Task[None] | None = None
        self.index = 0
        self.alarms: AlarmDesk | None = None
        image.on_commit(self._committed)
        image.on_power(self._power)

    @property
    def image(self) -> DeviceImage:
        """What it holds."""
        return self._image

    @property
    def points(self) -> tuple[Point, ...]:
        """Its points."""
        return self._points

    @property
    def space(self) -> AddressSpace | None:
        """Its address space; None while it does not serve."""
        return None if self._server is None else self._server.iserver.aspace

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

    async def start(self, host: str = LOOPBACK, port: int | None = None) -> str:
        """Listen on `port` (None: the rig's; 0: the system chooses), serve, and return the endpoint's URL.

        Raises
        ------
        OSError
            The port is taken, or the folder of certificates cannot be written.
        ValueError
            A user's password is to come from an environment variable that is not set.

        """
        limit_library_logging()
        if isinstance(self._image, Gateway):
            self._image.start()
        listener = await listen(host, self.device.port if port is None else port)
        try:
            server = PlantServer(self.device, self._image, listener, host, self.misbehaviour.security, self._hosts)
            server.iserver.act_out(self.misbehaviour.wrongs)
            server.iserver.timers = self._timers
            await server.init()
            self.subscriptions = server.iserver.subscription_service = self._engine(server)
            self.subscriptions.skew_ns = lambda: self.misbehaviour.wrongs.skew_ns
            if self.misbehaviour.wrongs.decoy:
                add_decoys(server.iserver.aspace, await server.register_namespace(DECOY), self)
            index = await server.register_namespace(self.device.namespace or f"urn:plantbench:{self.device.id}")
            self.index = index
            with uncollected() if len(self._points) > MANY else nullcontext():
                self._build(server, index)
            if self.device.opcua.profile != "slow_kit":
                server_methods.serve(server.iserver.aspace, self.subscriptions)
            self._attributes += await add_models(server, index, self.device, self._served)
            await server.start()
        except BaseException:
            listener.close()
            raise
        self._server = server
        return self.url

    def restart(self) -> None:
        """Stop and start on the same port, soon: connections, sessions and subscriptions are gone, values are not."""

        async def again() -> None:
            if self._server is not None:
                port = self.port
                self.misbehaviour.wrongs.started_ns = self._image.t_ns
                await self._close()
                await self.start(port=port)

        if self._server is not None and (self._restarting is None or self._restarting.done()):
            self._restarting = asyncio.get_running_loop().create_task(again())

    async def stop(self) -> None:
        """Reset all connections, close the port and end every task; does nothing when not started."""
        if self._restarting is not None:
            await self._restarting
        await self._close()

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop()
        if self.subscriptions is not None:
            self.subscriptions.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _build(self, server: PlantServer, index: int) -> None:
        assert self.subscriptions is not None, "the engine is made before the nodes"
        nodes = PlantNodes(server.iserver.aspace, index, self.device, 1000 * self.subscriptions.limits.block_s)
        nodes.top()
        server.iserver.historian = self._historian
        self._served = []
        for point in self._points:
            if point.opcua is None or point.device != self.device.id:
                continue
            if point.opcua.method:
                if self.device.opcua.profile == "slow_kit":
                    continue
                parent = ua.NodeId(f"{self.device.id}/{point.opcua.node}".rpartition("/")[0], index)
                nodes.add(point, None, self._command(point, parent))
            else:
                served = ServedPoint(point, self._image, self.misbehaviour, self._draw(point))
                self._served.append(served)
                nodes.add(point, served, None)
                space = server.iserver.aspace
                nodes.attributes += add_extras(space, index, self.device, served, self._historian)
        self._attributes = nodes.attributes
        space = server.iserver.aspace
        self.alarms = AlarmDesk(space, space[ua.NodeId(self.device.id, index)], self.subscriptions, self.device.id)
        self.alarms.build(nodes.attributes)

    def _engine(self, server: PlantServer) -> SubscriptionEngine:
        limits, sampling_ns = self.device.opcua.limits, self.device.opcua.sampling or 0
        granted = Limits(
            block_s=max(self._block_s, sampling_ns / SECOND),
            items_per_call=limits.monitored_items_per_call,
            subscriptions_per_session=limits.subscriptions_per_session,
            items_per_subscription=limits.items_per_subscription,
            publish_requests=limits.publish_requests,
            queue_size=limits.queue_size,
        )
        streams, draw = self._streams, None
        if streams is not None:
            stream = streams(f"{self.device.id}/opcua_subscription_ids")
            draw = lambda index: float(stream.uniform(index, 1)[0])  # noqa: E731 - as `_draw` below
        fault = self.misbehaviour
        return SubscriptionEngine(
            server.iserver.aspace,
            self._image,
            self._timers,
            granted,
            draw,
            lambda: fault.on,
            lambda: fault.subscriptions,
        )

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
        """Act out what is wrong, and tell subscribers; readers ask by themselves."""
        if self._server is None:
            return
        if self.misbehaviour.on or self._spoilt:
            self._spoilt = self.misbehaviour.on
            for served in self._served:
                for kind in served.spoil():
                    if self._inserted is not None:
                        self._inserted(kind, served.point.id)
        if self.subscriptions is not None and self.alarms is not None:
            self.alarms.commit()
            self.subscriptions.commit()

    def _power(self, online: bool) -> None:
        """Lose every connection, and with it every session, when the device goes down."""
        if not online and self.subscriptions is not None:
            self.subscriptions.close()
        if not online and self._server is not None:
            self._server.reset_connections()
