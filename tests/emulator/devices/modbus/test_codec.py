import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.modbus.codec import Malformed, ModbusServerCodec, Request, Response


def frame(transaction, unit, pdu):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


requests = st.builds(Request, st.integers(0, 65535), st.integers(0, 255), st.binary(min_size=1, max_size=253))


@given(requests)
def test_a_whole_frame_is_one_request(request):
    assert ModbusServerCodec().receive(frame(*request)) == [request]


@given(requests)
def test_a_frame_byte_by_byte_is_one_request_at_its_last_byte(request):
    codec = ModbusServerCodec()
    wire = frame(*request)
    for byte in wire[:-1]:
        assert codec.receive(bytes((byte,))) == []
        assert codec.waiting_for_more
    assert codec.receive(wire[-1:]) == [request]
    assert not codec.waiting_for_more


@given(requests, st.binary(min_size=1, max_size=6))
def test_trailing_bytes_wait_for_the_rest_of_their_frame(request, trailing):
    codec = ModbusServerCodec()
    assert codec.receive(frame(*request) + trailing) == [request]
    assert codec.waiting_for_more


@given(st.lists(requests, min_size=1, max_size=8), st.data())
def test_any_split_of_the_bytes_parses_alike(batch, data):
    wire = b"".join(frame(*request) for request in batch)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=10)))
    codec = ModbusServerCodec()
    found = []
    for start, stop in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found += codec.receive(wire[start:stop])
    assert found == batch


@given(requests)
def test_what_is_sent_is_what_the_other_end_reads(request):
    wire = ModbusServerCodec().send(Response(*request))
    assert ModbusServerCodec().receive(wire) == [request]


@pytest.mark.parametrize("count", [16, 32])
def test_pipelined_requests_come_out_in_order(count):
    batch = [Request(i, 1, struct.pack(">BHH", 3, i, 1)) for i in range(count)]
    assert ModbusServerCodec().receive(b"".join(frame(*request) for request in batch)) == batch


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("0001 0001 0006 01", "MBAP protocol id = 1 must be 0 (MB-TCP 3.1.3)"),
        ("0001 ffff 0006 01", "MBAP protocol id = 65535 must be 0"),
        ("0001 0000 0000 01", "MBAP length = 0 must be in [2, 254]"),
        ("0001 0000 0001 01", "MBAP length = 1 must be in [2, 254]"),
        ("0001 0000 00ff 01", "MBAP length = 255 must be in [2, 254]"),
        ("0001 0000 ffff 01", "MBAP length = 65535 must be in [2, 254]"),
    ],
)
def test_a_header_that_breaks_the_rules_ends_the_conversation(header, reason):
    codec = ModbusServerCodec()
    good = frame(1, 1, b"\x03\0\0\0\1")
    events = codec.receive(good + bytes.fromhex(header) + good)
    assert events[0] == Request(1, 1, b"\x03\0\0\0\1")
    assert isinstance(events[1], Malformed)
    assert events[1].reason.startswith(reason)
    assert codec.receive(good) == []


@given(st.binary(max_size=2000))
def test_garbage_never_raises_and_never_piles_up(data):
    codec = ModbusServerCodec()
    for start in range(0, len(data), 7):
        codec.receive(data[start : start + 7])
    assert len(codec.rest) <= 260


def test_the_specifications_tcp_example_is_framed_as_printed():
    # MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 4.4.1.1: read one register at 4 from unit 255.
    codec = ModbusServerCodec()
    request = Request(0x1501, 0xFF, bytes.fromhex("0300040001"))
    assert codec.receive(bytes.fromhex("15010000 0006 ff 0300040001")) == [request]
    answer = codec.send(Response(0x1501, 0xFF, bytes.fromhex("03020005")))
    assert answer == bytes.fromhex("15010000 0005 ff 03020005")
