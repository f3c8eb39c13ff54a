"""A hundred thousand malformed frames and a thousand connections: no crash, no deafness, no growth."""

import asyncio
import logging
import socket
import struct
import tracemalloc

import numpy as np
import pytest

from emulator.devices.modbus.ascii_codec import AsciiServerCodec
from emulator.devices.modbus.codec import Malformed, ModbusServerCodec, Response
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu_codec import RtuServerCodec
from emulator.devices.modbus.server import ConnectionLimits, ModbusTcpServer

READ = bytes.fromhex("03 0000 0001")
GOOD = bytes.fromhex("0001 0000 0006 01 03 0000 0001")
ANSWER = bytes.fromhex("0001 0000 0005 01 03 02 0000")
VALID = [
    bytes.fromhex(pdu)
    for pdu in (
        "01 0000 0008", "02 0000 0008", "03 0000 0002", "04 0000 0002", "05 0001 FF00", "06 0001 0003", "07", "08 0000 1234",
        "0B", "0C", "0F 0000 0002 01 03", "10 0000 0001 02 0005", "11", "14 07 06 0001 0000 0001",
        "15 09 06 0001 0000 0001 0007", "16 0001 00FF 0001", "17 0000 0001 0001 0001 02 0003", "18 0000", "2B 0E 01 00",
    )
]  # fmt: skip
RUNS = 6000


def frame(pdu, transaction=1, unit=1):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def families():
    """Yield (family, bytes) of about 100,000 frames, the same every time."""
    rng = np.random.default_rng(2026)
    noise = rng.integers(0, 256, 4_000_000, dtype=np.uint8).tobytes()
    picks = rng.integers(0, 1 << 30, 400_000).tolist()
    at = iter(picks)

    def some(limit):
        size = next(at) % limit
        start = next(at) % (len(noise) - 300)
        return noise[start : start + size]

    for function in range(256):
        for _ in range(64):
            yield "function", frame(bytes((function,)) + some(40))
        for size in (0, 1, 4, 250, 252):
            yield "function", frame(bytes((function,)) + noise[:size])
    for unit in range(256):
        for pdu in VALID:
            yield "unit", frame(pdu, unit=unit)
    for _ in range(RUNS * 2):
        whole = bytearray(frame(VALID[next(at) % len(VALID)]))
        for _ in range(1 + next(at) % 3):
            whole[next(at) % len(whole)] = next(at) & 0xFF
        yield "mutated", bytes(whole)
    for _ in range(RUNS * 3):
        yield "pdu", frame(some(253) or b"\0")
    for _ in range(RUNS * 3):
        yield "header", some(9) + some(30)
    for _ in range(RUNS * 2):
        yield "garbage", some(300)
    for _ in range(RUNS * 3):
        whole = frame(VALID[next(at) % len(VALID)])
        yield "truncated", whole[: next(at) % len(whole)]


def talking(bank, codec, wrong=None):
    return Conversation(
        ModbusDevice({1: bank}), codec, wrong or ModbusMisbehaviour(), later=lambda *_: None, send=lambda _: None
    )


def test_a_hundred_thousand_malformed_frames_leave_the_server_as_it_was(bank, caplog):
    count, broken, codec = 0, 0, ModbusServerCodec()
    talk = talking(bank, codec)
    memory = 0
    for _, data in families():
        count += 1
        if count == 90_000:
            tracemalloc.start()
        for event in codec.receive(data):
            if isinstance(event, Malformed):
                broken += 1
            else:
                reply = talk.answer(event)
                assert len(reply) <= 260
                if event.unit == 1 and reply:
                    assert reply[7] in (event.pdu[0], event.pdu[0] | 0x80)
        if count % 500 == 0 or codec.waiting_for_more or broken:
            # What a new connection, and where the header was in order this one too, gets to a good request.
            if broken or codec.waiting_for_more:
                codec, broken = ModbusServerCodec(), 0
                talk = talking(bank, codec)
            bank.listen_only = False
            bank.holding_registers.buffer[:2] = b"\0\0"
            (good,) = codec.receive(GOOD)
            assert talk.answer(good) == ANSWER
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert count >= 100_000
    assert memory < 2_000_000
    assert len(bank.counters.log) <= 64
    assert not caplog.records


def test_noise_on_the_serial_framings_costs_nothing_but_itself(bank):
    for codec in (RtuServerCodec((1,)), AsciiServerCodec((1,))):
        talk = talking(bank, codec)
        for index, (_, data) in enumerate(families()):
            if index % 20:
                continue
            for event in codec.receive(data):
                if not isinstance(event, Malformed):
                    talk.answer(event)
            if index % 400 == 0:
                codec.silence()
                bank.listen_only = False
                good = codec.send(Response(0, 1, READ))
                assert [event.pdu for event in codec.receive(good) if not isinstance(event, Malformed)] == [READ]


def on_server(bank, talk, *, connections=64):
    async def main():
        limits = ConnectionLimits(connections=connections, when_full="drop_oldest", backlog=1024)
        server = ModbusTcpServer(ModbusDevice({1: bank}), limits=limits)
        await server.start()
        try:
            await asyncio.wait_for(talk(server), 20)
        finally:
            await server.stop()

    asyncio.run(main())


async def is_served(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(GOOD)
    try:
        return await asyncio.wait_for(reader.readexactly(len(ANSWER)), 5) == ANSWER
    finally:
        writer.close()


def test_a_thousand_connections_come_and_go_and_an_honest_client_is_served(bank, caplog):
    async def talk(server):
        loop = asyncio.get_running_loop()
        for batch in range(20):
            socks = []
            for _ in range(50):
                sock = socket.socket()
                sock.setblocking(False)
                await loop.sock_connect(sock, ("127.0.0.1", server.port))
                socks.append(sock)
                if batch % 2:
                    await loop.sock_sendall(sock, GOOD[: batch % 12])
            for sock in socks:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
            assert await is_served(server)
        assert server.connections <= 64

    on_server(bank, talk)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_idle_dripping_and_half_closed_peers_do_not_stand_in_the_way(bank):
    async def talk(server):
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(400)]
        half = idle[:50]
        for _, writer in half:
            writer.write_eof()
        for at in range(len(GOOD) - 1):
            for _, writer in idle[50:70]:
                writer.write(GOOD[at : at + 1])
            assert await is_served(server)
        for reader, writer in idle[50:70]:
            writer.write(GOOD[-1:])
            assert await reader.readexactly(len(ANSWER)) == ANSWER
        for reader, _ in half:
            assert await reader.read(1) == b""
        for _, writer in idle:
            writer.close()

    on_server(bank, talk, connections=500)


def test_a_peer_that_never_reads_is_not_read_either_and_others_are(bank):
    async def talk(server):
        loop = asyncio.get_running_loop()
        deaf = socket.socket()
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", server.port))
        sent = 0
        pipeline = frame(bytes.fromhex("03 0000 0064")) * 300
        while sent < 80_000 * 12:
            try:
                sent += deaf.send(pipeline)
            except BlockingIOError:
                break
            assert await is_served(server)
        assert await is_served(server)
        (connection, *_) = server._connections
        assert connection._transport.get_write_buffer_size() < 300_000
        deaf.close()

    on_server(bank, talk)


@pytest.mark.parametrize("family", ["header", "garbage", "mutated"])
def test_on_the_wire_a_broken_header_closes_its_connection_and_no_other(bank, family):
    async def talk(server):
        frames = [data for kind, data in families() if kind == family][:60]
        honest = await asyncio.open_connection("127.0.0.1", server.port)
        for data in frames:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(data)
            await writer.drain()
            writer.close()
        bank.listen_only = False
        bank.holding_registers.buffer[:2] = b"\0\0"
        honest[1].write(GOOD)
        assert await honest[0].readexactly(len(ANSWER)) == ANSWER
        honest[1].close()

    on_server(bank, talk, connections=200)
