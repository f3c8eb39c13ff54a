import asyncio
import contextlib
import struct

import pytest

from emulator.devices.image import DeviceImage
from emulator.devices.modbus.codec import ModbusServerCodec, Request
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.insertions_frame import LateAnswer
from emulator.devices.modbus.insertions_reply import NoAnswer
from emulator.devices.modbus.server import ConnectionLimits, ModbusTcpServer
from rigs.devices.device import Device
from rigs.schema import Point

READ = bytes.fromhex("03 0000 0001")
ANSWER = bytes.fromhex("03 02 0000")


def frame(transaction, pdu=READ, unit=1):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def serve(server, talk):
    """Run `talk()` against the started server; everything must be closed afterwards."""

    async def main():
        await server.start()
        try:
            await asyncio.wait_for(talk(), 10)
        finally:
            await server.stop()
        assert server.connections == 0

    asyncio.run(main())


class Peer:
    def __init__(self, server):
        self.server = server

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(self.server.host, self.server.port)
        self.codec = ModbusServerCodec()
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    def send(self, data):
        self.writer.write(data)

    async def answers(self, count):
        found = []
        while len(found) < count:
            data = await self.reader.read(65536)
            if not data:
                raise EOFError
            found += self.codec.receive(data)
        return found

    async def closed(self):
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True


@pytest.fixture
def server(bank):
    return ModbusTcpServer(ModbusDevice({1: bank}))


def test_the_system_chooses_the_port_and_the_url_says_it(server):
    async def talk():
        assert server.port > 0
        assert server.url == f"modbus-tcp://127.0.0.1:{server.port}"

    serve(server, talk)


def test_a_request_is_answered_again_and_again_with_the_registers_of_the_moment(server, bank):
    async def talk():
        async with Peer(server) as peer:
            for transaction in range(5):
                bank.holding_registers.buffer[1] = transaction
                peer.send(frame(transaction))
                assert await peer.answers(1) == [Request(transaction, 1, bytes((3, 2, 0, transaction)))]

    serve(server, talk)


@pytest.mark.parametrize("count", [2, 16, 32])
def test_pipelined_requests_are_all_answered_in_order(server, count):
    async def talk():
        async with Peer(server) as peer:
            peer.send(b"".join(frame(i) for i in range(count)))
            assert await peer.answers(count) == [Request(i, 1, ANSWER) for i in range(count)]

    serve(server, talk)


def test_a_refused_read_is_refused_the_second_time_too(server):
    async def talk():
        async with Peer(server) as peer:
            for _ in range(3):
                peer.send(frame(1, bytes.fromhex("03 0082 0001")))
                assert await peer.answers(1) == [Request(1, 1, b"\x83\x02")]

    serve(server, talk)


def test_what_came_before_a_broken_header_is_answered_then_the_connection_closes(server):
    async def talk():
        async with Peer(server) as peer:
            peer.send(frame(7) + b"\0\0\0\x09\0\6\1\3\0\0\0\1")
            assert await peer.answers(1) == [Request(7, 1, ANSWER)]
            assert await peer.closed()
        assert server.malformed == 1
        async with Peer(server) as peer:
            peer.send(frame(8))
            assert len(await peer.answers(1)) == 1

    serve(server, talk)


def test_a_half_closed_peer_gets_its_answers_and_is_let_go(server):
    async def talk():
        async with Peer(server) as peer:
            peer.send(b"".join(frame(i) for i in range(10)))
            peer.writer.write_eof()
            assert len(await peer.answers(10)) == 10
            assert await peer.closed()

    serve(server, talk)


def test_a_newcomer_beyond_the_limit_is_closed_and_the_others_stay(bank):
    server = ModbusTcpServer(ModbusDevice({1: bank}), limits=ConnectionLimits(connections=1))

    async def talk():
        async with Peer(server) as first:
            first.send(frame(1))
            await first.answers(1)
            async with Peer(server) as second:
                assert await second.closed()
            first.send(frame(2))
            assert len(await first.answers(1)) == 1
        assert server.refused == 1

    serve(server, talk)


def test_or_the_oldest_makes_room(bank):
    limits = ConnectionLimits(connections=1, when_full="drop_oldest")
    server = ModbusTcpServer(ModbusDevice({1: bank}), limits=limits)

    async def talk():
        async with Peer(server) as first:
            first.send(frame(1))
            await first.answers(1)
            async with Peer(server) as second:
                second.send(frame(2))
                assert len(await second.answers(1)) == 1
                assert await first.closed()

    serve(server, talk)


def test_a_silent_connection_is_dropped_after_the_idle_time(bank):
    server = ModbusTcpServer(ModbusDevice({1: bank}), limits=ConnectionLimits(idle_s=0.02))

    async def talk():
        async with Peer(server) as peer:
            peer.send(b"\0\1\0\0")
            assert await peer.closed()

    serve(server, talk)


def test_a_peer_that_does_not_read_is_not_read_either(server):
    read = bytes.fromhex("03 0000 0063")

    async def talk():
        async with Peer(server) as peer:
            peer.writer.transport.pause_reading()
            peer.send(b"".join(frame(i % 65536, read) for i in range(80_000)))
            async with Peer(server) as other:
                for i in range(50):
                    other.send(frame(i))
                    await other.answers(1)
            held = [c._transport.get_write_buffer_size() for c in server._connections if c._transport is not None]
            assert max(held) < 300_000
            peer.writer.transport.abort()

    serve(server, talk)


def test_a_device_without_power_drops_everybody_and_serves_again_when_back(bank):
    device = Device.model_validate({"id": "d1", "protocol": "modbus-tcp"})
    point = Point.model_validate(
        {
            "id": "a.x",
            "device": "d1",
            "asset": "a",
            "quantity": "x",
            "signal": "a.x",
            "modbus": {"unit": 1, "table": "input", "register": 0},
        }
    )
    image = DeviceImage(device, (point,), 0)
    server = ModbusTcpServer.from_image(image)
    read = bytes.fromhex("04 0000 0001")

    async def talk():
        async with Peer(server) as peer:
            peer.send(frame(1, read))
            await peer.answers(1)
            image.power(online=False, t_ns=0)
            assert await peer.closed()
        async with Peer(server) as peer:
            assert await peer.closed()
        image.power(online=True, t_ns=1)
        async with Peer(server) as peer:
            peer.send(frame(1, read))
            assert await peer.answers(1) == [Request(1, 1, b"\4\2\0\0")]

    serve(server, talk)


def test_misbehaviour_reaches_a_read_the_server_already_knows(server):
    async def talk():
        async with Peer(server) as peer:
            for transaction in (1, 2):
                peer.send(frame(transaction))
                await peer.answers(1)
            late, silent = LateAnswer(1000.0), NoAnswer()
            server.misbehaviour.set(late, 1.0)
            peer.send(frame(3))
            peer.send(frame(4))
            assert (await peer.answers(1))[0].transaction == 3
            server.misbehaviour.set(late, 0.0)
            server.misbehaviour.set(silent, 1.0)
            peer.send(frame(5))
            assert (await peer.answers(1))[0].transaction == 4
            server.misbehaviour.set(silent, 0.0)
            peer.send(frame(6))
            assert (await peer.answers(1))[0].transaction == 6

    serve(server, talk)


def test_late_answers_come_after_their_delay(server):
    async def talk():
        async with Peer(server) as peer:
            server.misbehaviour.set(LateAnswer(0.01), 1.0)
            peer.send(frame(1))
            assert (await peer.answers(1))[0].transaction == 1

    serve(server, talk)


def test_a_port_in_use_is_an_error_and_stopping_is_safe(server, bank):
    async def talk():
        other = ModbusTcpServer(ModbusDevice({1: bank}), port=server.port)
        with pytest.raises(OSError, match="address already in use"):
            await other.start()
        await other.stop()

    serve(server, talk)
