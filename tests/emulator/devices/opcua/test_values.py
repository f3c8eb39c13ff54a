"""Golden bytes, written out by hand from OPC 10000-6 §5.2, and a second decoder's opinion."""

from io import BytesIO

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.opcua import values

# 2025-01-01T00:00:00Z on the 1601 scale: (1_735_689_600 + 11_644_473_600) s · 10^7.
TICKS_2025 = 133_801_632_000_000_000


def test_a_time_is_exact_to_its_hundred_nanoseconds():
    assert values.ticks(1_735_689_600_000_000_000) == TICKS_2025
    assert values.ticks(1_735_689_600_000_000_100) == TICKS_2025 + 1
    assert values.ticks(1_735_689_600_000_000_199) == TICKS_2025 + 1


def test_times_outside_the_scale_stand_at_its_ends():
    assert values.ticks(-(10**21)) == 0
    assert values.ticks(10**21) == 2**63 - 1


def test_a_good_double_with_both_times_is_these_bytes():
    encoded = values.data_value(values.scalar("Double", 1.5), 0, 1, 2)
    expected = "0d0b000000000000f83f01000000000000000200000000000000"
    assert encoded.hex() == expected


def test_a_bad_value_has_a_status_and_no_value():
    encoded = values.data_value(None, 0x808C0000, 256, None)
    assert encoded.hex() == "0600008c800001000000000000"


def test_a_float_array_is_a_count_and_the_memory():
    assert values.float_array(np.array([1.0, -2.0], np.float32)).hex() == "8a020000000000803f000000c0"


def test_a_big_endian_array_comes_out_little_endian():
    assert values.float_array(np.array([1.0, -2.0], ">f4")) == values.float_array(np.array([1.0, -2.0], "<f4"))


@pytest.mark.parametrize(
    ("type_", "value", "golden"),
    [
        ("Boolean", True, "0101"),
        ("Int32", -2, "06feffffff"),
        ("UInt32", 2**32 - 1, "07ffffffff"),
        ("UInt64", 2**63, "090000000000000080"),
        ("Float", 1.0, "0a0000803f"),
    ],
)
def test_a_scalar_is_its_type_and_its_bytes(type_, value, golden):
    assert values.scalar(type_, value).hex() == golden


@pytest.mark.parametrize(
    ("type_", "value", "held"),
    [
        ("UInt32", -1.0, 0),
        ("UInt32", 1e12, 2**32 - 1),
        ("Int32", 2.6, 3),
        ("Int32", float("nan"), 0),
        ("Int32", float("inf"), 2**31 - 1),
        ("Boolean", 1.0, True),
        ("Float", 1e300, float(np.finfo(np.float32).max)),
    ],
)
def test_a_value_beyond_its_type_saturates(type_, value, held):
    assert values.fit(type_, value) == held


@pytest.mark.parametrize(
    ("times", "mask"),
    [(values.SOURCE, 0x05), (values.SERVER, 0x09), (values.BOTH, 0x0D), (values.NEITHER, 0x01)],
)
def test_only_the_times_asked_for_are_sent(times, mask):
    assert values.data_value(b"\x01\x01", 0, 1, 2, times)[0] == mask


@given(
    value=st.floats(allow_nan=False),
    status=st.sampled_from([0, 0x40900000, 0x808C0000]),
    microseconds=st.integers(0, 4_000_000_000_000_000),
)
def test_another_decoder_reads_what_was_written(value, status, microseconds):
    ticks = values.UNIX_EPOCH_TICKS + 10 * microseconds
    encoded = values.data_value(values.scalar("Double", value), status, ticks, ticks)
    read = struct_from_binary(ua.DataValue, BytesIO(encoded))
    assert (read.Value.Value, read.StatusCode.value) == (value, status)
    assert ua.datetime_to_win_epoch(read.SourceTimestamp) == ticks
