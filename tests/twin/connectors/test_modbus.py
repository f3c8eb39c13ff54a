"""The Modbus connector against a device that misbehaves on purpose, byte by byte, over real sockets."""

import asyncio
import contextlib
import itertools
import struct

import pytest

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Status
from twin.connectors.modbus import ModbusConnector

SECOND = 1_000_000_000
NOW = 1_735_689_600 * SECOND


class Slave:
    """A hand-written Modbus TCP server; `answer(tid, unit, pdu)` returns bytes to send, None for silence."""

    def __init__(self, answer=None):
        self.registers = dict(enumerate(range(1000, 1200)))
        self.answer = answer or self.properly
        self.requests = []
        self.accepted = 0
        self._writers = set()
        self._server = None

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)
        await self._server.wait_closed()

    def hang_up(self, *, reset=False):
        for writer in list(self._writers):
            writer.transport.abort() if reset else writer.close()

    async def _serve(self, reader, writer):
        self.accepted += 1
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(7)
                tid, _, length, unit = struct.unpack(">HHHB", header)
                pdu = await reader.readexactly(length - 1)
                self.requests.append((tid, unit, pdu))
                data = self.answer(tid, unit, pdu)
                for part in data if isinstance(data, list) else [data]:
                    if part is not None:
                        writer.write(part)
                        await writer.drain()
                        await asyncio.sleep(0)
        self._writers.discard(writer)
        writer.transport.abort()

    def properly(self, tid, unit, pdu):
        return frame(tid, unit, self.pdu(pdu))

    def pdu(self, pdu):
        function, start, count = struct.unpack(">BHH", pdu)
        if function in (1, 2):
            bits = sum((self.registers[start + i] & 1) << i for i in range(count))
            size = (count + 7) // 8
            return bytes([function, size]) + bits.to_bytes(size, "little")
        words = [self.registers[start + i] for i in range(count)]
        return bytes([function, 2 * count]) + struct.pack(f">{count}H", *words)


def frame(tid, unit, pdu, *, protocol=0, length=None):
    return struct.pack(">HHHB", tid, protocol, len(pdu) + 1 if length is None else length, unit) + pdu


def point(name, register, *, unit=1, table="holding", kind="u16", order="ABCD", scale=1.0, wire_unit=""):
    address = {
        "unit": unit,
        "table": table,
        "register": register,
        "type": kind,
        "order": order,
        "scale": scale,
    }
    return Point.model_validate(
        {
            "id": name,
            "device": "dev1",
            "asset": "a",
            "quantity": "q",
            "unit": wire_unit,
            "signal": "",
            "modbus": address,
        }
    )


def device(**more):
    return Device.model_validate({"id": "dev1", "protocol": "modbus-tcp", "timeout": "0.2 s", "poll": "500 ms"} | more)


POINTS = [point("p.a", 0), point("p.b", 3)]


def connector(slave, points=None, **more):
    return ModbusConnector(device(**more), points or POINTS, f"modbus-tcp://127.0.0.1:{slave.port}")


def values(batches):
    return {batch.point: float(batch.values[0]) for batch in batches if batch.values.size}


def run(scenario, *, answer=None, points=None, **more):
    async def inside():
        async with Slave(answer) as slave:
            client = connector(slave, points, **more)
            try:
                return await scenario(client, slave)
            finally:
                await client.close()

    return asyncio.run(inside())


def test_neighbouring_registers_are_read_in_one_request():
    async def scenario(client, slave):
        batches = await client.poll(NOW)
        assert values(batches) == {"p.a": 1000.0, "p.b": 1003.0}
        assert len(slave.requests) == 1
        assert client.state.status == "connected"
        assert {batch.stamp for batch in batches} == {"poll"}
        assert {batch.t0_ns for batch in batches} == {NOW}

    run(scenario)


def test_values_arrive_in_si_units():
    async def scenario(client, slave):
        slave.registers[0] = 325
        assert values(await client.poll(NOW))["p.a"] == pytest.approx(305.65)

    run(scenario, points=[point("p.a", 0, scale=0.1, wire_unit="degC")])


def test_bits_are_read_as_zero_and_one():
    points = [point(f"p.b{i}", i, table="coil", kind="bool") for i in range(10)]

    async def scenario(client, slave):
        got = values(await client.poll(NOW))
        assert [got[f"p.b{i}"] for i in range(10)] == [float((1000 + i) & 1) for i in range(10)]

    run(scenario, points=points)


def exception(code):
    return lambda tid, unit, pdu: frame(tid, unit, bytes([pdu[0] | 0x80, code]))


def good_bytes(pdu, count=None):
    count = struct.unpack(">H", pdu[3:5])[0] if count is None else count
    return bytes([pdu[0], 2 * count]) + b"\x12\x34" * count


LIES = {
    "wrong transaction id": lambda t, u, p: frame(t ^ 1, u, good_bytes(p)),
    "the next transaction id": lambda t, u, p: frame((t + 1) & 0xFFFF, u, good_bytes(p)),
    "wrong unit": lambda t, u, p: frame(t, u + 1, good_bytes(p)),
    "another function": lambda t, u, p: frame(t, u, bytes([4]) + good_bytes(p)[1:]),
    "exception without a code": lambda t, u, p: frame(t, u, bytes([p[0] | 0x80])),
    "exception with more": lambda t, u, p: frame(t, u, bytes([p[0] | 0x80, 2, 0])),
    "exception of another function": lambda t, u, p: frame(t, u, bytes([0x84, 2])),
    "exception code 0": lambda t, u, p: frame(t, u, bytes([p[0] | 0x80, 0])),
    "half the registers": lambda t, u, p: frame(t, u, good_bytes(p, 2)),
    "twice the registers": lambda t, u, p: frame(t, u, good_bytes(p, 8)),
    "no registers": lambda t, u, p: frame(t, u, bytes([p[0], 0])),
    "byte count above data": lambda t, u, p: frame(t, u, bytes([p[0], 8]) + b"\0" * 6),
    "byte count below data": lambda t, u, p: frame(t, u, bytes([p[0], 6]) + b"\0" * 8),
    "the request echoed": frame,
    "protocol id 1": lambda t, u, p: frame(t, u, good_bytes(p), protocol=1),
    "length 0": lambda t, u, p: frame(t, u, good_bytes(p), length=0),
    "length 1": lambda t, u, p: frame(t, u, good_bytes(p), length=1),
    "length short": lambda t, u, p: frame(t, u, good_bytes(p), length=5),
    "length long": lambda t, u, p: frame(t, u, good_bytes(p), length=60),
    "length 65535": lambda t, u, p: frame(t, u, good_bytes(p), length=65535),
    "half a frame": lambda t, u, p: frame(t, u, good_bytes(p))[:9],
    "three bytes": lambda t, u, p: b"\0\0\0",
    "silence": lambda t, u, p: None,
    "an empty answer": lambda t, u, p: frame(t, u, b""),
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_becomes_a_value_and_the_next_poll_is_good(lie):
    async def scenario(client, slave):
        batches = await client.poll(NOW)
        assert values(batches) == {}
        assert {batch.point for batch in batches} == {"p.a", "p.b"}
        assert {batch.quality for batch in batches} == {Status.BAD_COMMUNICATION_ERROR}
        assert client.state.status == "backoff"
        assert client.state.last_error
        slave.answer = slave.properly
        assert values(await client.poll(NOW + SECOND // 2)) == {"p.a": 1000.0, "p.b": 1003.0}
        assert client.state.status == "connected"

    run(scenario, answer=LIES[lie])


def test_a_late_answer_dies_with_its_connection():
    async def scenario(client, slave):
        held = []

        def hold(tid, unit, pdu):
            held.append(frame(tid, unit, good_bytes(pdu)))

        slave.answer = hold
        assert values(await client.poll(NOW)) == {}
        # The old answer is sent first on the new connection, as a device with one queue for all clients
        # would.
        slave.answer = lambda t, u, p: [held[0], slave.properly(t, u, p)]
        assert values(await client.poll(NOW + SECOND)) == {"p.a": 1000.0, "p.b": 1003.0}

    run(scenario)


def test_an_answer_sent_twice_is_used_once():
    async def scenario(client, slave):
        slave.answer = lambda t, u, p: [slave.properly(t, u, p)] * 2
        for step in range(4):
            slave.registers[0] = step
            assert values(await client.poll(NOW + step * SECOND))["p.a"] == step
        assert slave.accepted == 1

    run(scenario)


def test_an_answer_in_single_bytes_is_put_together():
    async def scenario(client, slave):
        slave.answer = lambda t, u, p: [bytes([b]) for b in slave.properly(t, u, p)]
        assert values(await client.poll(NOW))["p.b"] == 1003.0

    run(scenario)


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_configuration_error_is_not_asked_again_for_a_minute(code):
    points = [point("p.a", 0), point("p.ok", 0, table="input")]

    async def scenario(client, slave):
        slave.answer = lambda t, u, p: exception(code)(t, u, p) if p[0] == 3 else slave.properly(t, u, p)
        first = await client.poll(NOW)
        assert {b.point: b.quality for b in first} == {"p.a": Status.BAD_CONFIGURATION_ERROR, "p.ok": 0}
        assert client.state.status == "connected"
        asked = len(slave.requests)
        await client.poll(NOW + SECOND)
        assert len(slave.requests) == asked + 1
        slave.answer = slave.properly
        assert values(await client.poll(NOW + 61 * SECOND)).keys() == {"p.a", "p.ok"}

    run(scenario, points=points)


def test_a_device_failure_is_bad_and_asked_again_at_the_next_poll():
    async def scenario(client, slave):
        batches = await client.poll(NOW)
        assert {b.quality for b in batches} == {Status.BAD_DEVICE_FAILURE}
        slave.answer = slave.properly
        assert values(await client.poll(NOW + SECOND // 2))

    run(scenario, answer=exception(4))


@pytest.mark.parametrize("code", [5, 6])
def test_a_busy_device_is_left_alone_for_two_polls(code):
    async def scenario(client, slave):
        await client.poll(NOW)
        slave.answer = slave.properly
        assert await client.poll(NOW + SECOND // 2) == []
        assert values(await client.poll(NOW + SECOND))

    run(scenario, answer=exception(code))


@pytest.mark.parametrize("code", [7, 8, 9, 12, 100, 255])
def test_an_exception_without_a_meaning_is_a_failure_and_no_crash(code):
    async def scenario(client, slave):
        assert {b.quality for b in await client.poll(NOW)} == {Status.BAD_DEVICE_FAILURE}

    run(scenario, answer=exception(code))


@pytest.mark.parametrize("code", [10, 11])
def test_one_unit_down_behind_a_gateway_leaves_the_others_alone(code):
    points = [point(f"p.u{u}", 0, unit=u) for u in range(1, 11)]

    async def scenario(client, slave):
        slave.answer = lambda t, u, p: exception(code)(t, u, p) if u == 3 else slave.properly(t, u, p)
        got = values(await client.poll(NOW))
        assert got.keys() == {f"p.u{u}" for u in range(1, 11)} - {"p.u3"}
        assert client.state.status == "connected"
        assert slave.accepted == 1

    run(scenario, points=points)


def test_one_silent_unit_costs_one_timeout_and_backs_off_alone():
    points = [point(f"p.u{u}", 0, unit=u) for u in range(1, 6)]

    async def scenario(client, slave):
        slave.answer = lambda t, u, p: None if u == 3 else slave.properly(t, u, p)
        assert len(values(await client.poll(NOW))) == 4
        asked = sum(unit == 3 for _, unit, _ in slave.requests)
        for step in range(1, 10):
            assert len(values(await client.poll(NOW + step * 100_000_000))) == 4
        assert sum(unit == 3 for _, unit, _ in slave.requests) <= asked + 3

    run(scenario, points=points)


def test_a_refused_gap_between_registers_is_not_asked_for_again():
    points = [point("p.a", 0), point("p.b", 9)]

    async def scenario(client, slave):
        def strict(tid, unit, pdu):
            count = struct.unpack(">H", pdu[3:])[0]
            return slave.properly(tid, unit, pdu) if count == 1 else exception(2)(tid, unit, pdu)

        slave.answer = strict
        assert values(await client.poll(NOW)) == {"p.a": 1000.0, "p.b": 1009.0}
        assert values(await client.poll(NOW + SECOND)) == {"p.a": 1000.0, "p.b": 1009.0}
        assert len(slave.requests) == 5

    run(scenario, points=points)


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_dropped_between_polls_costs_no_poll(reset):
    async def scenario(client, slave):
        await client.poll(NOW)
        slave.hang_up(reset=reset)
        await asyncio.sleep(0)
        assert values(await client.poll(NOW + SECOND)) == {"p.a": 1000.0, "p.b": 1003.0}
        assert client.state.reconnects == 1

    run(scenario)


def test_a_refused_connection_backs_off_to_at_most_eight_seconds():
    async def inside():
        async with Slave() as slave:
            port = slave.port
        client = ModbusConnector(device(), POINTS, f"127.0.0.1:{port}")
        tried = []
        for step in range(600):
            now = NOW + step * 100_000_000
            if await client.poll(now):
                tried.append(step * 0.1)
        await client.close()
        return tried, client.state

    tried, state = asyncio.run(inside())
    waits = [b - a for a, b in itertools.pairwise(tried)]
    assert waits[0] <= 0.5
    assert max(waits) <= 8.1
    assert len(tried) < 20
    assert state.outage_since_ns == NOW
    assert state.errors == len(tried)


def test_a_peer_that_accepts_and_closes_is_not_hammered():
    async def scenario(client, slave):
        slave.answer = lambda t, u, p: slave.hang_up()
        for step in range(100):
            await client.poll(NOW + step * 100_000_000)
        assert slave.accepted <= 12

    run(scenario)


def test_a_peer_that_streams_rubbish_is_cut_off():
    async def scenario(client, slave):
        slave.answer = lambda t, u, p: b"\xff" * 100_000
        assert values(await client.poll(NOW)) == {}

    run(scenario)


def test_a_device_clock_stamps_the_values_and_shows_its_skew():
    clock = {"address": {"unit": 1, "table": "input", "register": 100, "type": "u64"}, "resolution": "ms"}

    async def scenario(client, slave):
        millis = (NOW + 7 * SECOND) // 1_000_000
        for place, word in enumerate(struct.unpack(">4H", struct.pack(">Q", millis))):
            slave.registers[100 + place] = word
        batches = await client.poll(NOW)
        assert {(b.t0_ns, b.stamp) for b in batches} == {(NOW + 7 * SECOND, "device_clock")}
        assert client.state.skew_ns == 7 * SECOND

    run(scenario, clock=clock)


def test_an_unset_device_clock_is_not_believed():
    clock = {"address": {"unit": 1, "table": "input", "register": 100, "type": "u64"}, "resolution": "ms"}

    async def scenario(client, slave):
        for place in range(4):
            slave.registers[100 + place] = 0
        assert {b.stamp for b in await client.poll(NOW)} == {"poll"}

    run(scenario, clock=clock)


def test_a_float_that_is_no_number_is_no_reading():
    async def scenario(client, slave):
        slave.registers[0], slave.registers[1] = 0x7FC0, 0
        (batch,) = await client.poll(NOW)
        assert (batch.quality, batch.values.size) == (Status.BAD_NO_DATA, 0)

    run(scenario, points=[point("p.f", 0, kind="f32")])


def test_an_address_that_is_none_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="write tcp://host:port"):
        ModbusConnector(device(), POINTS, "modbus-tcp://127.0.0.1")
