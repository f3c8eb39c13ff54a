"""The OPC UA connector against a stock asyncua server, and against peers that are none."""

import asyncio
import contextlib
import logging
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from asyncua import Server, ua

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Status
from twin.connectors.opcua import OpcUaConnector

SECOND = 1_000_000_000
START = datetime(2025, 1, 1, tzinfo=UTC)
NOW = 1_735_689_600 * SECOND
URI = "urn:test:plc1"


@pytest.fixture(autouse=True)
def quiet():
    """The library logs what this file provokes."""
    logger = logging.getLogger("asyncua")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)


def device(**more):
    base = {"id": "plc1", "protocol": "opcua", "timeout": "2 s", "namespace": URI}
    return Device.model_validate(base | more)


def point(name, node, *, unit="", waveform=False, kind="Double"):
    more = {"waveform": {"rate": "1 kHz"}} if waveform else {}
    return Point.model_validate(
        {"id": name, "device": "plc1", "asset": "a", "quantity": "q", "unit": unit, "signal": ""}
        | {"opcua": {"node": node, "type": kind}}
        | more
    )


PRESSURE = point("p.pressure", "Pump1/Pressure", unit="bar")
FLAG = point("p.flag", "Pump1/Running", kind="Boolean")
WAVE = point("p.wave", "Pump1/Vibration", unit="m/s^2", waveform=True, kind="Float")
ALL = [PRESSURE, FLAG, WAVE]


class Plc:
    """A stock server with three points; `decoys` namespaces with the same names stand before ours."""

    def __init__(self, port=0, decoys=0):
        self.port, self.decoys = port, decoys

    async def __aenter__(self):
        self.server = Server()
        await self.server.init()
        self.server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        for number in range(self.decoys):
            index = await self.server.register_namespace(f"urn:decoy:{number}")
            await self._tree(index, 99.0)
        self.nodes = await self._tree(await self.server.register_namespace(URI), 3.2)
        await self.server.start()
        self.port = self.server.bserver._server.sockets[0].getsockname()[1]
        self.url = f"opc.tcp://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_):
        await self.server.stop()

    async def _tree(self, index, pressure):
        top = await self.server.nodes.objects.add_object(index, "plc1")
        pump = await top.add_object(index, "Pump1")
        nodes = {
            "pressure": await pump.add_variable(index, "Pressure", pressure),
            "flag": await pump.add_variable(index, "Running", True),
            "wave": await pump.add_variable(index, "Vibration", [0.0] * 4, ua.VariantType.Float),
        }
        nodes["counter"] = await nodes["wave"].add_variable(index, "SampleCounter", 0, ua.VariantType.UInt64)
        nodes["rate"] = await nodes["wave"].add_variable(index, "SampleRate", 1000.0)
        return nodes

    async def put(self, name, value, kind=ua.VariantType.Double, *, status=0, time=START, server_time=START):
        node = self.nodes[name].nodeid
        data = ua.DataValue(ua.Variant(value, kind), ua.StatusCode(status), time, server_time)
        # Straight into the address space: this server would refuse a value of another type.
        self.server.iserver.aspace[node].attributes[ua.AttributeIds.Value].value = data

    async def put_wave(self, first, count, *, time=START, counter_time=None):
        samples = [float(n) for n in range(first, first + count)]
        await self.put("wave", samples, ua.VariantType.Float, time=time)
        await self.put("counter", first, ua.VariantType.UInt64, time=counter_time or time)
        await self.put("rate", 1000.0, time=time)


@pytest.fixture(scope="module")
def plc_loop():
    """One server for all tests that do not stop it: loading a stock address space takes seconds."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def call(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    plc = call(Plc().__aenter__())
    yield plc, call
    call(plc.__aexit__())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def run(plc_loop):
    plc, call = plc_loop

    def with_client(scenario, points=None, **more):
        async def inside():
            await plc.put("pressure", 3.2)
            await plc.put("flag", True, ua.VariantType.Boolean)
            client = OpcUaConnector(device(**more), points or ALL, plc.url)
            try:
                await scenario(client, plc)
            finally:
                await client.close()

        call(inside())

    return with_client


def by_point(batches):
    return {batch.point: batch for batch in batches}


def test_values_come_in_si_with_their_source_time(run):
    async def scenario(client, plc):
        await plc.put("pressure", 3.2)
        got = by_point(await client.poll(NOW + SECOND))
        assert float(got["p.pressure"].values[0]) == pytest.approx(320_000.0)
        assert (got["p.pressure"].t0_ns, got["p.pressure"].stamp) == (NOW, "source")
        assert float(got["p.flag"].values[0]) == 1.0
        assert client.state.status == "connected"

    run(scenario)


@pytest.mark.parametrize("status", [0x808C0000, 0x808B0000, 0x80310000, 0x80320000, 0x80890000])
def test_the_number_beside_a_bad_status_is_never_used(run, status):
    async def scenario(client, plc):
        await plc.put("pressure", 3.2, status=status)
        batch = by_point(await client.poll(NOW))["p.pressure"]
        assert (batch.quality, batch.values.size) == (status, 0)

    run(scenario)


@pytest.mark.parametrize("status", [0x40900000, 0x40930000, 0x40940000, 0x00960000])
def test_an_uncertain_value_is_carried_with_its_status_and_is_not_good(run, status):
    async def scenario(client, plc):
        await plc.put("pressure", 3.2, status=status)
        batch = by_point(await client.poll(NOW))["p.pressure"]
        assert (batch.quality, batch.values.size, batch.good) == (status, 1, False)

    run(scenario)


@pytest.mark.parametrize(
    ("value", "kind", "status"),
    [
        ("3.2", ua.VariantType.String, Status.BAD_TYPE_MISMATCH),
        ([3.2], ua.VariantType.Double, Status.BAD_TYPE_MISMATCH),
        (float("nan"), ua.VariantType.Double, Status.BAD_NO_DATA),
        (float("inf"), ua.VariantType.Double, Status.BAD_NO_DATA),
        (None, ua.VariantType.Null, Status.BAD_NO_DATA),
    ],
)
def test_what_is_no_number_is_a_bad_point_and_no_crash(run, value, kind, status):
    async def scenario(client, plc):
        await plc.put("pressure", value, kind)
        got = by_point(await client.poll(NOW))
        assert (got["p.pressure"].quality, got["p.pressure"].values.size) == (status, 0)
        assert got["p.flag"].good

    run(scenario)


@pytest.mark.parametrize("year", [1602, 1970, 9000])
def test_an_absurd_source_time_is_replaced_and_the_replacement_shown(run, year):
    async def scenario(client, plc):
        await plc.put("pressure", 3.2, time=datetime(year, 1, 2, tzinfo=UTC), server_time=START)
        batch = by_point(await client.poll(NOW + SECOND))["p.pressure"]
        assert (batch.t0_ns, batch.stamp) == (NOW, "device_clock")

    run(scenario)


def test_a_source_time_an_hour_off_is_kept_and_the_skew_reported(run):
    async def scenario(client, plc):
        hour = timedelta(hours=1)
        await plc.put("pressure", 3.2, time=START + hour, server_time=START + hour)
        batch = by_point(await client.poll(NOW))["p.pressure"]
        assert batch.t0_ns == NOW + 3600 * SECOND

    run(scenario)


def test_new_samples_of_a_waveform_are_cut_out_by_the_counter(run):
    async def scenario(client, plc):
        await plc.put_wave(0, 100)
        first = by_point(await client.poll(NOW))["p.wave"]
        assert (first.n0, first.values.size, first.rate_hz) == (0, 100, 1000.0)
        assert first.t0_ns == NOW - 100 * 1_000_000
        await plc.put_wave(60, 100, time=START + timedelta(milliseconds=60))
        second = by_point(await client.poll(NOW))["p.wave"]
        assert second.n0 == 100
        np.testing.assert_array_equal(second.values, np.arange(100, 160, dtype=np.float32))
        assert second.t0_ns == NOW
        assert "p.wave" not in by_point(await client.poll(NOW))
        await plc.put_wave(500, 100, time=START + timedelta(milliseconds=500))
        assert by_point(await client.poll(NOW))["p.wave"].n0 == 500

    run(scenario)


def test_a_block_whose_counter_is_of_another_time_is_left_for_the_next_poll(run):
    async def scenario(client, plc):
        await plc.put_wave(0, 100, counter_time=START - timedelta(milliseconds=100))
        assert "p.wave" not in by_point(await client.poll(NOW))
        await plc.put_wave(0, 100)
        assert by_point(await client.poll(NOW))["p.wave"].values.size == 100

    run(scenario)


def test_a_point_without_a_node_is_bad_and_the_others_are_read(run):
    async def scenario(client, plc):
        got = by_point(await client.poll(NOW))
        assert got["p.none"].quality == Status.BAD_NODE_ID_UNKNOWN
        assert got["p.pressure"].good
        assert "p.none" in client.state.last_error

    run(scenario, [PRESSURE, point("p.none", "Pump1/Nothing")])


def test_nodes_are_found_by_namespace_uri_when_a_restart_moves_the_index():
    async def inside():
        async with Plc() as plc:
            client = OpcUaConnector(device(), [PRESSURE], plc.url)
            assert float((await client.poll(NOW))[0].values[0]) == pytest.approx(320_000.0)
            port = plc.port
        down = await client.poll(NOW + SECOND)
        assert [batch.values.size for batch in down] == [0]
        async with Plc(port, decoys=2):
            batches = await client.poll(NOW + 10 * SECOND)
            assert float(batches[0].values[0]) == pytest.approx(320_000.0)
            assert client.state.reconnects == 1
            await client.close()

    asyncio.run(inside())


def test_a_server_without_our_namespace_gives_no_value_and_says_why(run):
    async def scenario(client, plc):
        batches = await client.poll(NOW)
        assert [batch.values.size for batch in batches] == [0]
        assert "urn:test:other" in client.state.last_error

    run(scenario, [PRESSURE], namespace="urn:test:other")


def test_a_connection_cut_between_polls_costs_no_poll(run):
    async def scenario(client, plc):
        await client.poll(NOW)
        for protocol in list(plc.server.bserver.clients):
            protocol.transport.abort()
        await asyncio.sleep(0)
        assert by_point(await client.poll(NOW + SECOND))["p.pressure"].good
        assert client.state.reconnects == 1

    run(scenario)


HELLO_ANSWER = b"ACKF" + (28).to_bytes(4, "little") + bytes(4) + (65535).to_bytes(4, "little") * 2 + bytes(8)
PEERS = {
    "says nothing": b"",
    "hangs up": None,
    "speaks HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3,
    "greets and falls silent": HELLO_ANSWER,
    "greets and sends rubbish": HELLO_ANSWER + bytes(range(256)) * 8,
    "declares two gigabytes": HELLO_ANSWER + b"MSGF" + (2**31 - 1).to_bytes(4, "little") + bytes(1000),
    "answers with an error": b"ERRF" + (16).to_bytes(4, "little") + (0x80130000).to_bytes(4, "little") + b"\xff" * 4,
}


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_that_is_no_server_gives_no_value_and_is_tried_again_later(peer):
    async def inside():
        writers = []

        async def serve(reader, writer):
            writers.append(writer)
            if PEERS[peer] is None:
                writer.close()
                return
            with contextlib.suppress(ConnectionError):
                await reader.read(10)
                writer.write(PEERS[peer])
                await writer.drain()
                await reader.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = OpcUaConnector(device(timeout="100 ms"), [PRESSURE], f"opc.tcp://127.0.0.1:{port}/")
        batches = await client.poll(NOW)
        assert [batch.quality for batch in batches] == [Status.BAD_COMMUNICATION_ERROR]
        assert client.state.status == "backoff"
        assert await client.poll(NOW + 1000) == []
        await client.poll(NOW + SECOND)
        assert len(writers) == 2
        await client.close()
        server.close()
        for writer in writers:
            writer.transport.abort()
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - nobody tells when the last of them ends
            await asyncio.sleep(0)

    asyncio.run(inside())


def test_a_device_without_a_namespace_is_refused_at_once():
    with pytest.raises(ValueError, match="needs a namespace"):
        OpcUaConnector(device(namespace=None), [PRESSURE], "opc.tcp://127.0.0.1:4840/")
