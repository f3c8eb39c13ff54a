"""DataValues decoded by the twin, against asyncua's encoder as the other party."""

from datetime import UTC, datetime

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from twin.connectors.opcua_values import UndecodableError, decode_data_values

TIME = datetime(2025, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
TIME_NS = 1_735_732_800_123_456_000


def encoded(*values):
    body = b"".join(struct_to_binary(value) for value in values)
    return len(values).to_bytes(4, "little") + body


def data_value(value, kind, status=0, source=TIME, server=TIME):
    return ua.DataValue(ua.Variant(value, kind), ua.StatusCode(status), source, server)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, ua.VariantType.Boolean),
        (-5, ua.VariantType.SByte),
        (200, ua.VariantType.Byte),
        (-30000, ua.VariantType.Int16),
        (60000, ua.VariantType.UInt16),
        (-2_000_000_000, ua.VariantType.Int32),
        (4_000_000_000, ua.VariantType.UInt32),
        (-(2**62), ua.VariantType.Int64),
        (2**63 + 1, ua.VariantType.UInt64),
        (0.5, ua.VariantType.Float),
        (1e300, ua.VariantType.Double),
        ("text", ua.VariantType.String),
        (None, ua.VariantType.Null),
    ],
)
def test_every_scalar_comes_out_as_it_went_in(value, kind):
    (got,) = decode_data_values(encoded(data_value(value, kind)), 0)
    assert got.value == value
    assert got.source_ns == got.server_ns == TIME_NS


@pytest.mark.parametrize("kind", [ua.VariantType.Float, ua.VariantType.Double, ua.VariantType.Int16])
def test_an_array_comes_out_as_numpy(kind):
    (got,) = decode_data_values(encoded(data_value([1, 2, 3], kind)), 0)
    np.testing.assert_array_equal(got.value, [1, 2, 3])


def test_values_of_all_shapes_follow_each_other():
    values = [
        data_value([1.0] * 9, ua.VariantType.Double),
        data_value(None, ua.VariantType.Null, 0x808C0000, None, None),
        data_value(7, ua.VariantType.UInt64, 0x40900000, None),
        data_value([], ua.VariantType.Float),
    ]
    first, second, third, fourth = decode_data_values(b"\xaa\xbb" + encoded(*values), 2)
    assert first.value.size == 9
    assert (second.value, second.status, second.source_ns) == (None, 0x808C0000, None)
    assert (third.value, third.status, third.source_ns, third.server_ns) == (7, 0x40900000, None, TIME_NS)
    assert fourth.value.size == 0


def test_the_last_hundred_nanoseconds_of_a_time_are_kept():
    ticks = 133_801_632_000_000_001
    data = (1).to_bytes(4, "little") + b"\x04" + ticks.to_bytes(8, "little")
    assert decode_data_values(data, 0)[0].source_ns == (ticks - 116_444_736_000_000_000) * 100


def test_the_year_1601_and_the_end_of_time_are_no_times():
    data = (2).to_bytes(4, "little") + b"\x04" + bytes(8) + b"\x04" + (2**63 - 1).to_bytes(8, "little")
    assert [value.source_ns for value in decode_data_values(data, 0)] == [None, None]


def test_a_cut_at_any_place_is_noticed():
    data = encoded(data_value([1.0, 2.0], ua.VariantType.Float), data_value(1.0, ua.VariantType.Double))
    for end in range(4, len(data)):
        with pytest.raises(UndecodableError):
            decode_data_values(data[:end], 0)


def test_an_array_longer_than_the_message_is_refused_without_room_being_made_for_it():
    data = (1).to_bytes(4, "little") + b"\x01\x8a" + (2**31 - 1).to_bytes(4, "little")
    with pytest.raises(UndecodableError, match="of which 0 came"):
        decode_data_values(data, 0)
