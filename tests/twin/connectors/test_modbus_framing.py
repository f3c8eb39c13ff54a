"""Framings without a header, in a stream and on a line that several devices share."""

import asyncio
import struct

import pytest

from rigs.devices.device import Device
from rigs.schema import Point
from tests.twin.connectors.test_modbus_rtu import Line, crc
from twin.batch import Status
from twin.connectors.modbus import ModbusConnector
from twin.connectors.modbus_framing import AsciiFraming, BadFrameError, RtuFraming
from twin.connectors.modbus_plan import plan
from twin.connectors.serial_line import _lines

SECOND = 1_000_000_000
NOW = 1_735_689_600 * SECOND


def ascii_frame(body):
    """Serial Line V1.02, 2.5.2: the LRC is the two's complement of the sum of the bytes."""
    return b":" + (body + bytes([-sum(body) & 0xFF])).hex().upper().encode() + b"\r\n"


def rtu_frame(body):
    return body + crc(body)


FRAMES = {"ascii": (AsciiFraming(), ascii_frame), "rtu": (RtuFraming(), rtu_frame)}
BODY = bytes([17, 3, 4, 1, 2, 3, 4])


@pytest.mark.parametrize("name", FRAMES)
def test_requests_are_the_standards_bytes(name):
    framing, frame = FRAMES[name]
    assert framing.encode(b"\x03\x00\x6b\x00\x03", 17) == frame(b"\x11\x03\x00\x6b\x00\x03")


@pytest.mark.parametrize("name", FRAMES)
def test_answers_may_come_byte_by_byte_and_glued(name):
    framing, frame = FRAMES[name]
    whole = frame(BODY)
    for cut in range(len(whole)):
        assert framing.cut(whole[:cut])[0] is None
    assert framing.cut(whole + whole) == (BODY, whole)
    assert framing.cut(frame(b"\x11\x83\x02"))[0] == b"\x11\x83\x02"


@pytest.mark.parametrize("name", FRAMES)
def test_every_flipped_bit_is_found(name):
    framing, frame = FRAMES[name]
    whole = frame(BODY)
    for place in range(3 if name == "rtu" else 1, len(whole) - 2):
        for bit in range(8):
            broken = bytearray(whole)
            broken[place] ^= 1 << bit
            try:
                got, _ = framing.cut(bytes(broken))
            except BadFrameError:
                continue
            assert got in (None, BODY)  # lower-case digits are the same digits


def test_noise_before_a_colon_and_a_frame_begun_anew():
    framing = AsciiFraming()
    assert framing.cut(b"\x00\xff" + ascii_frame(BODY))[0] == BODY
    assert framing.cut(ascii_frame(BODY)[:9] + ascii_frame(BODY))[0] == BODY
    with pytest.raises(BadFrameError):
        framing.cut(b":" + b"0" * 600)


def point(name, register=0, unit=1, dev="d", **more):
    address = {"unit": unit, "table": "holding", "register": register} | more
    return Point.model_validate(
        {"id": name, "device": dev, "asset": "a", "quantity": "q", "signal": "", "modbus": address}
    )


async def serve(frame, size, over, wrong_unit=0):
    async def conversation(reader, writer):
        try:
            while True:
                request = await (reader.readuntil(b"\r\n") if size is None else reader.readexactly(size))
                body = bytes.fromhex(request[1:-2].decode()) if size is None else request
                unit, function, _, count = struct.unpack(">BBHH", body[:6])
                data = struct.pack(f">{count}H", *range(100, 100 + count))
                writer.write(frame(bytes([unit + wrong_unit, function, 2 * count]) + data))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            over.set()

    return await asyncio.start_server(conversation, "127.0.0.1", 0)


@pytest.mark.parametrize(("framing", "frame", "size"), [("ascii", ascii_frame, None), ("rtu", rtu_frame, 8)])
@pytest.mark.parametrize("wrong", [0, 1])
def test_serial_frames_inside_tcp(framing, frame, size, wrong):
    async def main():
        over = asyncio.Event()
        server = await serve(frame, size, over, wrong)
        url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = {"id": "d", "protocol": "modbus-tcp", "modbus": {"framing": framing}}
        connector = ModbusConnector(Device.model_validate(settings), [point("p.a"), point("p.b", 5)], url)
        batches = await connector.poll(NOW)
        await connector.close()
        await over.wait()
        server.close()
        if wrong:
            assert {b.quality for b in batches} == {Status.BAD_COMMUNICATION_ERROR}
            assert "unit 2" in connector.state.last_error
        else:
            assert [(b.point, *b.values) for b in batches] == [("p.a", 100.0), ("p.b", 105.0)]

    asyncio.run(main())


def test_two_devices_on_one_line_take_turns():
    async def main():
        async with Line() as line:
            devices = [
                Device.model_validate({"id": f"d{n}", "protocol": "modbus-rtu", "timeout": "60 ms"}) for n in (1, 2, 3)
            ]
            connectors = [
                ModbusConnector(device, [point("p.x", n, n, device.id)], line.path)
                for n, device in enumerate(devices, start=1)
            ]
            line.answer = lambda request: None if request[0] == 3 else line.properly(request)
            polls = await asyncio.gather(*(connector.poll(NOW) for connector in connectors))
            assert [b.values.tolist() for (b,) in polls] == [[501.0], [502.0], []]
            assert [request[0] for request in line.requests] == [1, 2, 3]
            (shared,) = _lines[asyncio.get_running_loop()].values()
            assert shared.users == 3
            await connectors[0].close()
            (batch,) = await connectors[1].poll(NOW + SECOND)
            assert batch.values[0] == 502.0
            for connector in connectors[1:]:
                await connector.close()
            assert not _lines[asyncio.get_running_loop()]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("address", "words", "value"),
    [
        ({"type": "bool", "bit": 3}, [0b1000], 1.0),
        ({"type": "bool", "bit": 3}, [0xFFF7], 0.0),
        ({"type": "bcd16"}, [0x1234], 1234.0),
        ({"type": "bcd16"}, [0x12A4], None),
        ({"type": "bcd32"}, [0x1234, 0x5678], 12345678.0),
        ({"type": "bcd32", "order": "CDAB"}, [0x5678, 0x1234], 12345678.0),
        ({"type": "bcd32", "order": "DCBA", "scale": 0.1}, [0x7856, 0x3412], 1234567.8),
        ({"type": "string", "length": 3}, [0x2D31, 0x322E, 0x3500], -12.5),
        ({"type": "string", "length": 2, "order": "BADC"}, [0x3231, 0x2033], 123.0),
        ({"type": "string", "length": 2}, [0x2020, 0x2020], None),
        ({"type": "string", "length": 2}, [0x6E61, 0x6E00], None),
        ({"type": "i16"}, [0x8000], -32768.0),
        ({"type": "i16", "not_available": "usual"}, [0x8000], None),
        ({"type": "u32", "not_available": "usual"}, [0xFFFF, 0xFFFF], None),
        ({"type": "i16", "not_available": 0x8001}, [0x8001], None),
        ({"type": "u16", "not_available": 9999, "scale": 0.1}, [9999], None),
        ({"type": "i16", "offset": -40, "scale": 0.5}, [100], 10.0),
    ],
)
def test_what_registers_mean(address, words, value):
    device = Device.model_validate({"id": "d", "protocol": "modbus-tcp"})
    (block,) = plan(device, [point("p.a", 7, **address)])
    got = block.items[0].value(words, 7)
    assert got == pytest.approx(value) if value is not None else got != got


def test_a_devices_own_limits_split_requests():
    device = Device.model_validate({"id": "d", "protocol": "modbus-tcp", "modbus": {"max_registers": 4}})
    blocks = plan(device, [point(f"p.x{n}", n) for n in range(10)])
    assert [block.count for block in blocks] == [4, 4, 2]
