"""The Read service's bytes, against the specification by hand and against another codec."""

from io import BytesIO

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import nodeid_from_binary, nodeid_to_binary, struct_from_binary, struct_to_binary

from emulator.devices.opcua import readservice, values

TOKEN = ua.NodeId(b"t" * 32, 0, ua.NodeIdType.ByteString)


def _request(**header) -> bytes:
    request = ua.ReadRequest()
    request.RequestHeader.AuthenticationToken = TOKEN
    request.RequestHeader.RequestHandle = 7
    for name, value in header.items():
        setattr(request.RequestHeader, name, value)
    request.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId("a", 2), ua.AttributeIds.Value)]
    return struct_to_binary(request)


def test_an_answer_is_what_another_codec_reads():
    results = [
        values.data_value(values.scalar("Double", 2.5), 0, None, None),
        values.data_value(None, 0x808C0000, 5, 6),
    ]
    data = BytesIO(readservice.read_response(9, values.UNIX_EPOCH_TICKS, results))
    assert nodeid_from_binary(data).Identifier == ua.ObjectIds.ReadResponse_Encoding_DefaultBinary
    header = struct_from_binary(ua.ResponseHeader, data)
    assert (header.RequestHandle, header.ServiceResult.value, header.Timestamp.year) == (9, 0, 1970)
    count = int.from_bytes(data.read(4), "little")
    read = [struct_from_binary(ua.DataValue, data) for _ in range(count)]
    assert [value.Value.Value for value in read] == [2.5, None]
    assert [value.StatusCode.value for value in read] == [0, 0x808C0000]
    assert data.read() == b"\0\0\0\0"


def test_an_ordinary_request_is_split_into_handle_and_parameters():
    handle, parameters = readservice.split_read(_request(), nodeid_to_binary(TOKEN))
    assert handle == 7
    assert struct_from_binary(ua.ReadParameters, BytesIO(parameters)).NodesToRead[0].NodeId.Identifier == "a"


@pytest.mark.parametrize(
    "message",
    [
        _request(AuditEntryId="who"),
        _request(AuthenticationToken=ua.NodeId(b"s" * 32, 0, ua.NodeIdType.ByteString)),
        _request()[:40],
        b"",
        struct_to_binary(ua.WriteRequest()),
    ],
    ids=["audited", "string_token", "cut_short", "empty", "write"],
)
def test_anything_else_is_left_to_the_library(message):
    assert readservice.split_read(message, nodeid_to_binary(TOKEN)) is None


@pytest.mark.parametrize("size", [1, 8168, 8169, 50_000])
def test_chunks_are_numbered_bounded_and_add_up(size):
    body = bytes(i % 251 for i in range(size))
    joined, last = readservice.plain_chunks(body, 8192, channel=6, token=13, request=99, sequence=4)
    found, sequences, kinds = b"", [], b""
    while joined:
        length = int.from_bytes(joined[4:8], "little")
        assert length <= 8192
        kinds += joined[3:4]
        words = [int.from_bytes(joined[i : i + 4], "little") for i in (8, 12, 16, 20)]
        assert (words[0], words[1], words[3]) == (6, 13, 99)
        sequences.append(words[2])
        found += joined[24:length]
        joined = joined[length:]
    assert found == body
    assert kinds == b"C" * (len(kinds) - 1) + b"F"
    assert sequences == list(range(5, 5 + len(sequences)))
    assert last == sequences[-1]


def test_a_sequence_number_wraps_to_one():
    joined, last = readservice.plain_chunks(b"x", 8192, 1, 1, 1, 0xFFFF_FFFF)
    assert (int.from_bytes(joined[16:20], "little"), last) == (1, 1)
