"""A device whose time the test steps, and a client that sends one bare request at a time."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary

from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from emulator.devices.timers import SteppedTimers
from emulator.streams import Streams
from rigs.devices.device import Device
from rigs.schema import Point

EPOCH_NS = 1_735_689_600_000_000_000
BLOCK_NS = 100_000_000
BLOCK_MS = 100.0
NAMESPACE = "urn:plantbench:test:plc1"


def point(name: str, **more: Any) -> Point:
    opcua = {"node": name.title().replace(".", "/")} | more.pop("opcua", {})
    return Point(id=name, device="plc1", asset="a", quantity="x", opcua=opcua, **({"signal": "s"} | more))


POINTS = (
    point("a.flow", range=(0, 200)),
    point("a.level", range=(0, 100)),
    point("a.count", range=(0, 1e9), opcua={"type": "UInt32"}),
    point("a.running", opcua={"type": "Boolean"}),
    point("a.slow", every="300 ms"),
    point("a.wave", waveform={"rate": "1 kHz", "buffer": "10 ms"}, opcua={"type": "Float"}),
    *(point(f"g.p{i}") for i in range(40)),
)


@dataclass
class Stage:
    """The device, its time, and the clients on it."""

    image: DeviceImage
    server: OpcUaDevice
    timers: SteppedTimers
    t_ns: int = 0
    clients: list["Bare"] = field(default_factory=list)

    def commit(self, status: int = GOOD, **values: Any) -> None:
        """Commit one block later; `a__flow=1.0` is the value of a.flow. Timers that are due fire."""
        self.t_ns += BLOCK_NS
        now = EPOCH_NS + self.t_ns
        readings = {}
        for name, value in values.items():
            held, stands = value if isinstance(value, tuple) else (value, status)
            readings[name.replace("__", ".")] = Reading(held, stands, now)
        self.image.commit(readings, now)
        self.timers.advance(self.t_ns)

    async def bare(self) -> "Bare":
        client = Client(self.server.url, timeout=4)
        await client.connect()
        bare = Bare(client, await client.get_namespace_index(NAMESPACE))
        self.clients.append(bare)
        return bare


@dataclass
class Bare:
    """A connected client, one service call at a time."""

    client: Client
    index: int

    async def ask(self, request: Any, kind: Any = None) -> Any:
        """Send a request; returns the decoded response, or the StatusCode of a ServiceFault."""
        try:
            data = await self.client.uaclient.protocol.send_request(request, 4)
        except ua.UaStatusCodeError as error:
            return int(error.code)
        nodeid_from_binary(data.copy())
        return struct_from_binary(kind or getattr(ua, type(request).__name__.replace("Request", "Response")), data)

    def later(self, request: Any) -> asyncio.Task:
        """Send a request whose answer may take long."""
        return asyncio.ensure_future(self.ask(request))

    def node(self, path: str) -> ua.NodeId:
        return ua.NodeId(f"plc1/{path}", self.index)

    async def subscribe(self, ms: float = BLOCK_MS, **more: Any) -> int:
        request = ua.CreateSubscriptionRequest()
        wishes = {"RequestedPublishingInterval": ms, "RequestedLifetimeCount": 30, "RequestedMaxKeepAliveCount": 3}
        for name, value in (wishes | more).items():
            setattr(request.Parameters, name, value)
        answer = await self.ask(request)
        return answer if isinstance(answer, int) else answer.Parameters.SubscriptionId

    async def monitor(self, subscription: int, *wishes: dict[str, Any], times: int = 2) -> list[Any]:
        """Create items; a wish may say path, attribute, range, mode, sampling, queue, newest, filter, handle."""
        request = ua.CreateMonitoredItemsRequest()
        request.Parameters.SubscriptionId = subscription
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn(times)
        for i, wish in enumerate(wishes):
            item = ua.MonitoredItemCreateRequest()
            item.ItemToMonitor.NodeId = wish.get("node") or self.node(wish["path"])
            item.ItemToMonitor.AttributeId = wish.get("attribute", ua.AttributeIds.Value)
            item.ItemToMonitor.IndexRange = wish.get("range")
            item.MonitoringMode = ua.MonitoringMode(wish.get("mode", 2))
            item.RequestedParameters = ua.MonitoringParameters(
                wish.get("handle", i), wish.get("sampling", 0.0), wish.get("filter", ua.ExtensionObject()),
                wish.get("queue", 1), not wish.get("newest", False),
            )  # fmt: skip
            request.Parameters.ItemsToCreate.append(item)
        answer = await self.ask(request)
        return answer if isinstance(answer, int) else answer.Results

    def publish(self, *acks: tuple[int, int], hint_ms: int = 0) -> asyncio.Task:
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = [ua.SubscriptionAcknowledgement(*ack) for ack in acks]
        request.RequestHeader.TimeoutHint = hint_ms
        return self.later(request)

    async def settle(self) -> None:
        """Wait until the server has taken all that was sent before."""
        read = ua.ReadRequest()
        read.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId(2255), ua.AttributeIds.Value)]
        await self.ask(read)


def heard(answer: Any) -> list[tuple[int, Any, int]]:
    """Return (client handle, value, status) of every data change in a Publish or Republish response."""
    message = (
        answer.NotificationMessage if hasattr(answer, "NotificationMessage") else answer.Parameters.NotificationMessage
    )
    found = []
    for data in message.NotificationData:
        for item in getattr(data, "MonitoredItems", ()):
            variant = item.Value.Value
            status = 0 if item.Value.StatusCode is None else item.Value.StatusCode.value
            found.append((item.ClientHandle, None if variant is None else variant.Value, status))
    return found


@asynccontextmanager
async def staged(points=POINTS, **device):
    described = Device(id="plc1", protocol="opcua", namespace=NAMESPACE, title="PLC", **device)
    image = DeviceImage(described, points, EPOCH_NS)
    timers = SteppedTimers()
    server = OpcUaDevice(described, points, image, Streams(7), timers=timers, block_s=0.1)
    await server.start()
    stage = Stage(image, server, timers)
    try:
        yield stage
    finally:
        logging.disable(logging.CRITICAL)
        for bare in stage.clients:
            await bare.client.disconnect()
        logging.disable(logging.NOTSET)
        await server.stop()


@pytest.fixture
def on_stage():
    """Return a function that runs ``body(stage, client)`` with a device and one client."""

    def run(body, **device):
        async def main():
            async with staged(**device) as stage:
                await body(stage, await stage.bare())

        asyncio.run(main())

    return run


@pytest.fixture
def said():
    return heard
