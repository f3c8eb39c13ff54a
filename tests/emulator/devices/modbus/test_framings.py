"""The other wrappings on real sockets: ASCII and RTU in a stream, TLS with roles; gateway, delay, limits, connections."""

import asyncio
import ssl

import pytest

from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.modbus.ascii_codec import AsciiServerCodec, ascii_frame, lrc
from emulator.devices.modbus.codec import Malformed, Request
from emulator.devices.modbus.gateway import Queue
from emulator.devices.modbus.rtu_codec import frame as rtu_frame
from emulator.devices.modbus.security import TlsServing, role_of
from emulator.devices.modbus.server import ModbusTcpServer
from rigs.devices.device import Device
from rigs.schema import Point

READ = bytes.fromhex("03 0000 0001")
WRITE = bytes.fromhex("06 0000 0007")
ANSWER = bytes.fromhex("03 02 0005")


def mbap(pdu, transaction=1, unit=5):
    return transaction.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + bytes((unit,)) + pdu


def with_server(talk, *, tls=None, **settings):
    """Run `talk(server, image)` against unit 5 with holding register 0 = 5, writable."""

    async def main():
        device = Device.model_validate({"id": "d", "protocol": "modbus-tcp", "modbus": settings})
        point = Point.model_validate(
            {"id": "a.h", "device": "d", "asset": "a", "quantity": "h", "signal": "x", "write": "x", "range": (0, 100)}
            | {"modbus": {"unit": 5, "table": "holding", "register": 0}}
        )
        image = DeviceImage(device, (point,), 0)
        server = ModbusTcpServer.from_image(image, tls=tls)
        image.commit({"a.h": Reading(5.0, GOOD, 0)}, 1)
        await server.start()
        try:
            await asyncio.wait_for(talk(server, image), 10)
        finally:
            await server.stop()

    asyncio.run(main())


async def ask(server, *pieces, expect, context=None):
    """Send pieces on one connection and read as many bytes as are expected."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        assert await reader.readexactly(len(expect)) == expect
    finally:
        writer.close()


def test_the_lrc_is_the_standards_and_a_frame_survives_any_cut():
    assert ascii_frame(0x11, bytes.fromhex("03 006B 0003")) == b":1103006B00037E\r\n"
    assert lrc(b"\xf7\x03\x13\x89\x00\x0a") == 0x60
    whole = ascii_frame(5, READ) + ascii_frame(6, READ) + ascii_frame(5, WRITE).lower()
    for cut in range(len(whole)):
        codec = AsciiServerCodec((5,))
        found = codec.receive(whole[:cut]) + codec.receive(whole[cut:])
        assert found == [Request(0, 5, READ), Request(0, 5, WRITE)]
        assert not codec.waiting_for_more


@pytest.mark.parametrize(
    "line", [b":0503000000017F\r\n", b":05030\r\n", b":0503zz\r\n", b":05" * 2 + b"\n", b":" + b"0" * 600, b":05\r\n"]
)
def test_what_is_no_ascii_frame_is_dropped_and_the_next_one_is_found(line):
    codec = AsciiServerCodec((5,))
    events = [*codec.receive(line), *codec.silence(), *codec.receive(b"\r\nnoise" + ascii_frame(5, READ))]
    assert any(isinstance(event, Malformed) for event in events)
    assert events[-1] == Request(0, 5, READ)


def test_ascii_in_a_stream_answers_its_units_and_nobody_elses():
    async def talk(server, image):
        assert server.url.endswith("/ascii")
        await ask(server, ascii_frame(6, READ) + ascii_frame(5, READ), expect=ascii_frame(5, ANSWER))
        await ask(
            server, ascii_frame(0, WRITE), ascii_frame(5, READ), expect=ascii_frame(5, bytes.fromhex("03 02 0007"))
        )
        assert image.take_writes() == [("a.h", 7)]

    with_server(talk, framing="ascii")


def test_rtu_in_a_stream_comes_in_any_pieces_and_a_torn_frame_costs_itself_only():
    async def talk(server, image):
        request, answer = rtu_frame(5, READ), rtu_frame(5, ANSWER)
        await ask(server, *(request[at : at + 1] for at in range(len(request))), expect=answer)
        await ask(server, request + request, expect=answer + answer)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request[:5])
        while not server.malformed:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        writer.write(request)
        assert await reader.readexactly(len(answer)) == answer
        writer.close()

    with_server(talk, framing="rtu")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return TlsServing(tmp_path_factory.mktemp("pki"), {"operator": "write", "viewer": "read", "clerk": (3,)})


def client(tls, name):
    tls.certificates.make(("operator", "viewer", "clerk"))
    context = ssl.create_default_context(cafile=tls.certificates.authority)
    if name is not None:
        context.load_cert_chain(*tls.certificates.pair(name))
    return context


@pytest.mark.parametrize(
    ("name", "read", "write"),
    [("operator", "03 02 0005", "06 0000 0007"), ("viewer", "03 02 0005", "86 01"), ("clerk", "03 02 0005", "86 01"),
     ("nobody", "83 01", "86 01")],
)  # fmt: skip
def test_the_role_in_the_certificate_decides_what_a_client_may_do(tls, name, read, write):
    async def talk(server, image):
        context = client(tls, name)
        expect = mbap(bytes.fromhex(read)) + mbap(bytes.fromhex(write), 2)
        # One frame over two TLS records, then the rest of it and another frame in one.
        both = mbap(READ) + mbap(WRITE, 2)
        await ask(server, both[:4], both[4:], expect=expect, context=context)
        assert image.take_writes() == ([("a.h", 7)] if name == "operator" else [])
        assert server.url.endswith("/tls")

    with_server(talk, tls=tls)


def test_without_a_certificate_of_ours_there_is_no_conversation(tls):
    async def talk(server, image):
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await ask(server, mbap(READ), expect=mbap(ANSWER), context=client(tls, None))
        await ask(server, mbap(READ), expect=mbap(ANSWER), context=client(tls, "viewer"))

    with_server(talk, tls=tls)


def test_keys_are_for_their_owner_and_made_once(tls):
    tls.certificates.make(("viewer",))
    certificate, key = tls.certificates.pair("viewer")
    assert key.stat().st_mode & 0o777 == 0o600
    assert role_of(ssl.PEM_cert_to_DER_cert(certificate.read_text())) == "viewer"
    before = certificate.read_bytes()
    tls.certificates.make(("viewer",))
    assert certificate.read_bytes() == before


def test_a_gateway_serves_one_request_at_a_time():
    gateway = Queue(2, {1: 0.1, 2: 0.5}.__getitem__, target_timeout_s=1.0, silent=(3,), no_path=(4,), units=(1, 2, 3))
    assert gateway.pace(1, 0.0) == (0.1, None)
    assert gateway.pace(2, 0.0) == (pytest.approx(0.6), None)
    assert gateway.pace(1, 0.0) == (0.0, 6)
    assert gateway.pace(4, 0.0) == (0.0, 10)
    assert gateway.pace(3, 0.2) == (pytest.approx(1.4), 11)
    assert gateway.pace(9, 5.0) == (1.0, 11)


def test_a_gateway_answers_over_the_wire_when_its_line_is_done():
    async def talk(server, image):
        await ask(server, mbap(READ, 1) + mbap(READ, 2, unit=9), expect=mbap(ANSWER) + mbap(b"\x83\x0b", 2, unit=9))

    with_server(talk, gateway={"latency": "5 ms", "target_timeout": "10 ms"})


def test_a_slow_device_keeps_the_order_of_its_answers():
    async def talk(server, image):
        await ask(server, mbap(READ, 1) + mbap(WRITE, 2), expect=mbap(ANSWER) + mbap(WRITE, 2))

    with_server(talk, delay="5 ms")


def test_smaller_limits_and_fewer_functions_are_the_devices():
    async def talk(server, image):
        asked = mbap(READ) + mbap(bytes.fromhex("03 0000 0002"), 2) + mbap(bytes.fromhex("04 0000 0001"), 3)
        expect = mbap(ANSWER) + mbap(b"\x83\x03", 2) + mbap(b"\x84\x01", 3)
        await ask(server, asked, expect=expect)

    with_server(talk, max_registers=1, functions=[3, 6])


@pytest.mark.parametrize(("when_full", "survivor"), [("refuse", 0), ("drop_oldest", 1), ("drop_newest", 1)])
def test_who_stays_when_the_server_is_full(when_full, survivor):
    async def talk(server, image):
        server.misbehaviour.limit_connections((1, when_full))
        peers = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        alive = []
        for reader, writer in peers:
            writer.write(mbap(READ))
            try:
                alive.append(await reader.readexactly(11) == mbap(ANSWER))
            except (ConnectionError, asyncio.IncompleteReadError):
                alive.append(False)
            writer.close()
        assert alive == [index == survivor for index in range(2)]

    with_server(talk)
