import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.modbus.codec import Malformed, Request, Response
from emulator.devices.modbus.rtu_codec import FRAME_MAX, RtuServerCodec, crc16, frame

READ = bytes.fromhex("03 0000 0002")
GOOD = frame(1, READ)
OURS = Request(0, 1, READ)

pdus = st.one_of(
    st.builds(
        lambda code, body: bytes((code,)) + body,
        st.sampled_from([1, 2, 3, 4, 5, 6]),
        st.binary(min_size=4, max_size=4),
    ),
    st.builds(lambda data: b"\x10\0\0\0\1" + bytes((len(data),)) + data, st.binary(min_size=2, max_size=246)),
    st.builds(lambda data: b"\x17" + bytes(8) + bytes((len(data),)) + data, st.binary(min_size=2, max_size=242)),
    st.just(bytes.fromhex("2b0e0100")),
    st.builds(lambda body: b"\x16" + body, st.binary(min_size=6, max_size=6)),
)


def ours(events):
    return [event for event in events if isinstance(event, Request)]


def test_the_checksum_is_the_specifications():
    # MODBUS over Serial Line V1.02, 6.2.2: the frame 02 07 has CRC 1241 hex, sent 41 12.
    assert crc16(b"\x02\x07") == 0x1241
    assert frame(2, b"\x07") == bytes.fromhex("02 07 41 12")


@given(pdus, st.integers(1, 247))
def test_a_whole_frame_is_one_request(pdu, unit):
    assert RtuServerCodec({unit}).receive(frame(unit, pdu)) == [Request(0, unit, pdu)]


@given(pdus)
def test_a_frame_byte_by_byte_is_one_request(pdu):
    codec = RtuServerCodec({1})
    found = []
    for byte in frame(1, pdu):
        found += codec.receive(bytes((byte,)))
    assert ours(found + codec.silence()) == [Request(0, 1, pdu)]


@given(pdus, st.binary(min_size=1, max_size=3))
def test_trailing_bytes_do_not_cost_the_frame_and_silence_drops_them(pdu, trailing):
    codec = RtuServerCodec({1})
    assert ours(codec.receive(frame(1, pdu) + trailing)) == [Request(0, 1, pdu)]
    codec.silence()
    assert not codec.waiting_for_more
    assert codec.receive(GOOD) == [OURS]


@given(pdus)
def test_what_is_sent_has_a_checksum_that_holds(pdu):
    wire = RtuServerCodec({1}).send(Response(0, 1, pdu))
    assert crc16(wire) == 0


def test_an_unknown_function_ends_at_the_silence():
    codec = RtuServerCodec({1})
    assert codec.receive(frame(1, b"\x63\1\2\3\4\5")) == []
    assert codec.silence() == [Request(0, 1, b"\x63\1\2\3\4\5")]


def test_a_broadcast_is_a_request_to_unit_zero():
    assert RtuServerCodec({1}).receive(frame(0, bytes.fromhex("06 0001 0001"))) == [Request(0, 0, b"\6\0\1\0\1")]


def noise(kind, rng):
    """Bytes that are no request to unit 1, as seen on real lines."""
    wrong = GOOD[:-1] + bytes((GOOD[-1] ^ 1 << rng.randrange(8),))
    answer = frame(2, b"\x03\x08" + rng.randbytes(8))
    return {
        "bad crc": wrong,
        "bad first byte": bytes((GOOD[0] ^ 1 << rng.randrange(8),)) + GOOD[1:],
        "truncated by one": GOOD[:-1],
        "truncated": GOOD[: rng.randrange(1, 7)],
        "one stray byte": rng.randbytes(1),
        "leading zeros": bytes(rng.randrange(1, 5)),
        "leading ones": b"\xff" * rng.randrange(1, 5),
        "random": rng.randbytes(rng.randrange(1, 40)),
        "300 bytes": rng.randbytes(300),
        "neighbour's request": frame(2, READ),
        "neighbour's answer": answer,
        "neighbour's exchange": frame(2, READ) + answer,
        "neighbour's exception": frame(2, b"\x83\x02"),
        "neighbour's write and echo": frame(2, bytes.fromhex("06 0001 0005")) * 2,
        "neighbour's long write": frame(2, bytes.fromhex("10 0000 0004 08") + rng.randbytes(8)),
        "our own read answer echoed": frame(1, b"\x03\x04" + rng.randbytes(4)),
        "our own long write answer echoed": frame(1, bytes.fromhex("10 0000 0002")),
        "our own exception echoed": frame(1, b"\x83\x02"),
        "reserved address": frame(250, READ),
        "a neighbour's answer that contains a request to us": frame(2, bytes((3, len(GOOD))) + GOOD),
    }[kind]


KINDS = [
    "bad crc",
    "bad first byte",
    "truncated by one",
    "truncated",
    "one stray byte",
    "leading zeros",
    "leading ones",
    "random",
    "300 bytes",
    "neighbour's request",
    "neighbour's answer",
    "neighbour's exchange",
    "neighbour's exception",
    "neighbour's write and echo",
    "neighbour's long write",
    "our own read answer echoed",
    "our own long write answer echoed",
    "our own exception echoed",
    "reserved address",
    "a neighbour's answer that contains a request to us",
]


@pytest.mark.parametrize("kind", KINDS)
def test_after_noise_and_silence_the_next_good_frame_is_a_request(kind):
    rng = random.Random(kind)
    for _ in range(100):
        codec = RtuServerCodec({1})
        disturbed = codec.receive(noise(kind, rng)) + codec.silence()
        # A broadcast or a request may appear by a chance of 1 in 65536 per position: not with these seeds.
        assert ours(disturbed) == []
        assert codec.receive(GOOD) == [OURS]


@pytest.mark.parametrize("kind", KINDS)
def test_after_noise_without_any_silence_the_good_frame_is_found_at_its_end(kind):
    rng = random.Random(kind)
    for _ in range(100):
        codec = RtuServerCodec({1})
        assert ours(codec.receive(noise(kind, rng) + GOOD) + codec.silence()) == [OURS]


@given(st.lists(st.binary(max_size=100), max_size=50))
def test_noise_never_raises_and_never_piles_up(chunks):
    codec = RtuServerCodec({1})
    for chunk in chunks:
        codec.receive(chunk)
        assert len(codec._buffer) <= FRAME_MAX
    codec.silence()
    assert codec.receive(GOOD) == [OURS]


def test_an_answer_whose_checksum_ends_in_zero_is_not_taken_for_the_shorter_request_inside():
    # 01 03 04 55 8f 94 .. ..: the first eight of these nine bytes are a read request with a good checksum.
    data = next(i for i in range(1 << 16) if frame(1, b"\x03\x04\x55\x8f" + i.to_bytes(2, "big"))[-1] == 0)
    echoed = frame(1, b"\x03\x04\x55\x8f" + data.to_bytes(2, "big"))
    assert crc16(echoed[:8]) == 0
    assert RtuServerCodec({1}).receive(echoed) == []


def test_a_lying_byte_count_under_a_good_checksum_is_a_request_to_refuse_and_costs_nothing_more():
    codec = RtuServerCodec({1})
    lying = bytes.fromhex("10 0000 0001 f0 0001")
    assert codec.receive(frame(1, lying)) == []
    assert codec.silence() == [Request(0, 1, lying)]
    assert codec.receive(GOOD) == [OURS]


def test_silence_after_noise_says_what_was_dropped():
    codec = RtuServerCodec({1})
    codec.receive(GOOD[:5])
    assert codec.silence() == [Malformed("5 bytes without a frame to this device")]
    assert codec.silence() == []


def test_a_frame_torn_by_a_gap_is_given_up_until_silence():
    codec = RtuServerCodec({1})
    codec.receive(GOOD[:4])
    assert isinstance(codec.spoil()[0], Malformed)
    assert codec.receive(GOOD[4:]) == []
    assert codec.receive(GOOD) == []
    codec.silence()
    assert codec.receive(GOOD) == [OURS]
