"""asyncua's server with its moving parts replaced: standard nodes, sessions, writes, clock, listening."""

import asyncio
import socket
from collections.abc import Iterable
from typing import Any, Final

from asyncua import Server, ua

from emulator.devices.certificates import LOOPBACK
from emulator.devices.image import DeviceImage
from emulator.devices.opcua import standard_space, values
from emulator.devices.opcua.capabilities import advertise
from emulator.devices.opcua.diagnostics import Diagnostics
from emulator.devices.opcua.gate import Gate
from emulator.devices.opcua.history import AGGREGATES, Historian
from emulator.devices.opcua.listener import Listener
from emulator.devices.opcua.nodes import as_datetime
from emulator.devices.opcua.security.endpoints import Endpoints
from emulator.devices.opcua.security.guard import Guard
from emulator.devices.opcua.security.misbehaviour import SecurityMisbehaviour
from emulator.devices.opcua.transport import BUFFER_SIZE, CHUNKS, MESSAGE_SIZE, Limits
from emulator.devices.opcua.writes import PlantWrites
from emulator.devices.opcua.wrongs import Wrongs
from emulator.devices.timers import PacedTimers, Timers
from rigs.devices.device import Device
from rigs.devices.opcua import OpcUaHistory

PRODUCT: Final = "urn:plantbench"


def _build() -> ua.BuildInfo:
    """Return what the device says of its make (OPC 10000-5 §12.4); it must not change with our releases."""
    return ua.BuildInfo(PRODUCT, "plantbench", "device", SoftwareVersion="1.0", BuildNumber="1")


class Core(Gate):
    """The server core with standard nodes, sessions, writes and clock of our own."""

    def __init__(self, device: Device, image: DeviceImage, guard: Guard) -> None:
        super().__init__(guard, device.opcua.limits.sessions)
        self._image = image
        self.settings = device.opcua
        self.limits = device.opcua.limits
        self.historian: Historian | None = None
        self.history = device.opcua.history or OpcUaHistory()
        self.timers: Timers = PacedTimers()
        self.disabled_clock = True  # the clock is the device's, asked when read
        self.allow_remote_admin = False
        self.max_message_size = MESSAGE_SIZE
        self.max_connections = device.connections
        self.plant_writes = self.attribute_service = PlantWrites(self.aspace, image)
        self.wrongs = Wrongs()

    def act_out(self, wrongs: Wrongs) -> None:
        """Do wrong from now on what is said there."""
        self.wrongs = self.plant_writes.wrongs = wrongs

    async def ponder(self) -> None:
        """Take the time that a slow device takes for an answer, in plant time."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def over() -> None:
            if not ready.done():
                ready.set_result(None)

        timer = self.timers.answer(self.settings.delay, over)
        try:
            await ready
        finally:
            timer.cancel()

    async def load_standard_address_space(self, shelf_file: Any = None) -> None:
        """Fill in the standard nodes, quickly."""
        standard_space.fill(self.aspace)

    async def start(self) -> None:
        """Start, with the server's status answered from the device's clock."""
        await super().start()
        fastest_ms = 1000 * self.subscription_service.limits.block_s
        advertise(self.aspace, self.settings, AGGREGATES if self.historian else (), fastest_ms)
        Diagnostics(self).serve()
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

        for name in ("ProductUri", "ManufacturerName", "ProductName", "SoftwareVersion", "BuildNumber"):
            text = ua.Variant(getattr(_build(), name), ua.VariantType.String)
            self._answer(getattr(ua.ObjectIds, f"Server_ServerStatus_BuildInfo_{name}"), lambda text=text: text)
        whole = ua.Variant(_build(), ua.VariantType.ExtensionObject)
        self._answer(ua.ObjectIds.Server_ServerStatus_BuildInfo, lambda: whole)

        self._answer(
            ua.ObjectIds.Server_ServerStatus_State,
            lambda: ua.Variant(self._status().State, ua.VariantType.Int32),
        )
        self._answer(
            ua.ObjectIds.Server_ServerStatus_SecondsTillShutdown,
            lambda: ua.Variant(self._status().SecondsTillShutdown, ua.VariantType.UInt32),
        )
        self._answer(
            ua.ObjectIds.Server_ServiceLevel,
            lambda: ua.Variant(self.wrongs.service_level, ua.VariantType.Byte),
        )

    def ticks(self) -> int:
        """Return the server's own clock, as FILETIME."""
        return values.ticks(self._image.t_ns + self.wrongs.skew_ns)

    def _answer(self, node: int, value: Any) -> None:
        def answer(*_: Any) -> ua.DataValue:
            now = self._now()
            return ua.DataValue(value(), SourceTimestamp=now, ServerTimestamp=now)

        self.set_attribute_value_callback(ua.NodeId(node), answer)

    def _status(self) -> ua.ServerStatusDataType:
        wrong = self.wrongs.state
        return ua.ServerStatusDataType(
            StartTime=self._started(),
            CurrentTime=self._now(),
            State=ua.ServerState(0 if wrong is None else wrong.state),
            SecondsTillShutdown=0 if wrong is None else wrong.seconds_till_shutdown,
            BuildInfo=_build(),
        )

    def _now(self) -> Any:
        return as_datetime(self.ticks())

    def _started(self) -> Any:
        return as_datetime(values.ticks(max(self._image.started_ns, self.wrongs.started_ns)))


class PlantServer(Server):
    """asyncua's server on a socket already bound, stopped without leftovers.

    Parameters
    ----------
    device
        The device as the rig declares it.
    image
        What it holds.
    listener
        The socket.
    host
        What it is bound to.
    fault
        What its security does wrong.
    hosts
        What its certificate names.

    """

    def __init__(
        self,
        device: Device,
        image: DeviceImage,
        listener: socket.socket,
        host: str,
        fault: SecurityMisbehaviour | None = None,
        hosts: Iterable[str] = LOOPBACK,
    ) -> None:
        uri = f"urn:plantbench:device:{device.id}"
        guard = Guard(
            device.opcua.security,
            device.id,
            uri,
            fault or SecurityMisbehaviour(),
            lambda: as_datetime(values.ticks(image.t_ns)),
            hosts=hosts,
        )
        super().__init__(iserver=Core(device, image, guard))
        self.port = int(listener.getsockname()[1])
        self.limits = Limits(BUFFER_SIZE, BUFFER_SIZE, CHUNKS, MESSAGE_SIZE)
        self.name = device.title or device.id
        self.product_uri = PRODUCT
        self.manufacturer_name = "plantbench"
        self.application_type = ua.ApplicationType.Server
        self._application_uri = uri
        self.set_endpoint(f"opc.tcp://{host}:{self.port}/plantbench/{device.id}")
        self.iserver.endpoints_of = Endpoints(guard, self.endpoint.geturl(), self.name, PRODUCT)
        self.bserver: Listener = Listener(
            self.iserver,
            listener,
            self.limits,
            lambda: image.online,
            self.iserver.ticks,
        )

    async def start(self) -> None:
        """Start the core and listen."""
        await self.iserver.start()
        await self.bserver.start()

    def reset_connections(self) -> None:
        """Abort every connection and forget every session, as a device does that goes down."""
        self.bserver.reset()
        for session in self.iserver.sessions:
            self.iserver.end(session)
