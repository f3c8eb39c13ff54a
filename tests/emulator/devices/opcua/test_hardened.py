"""The OPC UA server under hostile bytes: 20,000 chunks, storms and drips; an honest client keeps reading.

Everything is drawn from a seeded stream, so that a failure comes again.
"""

import asyncio
import contextlib
import gc
import logging
import struct
import time
from pathlib import Path

import pytest
from asyncua import Client, ua
from asyncua.common.utils import Buffer, NotEnoughData
from asyncua.ua.ua_binary import struct_to_binary, variant_from_binary

from emulator.devices.opcua import transport
from emulator.devices.opcua.decoding import close_doors
from emulator.streams import Streams

SEED = 25_304
URL = b"opc.tcp://x/"
HELLO = struct.pack("<5Ii", 0, 65535, 65535, 0, 0, len(URL)) + URL
NONE = b"http://opcfoundation.org/UA/SecurityPolicy#None"
SECURE = b"http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
BASE = 20_000
PLACE = b"the session's token stands here.."[:32]


class Draw:
    """Whole numbers from one seeded stream."""

    def __init__(self, name: str) -> None:
        self._stream, self._at = Streams(SEED)(name), 0
        self._numbers = self._stream.uniform(0, 4096)

    def __call__(self, below: int) -> int:
        if self._at % 4096 == 0:
            self._numbers = self._stream.uniform(self._at, 4096)
        self._at += 1
        return int(self._numbers[(self._at - 1) % 4096] * below)

    def bytes(self, count: int) -> bytes:
        return bytes(self(256) for _ in range(count))


def frame(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return kind + struct.pack("<I", 8 + len(body) if size is None else size) + body


def opening(number: int, uri: bytes = NONE, certificate: bytes | None = None) -> bytes:
    request = ua.OpenSecureChannelRequest()
    request.Parameters.RequestedLifetime = 60_000
    request.Parameters.SecurityMode = ua.MessageSecurityMode.None_
    sender = struct.pack("<i", -1) if certificate is None else struct.pack("<i", len(certificate)) + certificate
    head = struct.pack("<Ii", 0, len(uri)) + uri + sender + struct.pack("<i", -1)
    return frame(b"OPNF", head + struct.pack("<II", number, number) + struct_to_binary(request))


def service(number: int, body: bytes, channel: int, chunk: bytes = b"F") -> bytes:
    return frame(b"MSG" + chunk, struct.pack("<4I", channel, 1, number, number) + body)


def requests() -> list[bytes]:
    """Return one request of most services, to be mutated."""
    kinds = (
        ua.CreateSessionRequest, ua.ActivateSessionRequest, ua.CloseSessionRequest, ua.ReadRequest, ua.WriteRequest,
        ua.BrowseRequest, ua.BrowseNextRequest, ua.TranslateBrowsePathsToNodeIdsRequest, ua.RegisterNodesRequest,
        ua.CreateSubscriptionRequest, ua.CreateMonitoredItemsRequest, ua.PublishRequest, ua.RepublishRequest,
        ua.CallRequest, ua.HistoryReadRequest, ua.GetEndpointsRequest, ua.FindServersRequest,
        ua.TransferSubscriptionsRequest, ua.SetTriggeringRequest, ua.DeleteSubscriptionsRequest,
    )  # fmt: skip
    made = [kind() for kind in kinds]
    node = ua.NodeId(ua.ObjectIds.Server_ServerStatus)
    made[3].Parameters.NodesToRead = [ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value)] * 3
    written = ua.WriteValue(NodeId=node, AttributeId=13, Value=ua.DataValue(ua.Variant([[1, 2], [3, 4]])))
    made[4].Parameters.NodesToWrite = [written]
    made[5].Parameters.NodesToBrowse = [ua.BrowseDescription(NodeId=node)]
    made[13].Parameters.MethodsToCall = [ua.CallMethodRequest(InputArguments=[ua.Variant("x"), ua.Variant(1.0)])]
    made[10].Parameters.ItemsToCreate = [item(ua.DataChangeFilter(DeadbandType=1)), item(events())]
    for one in made:
        one.RequestHeader.AuthenticationToken = ua.NodeId(PLACE, 0, ua.NodeIdType.ByteString)
    made[0].RequestHeader.AuthenticationToken = ua.NodeId()
    made[1].Parameters.UserIdentityToken = ua.AnonymousIdentityToken(PolicyId="anonymous")
    return [struct_to_binary(one) for one in made]


def item(chosen: object) -> ua.MonitoredItemCreateRequest:
    node = ua.NodeId(ua.ObjectIds.Server)
    wanted = ua.MonitoredItemCreateRequest(ItemToMonitor=ua.ReadValueId(node, ua.AttributeIds.EventNotifier))
    wanted.RequestedParameters = ua.MonitoringParameters(ClientHandle=1, Filter=chosen, QueueSize=10)
    return wanted


def events() -> ua.EventFilter:
    """Return an event filter whose operands are structures within structures."""
    chosen = ua.EventFilter()
    path = [ua.QualifiedName("Severity")]
    field = ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), path, ua.AttributeIds.Value)
    chosen.SelectClauses = [field]
    operands = [field, ua.LiteralOperand(Value=ua.Variant(500))]
    chosen.WhereClause.Elements = [ua.ContentFilterElement(ua.FilterOperator.GreaterThan, operands)]
    return chosen


def nested(depth: int) -> bytes:
    """Return a Write of a variant in a variant in a variant, of a session that is to be put in."""
    request = ua.WriteRequest()
    request.RequestHeader.AuthenticationToken = ua.NodeId(PLACE, 0, ua.NodeIdType.ByteString)
    head = struct_to_binary(request)[:-4]
    value = b"\x18" * depth + b"\x00"  # array-less Variant of type Variant, again and again
    return head + struct.pack("<i", 1) + b"\x00\x00" + struct.pack("<Ii", 13, -1) + b"\x01" + value


def spoilt(draw: Draw, body: bytes) -> bytes:
    """Return a request whose header mostly stands: who breaks that too is closed at once, and the rest unheard."""
    keep = 70 if draw(50) else 0
    return body[:keep] + mutated(draw, body[keep:])


def mutated(draw: Draw, body: bytes) -> bytes:
    kind = draw(6)
    at = draw(max(1, len(body)))
    if kind == 0:
        return body[:at]
    if kind == 1:
        return body[:at] + draw.bytes(1 + draw(4)) + body[at + 1 :]
    if kind == 2:
        length = (0x7FFF_FFFF, -1, -2, 0x1000_0000, -0x8000_0000)[draw(5)]
        return body[:at] + struct.pack("<i", length) + body[at + 4 :]
    if kind == 3:
        return body + draw.bytes(draw(40))
    if kind == 4:
        return body[:at] + body[at : at + 8] * draw(6) + body[at:]
    return nested(draw(400) + 1) if draw(8) == 0 else body[at:] + body[:at]


async def conversation(port: int, draw: Draw, bodies: list[bytes], count: int) -> int:
    """Say `count` hostile chunks, on as many connections as the server makes us need; returns how many were said."""
    said = 0
    while said < count:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            said += await one_connection(reader, writer, draw, bodies, count - said)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    return said


async def one_connection(reader, writer, draw: Draw, bodies: list[bytes], left: int) -> int:
    kind = draw(10)
    if kind == 0:  # before Hello
        writer.write(b"".join(mutated(draw, frame(b"HELF", HELLO)) for _ in range(3)))
        await reader.read(4096)
        return 3
    writer.write(frame(b"HELF", HELLO))
    await reader.readexactly(28)
    if kind == 1:
        certificate = draw.bytes(draw(300)) if draw(2) else None
        writer.write(mutated(draw, opening(1, (NONE, SECURE)[draw(2)], certificate)))
        writer.write(frame((b"OPNF", b"MSGC", b"MSGA", b"CLOF")[draw(4)], draw.bytes(24), (None, 2**31, 7)[draw(3)]))
        await reader.read(4096)
        return 2
    writer.write(opening(1))
    answer = await reader.readexactly(8)
    answer += await reader.readexactly(struct.unpack_from("<I", answer, 4)[0] - 8)
    (channel,) = struct.unpack_from("<I", answer, 8)
    burst, said, first = [], 0, 2
    token = PLACE
    if kind < 8:
        token = await session(reader, writer, bodies, channel)
        first = 4
    for number in range(first, min(left, 60) + first):
        body = spoilt(draw, bodies[draw(len(bodies))].replace(PLACE, token))
        odd = draw(200)
        chunk = (b"C", b"A")[odd] if odd < 2 else b"F"
        burst.append(service(number + (odd == 3), body, channel + (odd == 4), chunk))
        said += 1
    burst.append(frame(b"CLOF", struct.pack("<4I", channel, 1, number + 1, number + 1)))
    writer.write(b"".join(burst))
    while await reader.read(65536):
        pass
    return said


async def message(reader) -> bytes:
    head = await reader.readexactly(8)
    return head + await reader.readexactly(struct.unpack_from("<I", head, 4)[0] - 8)


async def session(reader, writer, bodies: list[bytes], channel: int) -> bytes:
    """Open a session on a channel and return its token."""
    writer.write(service(2, bodies[0], channel))
    created = await message(reader)
    at = created.index(b"\x05\x00\x00\x20\x00\x00\x00") + 7
    token = created[at : at + 32]
    writer.write(service(3, bodies[1].replace(PLACE, token), channel))
    await message(reader)
    return token


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def _honest(bench, stop: asyncio.Event) -> list[float]:
    """Read a value again and again; returns how long each took [s]."""
    client = await bench.client()
    flow = await bench.node(client, "Pump1/Flow")
    took = []
    while not stop.is_set():
        begun = time.perf_counter()
        assert await flow.read_value() == 1.0
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(0.005)
    await client.disconnect()
    return took


def test_twenty_thousand_malformed_chunks_leave_it_as_it_was_and_an_honest_client_served(served, monkeypatch):
    monkeypatch.setattr(transport, "_MESSAGE_SECONDS", 0.05)
    bodies = requests()

    async def main():
        async with served(connections=64, opcua={"security": {"reactivate_anonymous": False}}) as bench:
            bench.commit()
            core, listener = bench.server._server.iserver, bench.server._server.bserver
            await conversation(bench.server.port, Draw("warm"), bodies, 200)
            stop = asyncio.Event()
            tasks, files = len(asyncio.all_tasks()), _descriptors()
            honest = asyncio.create_task(_honest(bench, stop))
            said = await asyncio.gather(
                *(conversation(bench.server.port, Draw(f"peer{i}"), bodies, BASE // 4) for i in range(4))
            )
            stop.set()
            took = sorted(await honest)
            assert sum(said) >= BASE
            async with asyncio.timeout(3):
                while listener.connections or core._tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert not core.sessions
            orphans = core.subscription_service.subscriptions.values()  # of who closed and let them live on
            assert all(one.client is None for one in orphans)
            assert len(asyncio.all_tasks()) <= tasks + 1
            gc.collect()
            assert _descriptors() <= files + 2
            assert took[int(0.99 * len(took))] < 0.5

    asyncio.run(main())


def test_a_request_truncated_at_every_byte_is_answered_or_ends_its_connection(served):
    bodies = requests()[:6]

    async def main():
        async with served() as bench:
            for body in bodies:
                for at in range(0, len(body), 3):
                    reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
                    writer.write(frame(b"HELF", HELLO) + opening(1))
                    await reader.readexactly(28)
                    answer = await reader.readexactly(8)
                    answer += await reader.readexactly(struct.unpack_from("<I", answer, 4)[0] - 8)
                    writer.write(service(2, body[:at], struct.unpack_from("<I", answer, 8)[0]))
                    async with asyncio.timeout(2):
                        said = await reader.read(4096)
                    assert said[:4] in {b"MSGF", b"ERRF"}
                    assert b"Traceback" not in said
                    assert b".py" not in said
                    writer.transport.abort()

    asyncio.run(main())


def test_nesting_without_end_is_refused(served):
    async def main():
        async with served() as bench:
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
            writer.write(frame(b"HELF", HELLO) + opening(1))
            await reader.readexactly(28)
            answer = await reader.readexactly(8)
            answer += await reader.readexactly(struct.unpack_from("<I", answer, 4)[0] - 8)
            (channel,) = struct.unpack_from("<I", answer, 8)
            token = await session(reader, writer, requests(), channel)
            for number, depth in ((4, 3), (5, 50_000)):
                writer.write(service(number, nested(depth).replace(PLACE, token), channel))
                async with asyncio.timeout(2):
                    said = await message(reader)
                result = struct.unpack_from("<I", said, 24 + 4 + 8 + 4)[0]
                assert result == (0 if depth == 3 else ua.StatusCodes.BadEncodingLimitsExceeded), hex(result)
            writer.close()

    asyncio.run(main())


def test_an_array_of_nothing_without_end_is_refused():
    close_doors()
    endless = b"\x80" + struct.pack("<i", 2**31 - 1)
    with pytest.raises(NotEnoughData):
        variant_from_binary(Buffer(endless))
    assert variant_from_binary(Buffer(b"\x80" + struct.pack("<i", 0))).Value == []


def test_a_storm_of_a_thousand_connections_keeps_nobody_out(served):
    async def main():
        async with served(connections=32) as bench:
            bench.commit()
            stop = asyncio.Event()
            honest = asyncio.create_task(_honest(bench, stop))
            await asyncio.sleep(0)
            storm = []
            for _ in range(1_000):
                storm.append(await asyncio.open_connection("127.0.0.1", bench.server.port))
                if len(storm) % 100 == 0:
                    await asyncio.sleep(0)
            late = Client(bench.server.url, timeout=4)
            await late.connect()
            assert await late.nodes.server_state.read_value() == 0
            stop.set()
            assert len(await honest) > 1
            await late.disconnect()
            assert len(bench.server._server.bserver.connections) <= 32
            for _, writer in storm:
                writer.transport.abort()

    asyncio.run(main())


def test_who_drips_is_closed_and_who_sends_chunks_for_ever_too(served, monkeypatch):
    monkeypatch.setattr(transport, "_MESSAGE_SECONDS", 0.05)

    async def main():
        async with served() as bench:
            _, drip = await asyncio.open_connection("127.0.0.1", bench.server.port)
            drip.write(b"HELF")
            reader, endless = await asyncio.open_connection("127.0.0.1", bench.server.port)
            endless.write(frame(b"HELF", HELLO) + opening(1))
            await reader.readexactly(28)
            answer = await reader.readexactly(8)
            answer += await reader.readexactly(struct.unpack_from("<I", answer, 4)[0] - 8)
            endless.write(service(2, b"x" * 100, struct.unpack_from("<I", answer, 8)[0], b"C"))
            async with asyncio.timeout(3):
                while bench.server._server.bserver.connections:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            drip.close()
            endless.close()

    asyncio.run(main())


def test_who_never_reads_is_not_written_to_without_end(served, monkeypatch):
    monkeypatch.setattr(transport, "_READING_SECONDS", 0.05)

    async def main():
        async with served() as bench:
            bench.commit()
            client = await bench.client()
            vibration = await bench.node(client, "Pump1/Vibration")
            bench.commit()
            sent = client.uaclient.protocol.transport
            sent.pause_reading()
            request = ua.ReadRequest()
            request.Parameters.NodesToRead = [ua.ReadValueId(NodeId=vibration.nodeid, AttributeId=13)] * 5_000
            waiting = [asyncio.create_task(client.uaclient.protocol.send_request(request)) for _ in range(40)]
            (connection,) = bench.server._server.bserver.connections
            largest = 0
            async with asyncio.timeout(10):
                while bench.server._server.bserver.connections:
                    largest = max(largest, connection.transport.get_write_buffer_size())
                    await asyncio.sleep(0.005)
            assert largest < 8 * 1024 * 1024
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            with contextlib.suppress(ua.UaError, ConnectionError):
                await client.disconnect()

    asyncio.run(main())
