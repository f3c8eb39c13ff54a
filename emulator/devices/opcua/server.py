"""An emulated OPC UA device: its image as an address space, on a port of its own.

asyncua gives address space, codec, sessions and subscriptions; what a plant needs beyond it is added from
outside (`transport`, `processor`, `services`, `nodes`, `writes`, `standard_space`). Everything runs on the event
loop that called `start`, commits too.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, Self

from asyncua import ua

from emulator.devices.image import DeviceImage
from emulator.devices.opcua.core import PlantServer, listen
from emulator.devices.opcua.logs import limit_library_logging
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.nodes import Method, PlantNodes, ServedAttribute
from emulator.devices.opcua.served import Draw, ServedPoint
from rigs.devices.device import Device
from rigs.schema import Point

LOOPBACK: Final = "127.0.0.1"


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

    Attributes
    ----------
    misbehaviour
        Protocol faults to act out; empty at first.

    """

    def __init__(
        self,
        device: Device,
        points: tuple[Point, ...],
        image: DeviceImage,
        streams: Streams | None = None,
        inserted: Callable[[str, str], None] | None = None,
    ) -> None:
        self.device = device
        self.misbehaviour = OpcUaMisbehaviour()
        self._image = image
        self._points = points
        self._streams = streams
        self._inserted = inserted
        self._served: list[ServedPoint] = []
        self._attributes: list[ServedAttribute] = []
        self._server: PlantServer | None = None
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

    async def start(self, host: str = LOOPBACK, port: int | None = None) -> str:
        """Listen on `port` (None: the rig's; 0: the system chooses), serve, and return the endpoint's URL.

        Raises
        ------
        OSError
            The port is taken.

        """
        limit_library_logging()
        listener = await listen(host, self.device.port if port is None else port)
        server = PlantServer(self.device, self._image, listener, host)
        try:
            await server.init()
            index = await server.register_namespace(self.device.namespace or f"urn:plantbench:{self.device.id}")
            self._build(server, index)
            await server.start()
        except BaseException:
            listener.close()
            raise
        self._server = server
        return self.url

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

    def _build(self, server: PlantServer, index: int) -> None:
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
        """Act out what is wrong, and tell subscribers; readers ask by themselves."""
        if self._server is None:
            return
        if self.misbehaviour.on or self._spoilt:
            self._spoilt = self.misbehaviour.on
            for served in self._served:
                for kind in served.spoil():
                    if self._inserted is not None:
                        self._inserted(kind, served.point.id)
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
    """Run a data change notification to its end, now: it only queues, nothing publishes unasked."""
    try:
        notification.send(None)
    except StopIteration:
        return
    notification.close()
    raise RuntimeError("a data change notification waited for something; this server's subscriptions never do")
