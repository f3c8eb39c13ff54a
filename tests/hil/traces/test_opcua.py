"""The decoder on bytes of known meaning, on the library's own, and on rubbish."""

import struct
from datetime import UTC, datetime

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary, variant_to_binary
from hypothesis import given
from hypothesis import strategies as st

from hil.traces.opcua import Decoder, decode
from hil.traces.opcua_binary import Reader, time_text
from hil.traces.opcua_names import CODES, MESSAGES, STATUS, status_name
from hil.traces.tap import Piece


def _msg(body, sequence=1, request=1, final=b"F", channel=5, token=1):
    return struct.pack("<3scIIIII", b"MSG", final, 24 + len(body), channel, token, sequence, request) + body


def _response(kind, **fields):
    response = kind()
    for name, value in fields.items():
        setattr(response, name, value)
    return _msg(struct_to_binary(response))


def _line(data, direction="down"):
    return decode([Piece(0, direction, data)])[0]


def test_a_read_is_told_with_values_status_and_times():
    when = datetime(2025, 1, 1, 0, 0, 1, tzinfo=UTC)
    good = ua.DataValue(ua.Variant(1.5, ua.VariantType.Double), SourceTimestamp=when)
    doubted = ua.DataValue(ua.Variant(None), ua.StatusCode(ua.StatusCodes.BadSensorFailure))
    assert _line(_response(ua.ReadResponse, Results=[good, doubted])) == (
        "← MSG seq 1 req 1 ReadResponse: Double 1.5, Good, source 2025-01-01T00:00:01.000; no value, Bad_SensorFailure"
    )


def test_a_publish_response_is_told_with_its_notifications():
    item = ua.MonitoredItemNotification(7, ua.DataValue(ua.Variant(2, ua.VariantType.Int32)))
    change = ua.DataChangeNotification(MonitoredItems=[item])
    status = ua.StatusChangeNotification(Status=ua.StatusCode(ua.StatusCodes.BadTimeout))
    message = ua.NotificationMessage(SequenceNumber=3, NotificationData=[change, status])
    result = ua.PublishResult(4, [2, 3], True, message, [ua.StatusCode()])
    assert _line(_response(ua.PublishResponse, Parameters=result)).partition(": ")[2] == (
        "subscription 4, message 3: 7 = Int32 2, Good; status change Bad_Timeout, more to come, kept 2, 3"
    )


def test_a_service_fault_tells_its_status():
    fault = ua.ServiceFault()
    fault.ResponseHeader.ServiceResult = ua.StatusCode(ua.StatusCodes.BadTooManyPublishRequests)
    assert _line(_msg(struct_to_binary(fault))).endswith("ServiceFault: Bad_TooManyPublishRequests")


def test_chunks_are_joined_wherever_they_are_cut():
    whole = _response(ua.ReadResponse, Results=[ua.DataValue(ua.Variant("x" * 100))])[24:]
    data = _msg(whole[:50], 1, 9, b"C") + _msg(whole[50:], 2, 9)
    decoder = Decoder()
    lines = [line for i in range(len(data)) for line in decoder.lines("down", data[i : i + 1])]
    assert lines[0] == "← MSG C seq 1 req 9 50 bytes"
    assert lines[1].startswith("← MSG seq 2 req 9 (2 chunks, ")


def test_an_abort_and_an_error_tell_why():
    why = struct.pack("<Ii", CODES["Bad_ResponseTooLarge"], 3) + b"big"
    assert _line(_msg(why, final=b"A")) == "← MSG A seq 1 req 1 abort Bad_ResponseTooLarge: big"
    error = struct.pack("<3scIIi", b"ERR", b"F", 16, CODES["Bad_Timeout"], -1)
    assert _line(error) == "← ERR Bad_Timeout"


def test_rubbish_is_named_and_what_is_unfinished_too():
    assert _line(b"GET / HTTP/1.1") == "← 47 45 54 20 2f 20 48 54 begins no chunk; 14 bytes"
    assert _line(_msg(b"")[:20]) == "← 20 bytes of an unfinished chunk: b'MSGF'"
    assert "not understood" in _line(_msg(b"\x01\x00\x7a\x02"))


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(data):
    decode([Piece(0, "up", data), Piece(0, "down", _msg(data))])


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (True, ua.VariantType.Boolean, "Boolean true"),
        (float("nan"), ua.VariantType.Double, "Double nan"),
        ([1, 2, 3, 4], ua.VariantType.UInt16, "UInt16[4] 1, 2, 3, …"),
        ("å", ua.VariantType.String, "String 'å'"),
        (ua.NodeId("a", 3), ua.VariantType.NodeId, "NodeId ns=3;s=a"),
        (ua.Range(0, 1), ua.VariantType.ExtensionObject, "ExtensionObject Range"),
    ],
)
def test_variants_are_told(value, kind, text):
    assert Reader(variant_to_binary(ua.Variant(value, kind))).variant() == text


def test_names_are_the_specifications():
    for number, name in MESSAGES.items():
        if name != "ServiceFault":
            assert getattr(ua.ObjectIds, f"{name}_Encoding_DefaultBinary") == number
    for code, name in STATUS.items():
        assert getattr(ua.StatusCodes, name.replace("_", "")) == code


def test_info_bits_are_told():
    assert status_name(0x0000_0480) == "Good Overflow"
    assert status_name(0x4094_4000 | 0x0500) == "Uncertain_EngineeringUnitsExceeded SemanticsChanged LimitLow"
    assert (time_text(0), time_text(2**63 - 1)) == ("null", "beyond 9999")
