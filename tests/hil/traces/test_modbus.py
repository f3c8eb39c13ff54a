import pytest

from hil.traces.modbus import ascii_frame, lines, rtu
from hil.traces.modbus_pdu import describe
from hil.traces.tap import Piece


def talk(*pieces, framing="tcp"):
    return lines([Piece(1, way, bytes.fromhex(data)) for way, data in pieces], framing)


def test_a_request_and_its_answer_are_told_in_words():
    assert talk(("up", "0001 0000 0006 05 03 000A 0002"), ("down", "0001 0000 0007 05 03 04 0102 0304")) == [
        "→ id 1 unit 5  read holding registers: 2 registers from 10  [00 01 00 00 00 06 05 03 00 0a 00 02]",
        "← id 1 unit 5  read holding registers: 0102 0304  [00 01 00 00 00 07 05 03 04 01 02 03 04]",
    ]


@pytest.mark.parametrize(
    ("answer", "objection"),
    [
        ("0002 0000 0005 05 03 02 0102", "! no such request is open"),
        ("0001 0000 0005 06 03 02 0102", "! unit 5 was asked"),
        ("0001 0000 0005 05 04 02 0102", "! function 3 was asked"),
        ("0001 0000 0007 05 03 04 0102 0304", "! 2 bytes were asked"),
        ("0001 0000 0005 05 03 04 0102", "! byte count 4, 2 bytes of data"),
        ("0001 0001 0005 05 03 02 0102", "! protocol id 1"),
        ("0001 0000 00ff 05 03 02 0102", "! length 255"),
        ("0001 0000 0009 05 03 02 0102", "! 11 bytes of a frame that does not end"),
        ("0001 0000 0002 05 83", "! without a code"),
        ("0001 0000 0004 05 83 02 00", "! 1 bytes too many"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(answer, objection):
    *_, last = talk(("up", "0001 0000 0006 05 03 000A 0001"), ("down", answer))
    assert objection in last


def test_frames_in_one_piece_are_told_apart_and_a_frame_in_two_pieces_is_joined():
    request = "0001 0000 0006 05 03 000A 0001"
    split = talk(
        ("up", request[:12]), ("up", request[12:]), ("down", "0001 0000 0003 05 83 02 0001 0000 0003 05 83 02")
    )
    assert len(split) == 3
    assert "exception 02 illegal data address" in split[1]
    assert "! no such request is open" in split[2]


def test_the_other_framings_know_their_checksums():
    assert rtu(bytes.fromhex("11 03 006B 0003 76 87"))[:4] == (None, 0x11, bytes.fromhex("03 006B 0003"), "")
    assert "! CRC 0000, should be 8776" in rtu(bytes.fromhex("11 03 006B 0003 00 00")).wrong
    assert ascii_frame(b":1103006B00037E\r\n")[:4] == (None, 0x11, bytes.fromhex("03 006B 0003"), "")
    assert "! LRC 7F, should be 7E" in ascii_frame(b":1103006B00037F\r\n").wrong
    assert "not hexadecimal" in ascii_frame(b":11zz\r\n").wrong


@pytest.mark.parametrize("function", range(256))
def test_any_bytes_at_all_have_a_line(function):
    for size in (0, 1, 2, 3, 5, 9, 30):
        for request in (True, False):
            assert describe(bytes([function]) + bytes(range(size)), request=request)
