"""Recipes of the OPC UA traces: a device on loopback, the link's proxy before it, a bare client, and a fault on either.

The handshake is left out. Numbers that differ from run to run (tokens, nonces, ids of channels) are never shown.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from emulator.devices.timers import SteppedTimers
from emulator.faults.base import registry
from emulator.streams import Streams
from hil.insertion.link.base import create
from hil.insertion.link.base import registry as link_registry
from hil.insertion.link.proxy import LinkProxy
from hil.traces.opcua import Decoder
from hil.traces.opcua_binary import text
from hil.traces.opcua_client import Abort, BareClient, number_id, read_body, string_id
from hil.traces.tap import Transcript
from rigs.devices.device import Device
from rigs.schema import Point

BLOCK_NS = 100_000_000
OBJECT = string_id("plc1/Pump1", 2)
FLOW = string_id("plc1/Pump1/Flow", 2)
HEAD = string_id("plc1/Pump1/Head", 2)
SETPOINT = string_id("plc1/Pid1/Setpoint", 2)
BROWSE = b"\0\0" + struct.pack("<qIIi", 0, 0, 0, 1) + number_id(85) + struct.pack("<i", 0) + number_id(33)
BROWSE += struct.pack("<?II", True, 0, 63)
SHUTDOWN_NODES = (number_id(2259), number_id(2992), number_id(2267))


def _point(name: str, node: str, **more: Any) -> Point:
    about = {"signal": "s", "range": (0, 120), "unit": "m^3/h"} | more
    return Point(id=name, device="plc1", asset="pump1", quantity="x", opcua={"node": node}, **about)


POINTS = (
    _point("pump1.flow", "Pump1/Flow"),
    _point("pump1.head", "Pump1/Head"),
    _point("pid1.setpoint", "Pid1/Setpoint", write="pid1.setpoint"),
    Point(
        id="motor1.start", device="plc1", asset="motor1", quantity="x", write="start",
        opcua={"node": "Motor1/Start", "type": "Boolean", "method": True},
    ),
)  # fmt: skip


class Stage:
    """Where a recipe plays: the plant of three values, its server, the link and the client."""

    def __init__(self, image: DeviceImage, server: OpcUaDevice, timers: SteppedTimers, proxy: LinkProxy) -> None:
        self.image, self.server, self.timers, self.proxy = image, server, timers, proxy
        self.heard = Transcript()
        proxy.tap = self._hear
        self.client = self.caller()
        self.block = 0
        self._faults: list[tuple[Any, Any]] = []

    def caller(self, **options: Any) -> BareClient:
        """Return a client; what it sends is heard as it leaves it, before any fault."""
        client = BareClient(*self.proxy.address, **options)
        send = client.send

        def heard(data: bytes) -> None:
            self.heard.take(0, "up", data)
            send(data)

        client.send = heard  # type: ignore[method-assign]
        return client

    def _hear(self, connection: int, direction: Literal["up", "down"], data: bytes) -> None:
        if direction == "down":
            self.heard.take(connection, direction, data)

    def commit(self) -> None:
        """Let a block of the plant pass: the flow rises by one, the head by a half."""
        self.block += 1
        t_ns = LOCKSTEP_EPOCH_NS + self.block * BLOCK_NS
        values = {"pump1.flow": 70.0 + self.block, "pump1.head": 30.0 + self.block / 2, "pid1.setpoint": 75.0}
        self.image.commit({name: Reading(value, GOOD, t_ns) for name, value in values.items()}, t_ns)
        self.timers.advance(self.block * BLOCK_NS)

    def put(self, kind: str, **params: Any) -> None:
        """Put a fault on the link or the server."""
        if kind in link_registry():
            fault, target = create(kind, params), self.proxy
        else:
            fault, target = registry()[kind](params), self.server.misbehaviour
        fault.apply(target, 1.0, self.block * BLOCK_NS)
        self._faults.append((fault, target))

    def let_go(self) -> None:
        """End the faults."""
        while self._faults:
            fault, target = self._faults.pop()
            fault.apply(target, 0.0, self.block * BLOCK_NS)

    async def heard_all(self) -> None:
        """Wait until nothing more comes: what is on its way on loopback is here within some turns of the loop."""
        for turn in range(60):
            await asyncio.sleep(0.001 if turn % 20 == 0 else 0)


Play = Callable[[Stage], Awaitable[None]]


def recipe(kind: str, play: Play, *, first: Play | None = None, begins: bool = False, **params: Any) -> Any:
    """Return a recipe: the client connects (and does `first`), the fault begins, the client plays.

    With `begins` the fault is there before the client, and the handshake is part of the trace.
    """

    async def perform() -> list[str]:
        device = Device(id="plc1", protocol="opcua", namespace="urn:plantbench:trace:plc1")
        image = DeviceImage(device, POINTS, LOCKSTEP_EPOCH_NS)
        timers = SteppedTimers()
        server = OpcUaDevice(device, POINTS, image, Streams(1), timers=timers)
        await server.start(port=0)
        try:
            async with LinkProxy("plc1", "127.0.0.1", server.port, Streams(1)) as proxy:
                stage = Stage(image, server, timers, proxy)
                stage.commit()
                if begins:
                    stage.put(kind, **params)
                    await play(stage)
                    begin = 0
                else:
                    async with stage.client:
                        if first is not None:
                            await first(stage)
                        stage.put(kind, **params)
                        begin = len(stage.heard.pieces)
                        with suppress(Abort, ConnectionError, TimeoutError):
                            await play(stage)
                        await stage.heard_all()
                stage.let_go()
                await stage.heard_all()
                return lines(stage, begin, handles=kind == "opcua_request_handle_wrong")
        finally:
            await server.stop()

    return lambda: asyncio.run(perform())


def lines(stage: Stage, begin: int, *, handles: bool) -> list[str]:
    """Return what was heard from piece `begin` on; what came before only makes the decoder know the channel."""
    said: list[str] = []
    decoder = Decoder(handles=handles)
    for i, piece in enumerate(stage.heard.pieces):
        if piece.connection == 0:
            told = decoder.lines(piece.direction, piece.data)
            said.extend(told if i >= begin else ())
    said.extend(decoder.rest())
    return [line if len(line) <= 150 else line[:149] + "…" for line in said]


async def read(stage: Stage) -> None:
    """Read the flow."""
    await stage.client.read(FLOW)


async def read_twice(stage: Stage) -> None:
    """Read the flow, a block later again."""
    stage.commit()
    await stage.client.read(FLOW)
    stage.commit()
    await stage.client.read(FLOW)


async def ask(stage: Stage) -> None:
    """Ask for the flow without waiting for an answer that may never come."""
    stage.client.ask("Read", read_body(FLOW))
    await stage.heard_all()


async def ask_both(stage: Stage) -> None:
    """Ask for the flow and the head."""
    stage.client.ask("Read", read_body(FLOW))
    stage.client.ask("Read", read_body(HEAD))
    await stage.heard_all()


async def ask_two_services(stage: Stage) -> None:
    """Ask for the flow, and browse."""
    stage.client.ask("Read", read_body(FLOW))
    stage.client.ask("Browse", BROWSE)
    await stage.heard_all()


async def subscribe(stage: Stage) -> None:
    """Subscribe to the flow and take its first value."""
    stage.subscription = await stage.client.subscribe(FLOW, keep_alive=2)  # type: ignore[attr-defined]
    request = stage.client.publish()
    await stage.heard_all()
    stage.commit()
    await stage.client.answer(request)


async def publish_twice(stage: Stage) -> None:
    """Ask for two notifications and let the plant go on."""
    stage.client.publish()
    stage.client.publish()
    await stage.heard_all()
    for _ in range(2):
        stage.commit()
        await stage.heard_all()


async def publish_quietly(stage: Stage) -> None:
    """Ask for a notification while nothing changes."""
    stage.client.publish()
    await stage.heard_all()
    for _ in range(4):
        stage.timers.advance(stage.timers._now_ns + BLOCK_NS)  # noqa: SLF001
        await stage.heard_all()


async def miss_and_republish(stage: Stage) -> None:
    """Lose a notification and have it again."""
    await publish_twice(stage)
    stage.let_go()
    await stage.client.republish(stage.subscription, 2)  # type: ignore[attr-defined]
    stage.client.publish()
    await stage.heard_all()
    stage.commit()
    await stage.heard_all()


def asks(service: str, body: bytes) -> Play:
    """Return a play that asks for one service after a Read."""

    async def play(stage: Stage) -> None:
        await stage.client.read(FLOW)
        stage.client.ask(service, body)
        await stage.heard_all()

    return play


async def browse(stage: Stage) -> None:
    """Browse the objects folder, and go on."""
    await stage.client.call("Browse", BROWSE)
    for _ in range(2):
        await stage.client.call("BrowseNext", struct.pack("<?ii", False, 1, 7) + b"endless")


async def greet(stage: Stage) -> None:
    """Connect as far as the server lets one."""
    stage.client = stage.caller(connect=False)
    async with stage.client:
        greeting = asyncio.ensure_future(stage.client.hello())
        await stage.heard_all()
        greeting.cancel()


async def write(stage: Stage) -> None:
    """Write the setpoint."""
    body = (
        struct.pack("<i", 1) + SETPOINT + struct.pack("<I", 13) + text(None) + b"\x01" + struct.pack("<Bd", 11, 100.0)
    )
    await stage.client.call("Write", body)


async def write_and_read(stage: Stage) -> None:
    """Write the setpoint and read it back."""
    await write(stage)
    for _, value in stage.image.take_writes():
        stage.commit()
        t_ns = LOCKSTEP_EPOCH_NS + stage.block * BLOCK_NS
        stage.image.commit({"pid1.setpoint": Reading(value, GOOD, t_ns)}, t_ns)
    await stage.client.read(SETPOINT)


async def translate(stage: Stage) -> None:
    """Look for the flow by its path and read it by its id."""
    name = struct.pack("<H", 2) + text("Flow")
    path = struct.pack("<i", 1) + OBJECT + struct.pack("<i", 1) + number_id(47) + b"\x00\x01" + name
    await stage.client.call("TranslateBrowsePathsToNodeIds", path)
    await stage.client.read(FLOW)


async def read_type(stage: Stage) -> None:
    """Read data type and value."""
    stage.commit()
    await stage.client.read(FLOW, attribute=14)
    await stage.client.read(FLOW)


async def read_state(stage: Stage) -> None:
    """Read State, SecondsTillShutdown and ServiceLevel."""
    await stage.client.read(*SHUTDOWN_NODES)


async def read_clock(stage: Stage) -> None:
    """Read the server's clock and the flow."""
    stage.commit()
    await stage.client.read(number_id(2258), FLOW)


async def read_three(stage: Stage) -> None:
    """Read three nodes at once."""
    await stage.client.read(FLOW, HEAD, SETPOINT)


async def call(stage: Stage) -> None:
    """Call a method, and read on."""
    start = string_id("plc1/Motor1", 2) + string_id("plc1/Motor1/Start", 2)
    stage.client.ask("Call", struct.pack("<i", 1) + start + struct.pack("<i", 0))
    await stage.client.read(FLOW)


async def subscribe_only(stage: Stage) -> None:
    """Subscribe to the flow."""
    await stage.client.subscribe(FLOW, queue=10)


async def overflow(stage: Stage) -> None:
    """Subscribe with a long queue, publish seldom."""
    await stage.client.subscribe(FLOW, interval_ms=500.0, queue=10)
    stage.client.publish()
    await stage.heard_all()
    for _ in range(6):
        stage.commit()
    await stage.heard_all()


RECIPES: dict[str, Callable[[], list[str]]] = {
    "opcua_service_fault": recipe("opcua_service_fault", read_twice, service="Read"),
    "opcua_publish_refused": recipe("opcua_publish_refused", asks("Publish", struct.pack("<i", 0))),
    "opcua_republish_refused": recipe("opcua_republish_refused", asks("Republish", struct.pack("<II", 7, 4))),
    "opcua_transfer_refused": recipe(
        "opcua_transfer_refused", asks("TransferSubscriptions", struct.pack("<iI?", 1, 7, True))
    ),
    "opcua_subscription_lost": recipe("opcua_subscription_lost", asks("Publish", struct.pack("<i", 0))),
    "opcua_late_response": recipe("opcua_late_response", ask_two_services, first=read, service="Read", delay_s=0.008),
    "opcua_response_lost": recipe("opcua_response_lost", ask),
    "opcua_response_repeated": recipe("opcua_response_repeated", ask),
    "opcua_swapped_responses": recipe("opcua_swapped_responses", ask_both, what="ids"),
    "opcua_chunk_abort": recipe("opcua_chunk_abort", read),
    "opcua_error_then_close": recipe("opcua_error_then_close", read),
    "opcua_half_hello": recipe("opcua_half_hello", greet, begins=True),
    "opcua_small_buffers": recipe("opcua_small_buffers", greet, begins=True),
    "opcua_chunk_size_lie": recipe("opcua_chunk_size_lie", ask),
    "opcua_garbage_chunk": recipe("opcua_garbage_chunk", ask, what="empty"),
    "opcua_channel_id_wrong": recipe("opcua_channel_id_wrong", ask),
    "opcua_token_id_wrong": recipe("opcua_token_id_wrong", ask),
    "opcua_request_id_wrong": recipe("opcua_request_id_wrong", ask),
    "opcua_request_handle_wrong": recipe("opcua_request_handle_wrong", ask),
    "opcua_sequence_gap": recipe("opcua_sequence_gap", read_twice, first=read),
    "opcua_many_chunks": recipe("opcua_many_chunks", read),
    "opcua_unknown_response": recipe("opcua_unknown_response", ask),
    "opcua_endless_browse": recipe("opcua_endless_browse", browse, first=read),
    "opcua_stall": recipe("opcua_stall", ask_both),
    "opcua_notification_lost": recipe("opcua_notification_lost", miss_and_republish, first=subscribe),
    "opcua_notification_repeated": recipe("opcua_notification_repeated", publish_twice, first=subscribe),
    "opcua_notification_reordered": recipe("opcua_notification_reordered", publish_twice, first=subscribe),
    "opcua_more_notifications": recipe("opcua_more_notifications", publish_twice, first=subscribe),
    "opcua_status_change": recipe("opcua_status_change", publish_twice, first=subscribe),
    "opcua_keepalive_withheld": recipe("opcua_keepalive_withheld", publish_quietly, first=subscribe),
    "opcua_status": recipe("opcua_status", read_twice, point="pump1.flow"),
    "opcua_source_time_frozen": recipe("opcua_source_time_frozen", read_twice),
    "opcua_info_bits": recipe("opcua_info_bits", read_twice, overflow=True),
    "opcua_source_time": recipe("opcua_source_time", read_twice, what="hour_behind"),
    "opcua_value_lie": recipe("opcua_value_lie", read_twice),
    "opcua_frozen_value": recipe("opcua_frozen_value", read_twice),
    "opcua_change_burst": recipe("opcua_change_burst", read_twice),
    "opcua_server_time_skew": recipe("opcua_server_time_skew", read_clock),
    "opcua_write_ignored": recipe("opcua_write_ignored", write_and_read),
    "opcua_write_refused": recipe("opcua_write_refused", write),
    "opcua_write_clamped": recipe("opcua_write_clamped", write_and_read),
    "opcua_server_state": recipe("opcua_server_state", read_state),
    "opcua_subscriptions_unsupported": recipe("opcua_subscriptions_unsupported", subscribe_only),
    "opcua_method_hangs": recipe("opcua_method_hangs", call),
    "opcua_limits_small": recipe("opcua_limits_small", read_three, nodes=2),
    "opcua_revised_worse": recipe("opcua_revised_worse", subscribe_only),
    "opcua_queue_overflow": recipe("opcua_queue_overflow", overflow),
    "opcua_semantics_changed": recipe("opcua_semantics_changed", read_twice, point="pump1.flow"),
    "opcua_node_retyped": recipe("opcua_node_retyped", read_type, point="pump1.flow"),
    "opcua_node_moved": recipe("opcua_node_moved", translate, point="pump1.flow"),
}
