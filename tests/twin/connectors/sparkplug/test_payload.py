"""Payloads by the oracle's bytes, and bytes that are none."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import sparkplug_bytes as sp
from twin.connectors.sparkplug.payload import MAX_DEPTH, PayloadError, array, decode_payload, number


def one(*args, **more):
    return decode_payload(sp.payload(sp.metric(*args, **more), t=5, seq=0)).metrics[0]


@pytest.mark.parametrize(
    ("kind", "wire", "value"),
    [
        (1, -1, -1), (1, 0x80, -128), (2, -32768, -32768), (3, -(2**31), -(2**31)), (4, -1, -1), (5, 255, 255),
        (6, 65535, 65535), (7, 2**32 - 1, 2**32 - 1), (8, 2**64 - 1, 2**64 - 1), (8, 2**53 + 1, 2**53 + 1),
        (9, 1.5, 1.5), (10, -0.1, -0.1), (11, 1, 1), (13, 1_700_000_000_000, 1_700_000_000_000),
    ],
)  # fmt: skip
def test_every_number_is_exact(kind, wire, value):
    metric = one("m", wire, kind)
    assert number(metric, kind) == value
    assert isinstance(number(metric, kind), int) == (kind not in (9, 10))


def test_a_number_in_the_field_of_another_type_is_none():
    assert number(one("m", 1, 3), 4) is None
    assert number(one("m", "text", 12), 10) is None


def test_names_flags_and_properties():
    metric = one(
        "a/b", 3.0, 10, alias=7, t=9, historical=True, props={"Quality": (3, 192), "rate_hz": (10, 2.5), "n": (3, -1)}
    )
    assert (metric.name, metric.alias, metric.timestamp, metric.historical) == ("a/b", 7, 9, True)
    assert metric.properties == {"Quality": 192, "rate_hz": 2.5, "n": -1}
    assert one("a", kind=10, null=True).null


@pytest.mark.parametrize(("kind", "dtype"), [(9, "<f4"), (10, "<f8")])
def test_one_column_of_floats_is_read_as_a_block(kind, dtype):
    samples = np.random.default_rng(1).normal(size=300).astype(dtype)
    table = one("w", sp.dataset([("value", kind)], [[float(x)] for x in samples]), 16).value
    assert table.columns == ("value",)
    assert isinstance(table.values[0], np.ndarray)
    np.testing.assert_array_equal(table.values[0], samples)


def test_a_mixed_table_cell_by_cell():
    rows = [[-1, 2.5], [7, math.inf]]
    table = one(
        "t",
        sp.dataset([("i", 3), ("x", 10)], [[v & 0xFFFFFFFF if k == 0 else v for k, v in enumerate(r)] for r in rows]),
        16,
    ).value
    assert table.values[0] == [-1, 7]
    assert table.values[1].tolist() == [2.5, math.inf]


def test_arrays():
    data = np.arange(5, dtype="<f4")
    np.testing.assert_array_equal(array(one("w", data.tobytes(), 30), 30), data)
    assert array(one("w", data.tobytes()[:-1], 30), 30) is None


def nested(levels):
    inner = sp.metric("x", 1.0, 10)
    for _ in range(levels):
        inner = sp.metric("t", sp.template(inner), 19)
    return sp.payload(inner, seq=0)


def test_depth_has_a_limit():
    decode_payload(nested(MAX_DEPTH))
    with pytest.raises(PayloadError, match="levels"):
        decode_payload(nested(MAX_DEPTH + 1))


WHOLE = sp.payload(
    sp.metric("a", 1.0, 10, props={"Quality": (3, 192)}),
    sp.metric("t", sp.template(sp.metric("b", 5, 3), reference="T"), 19),
    sp.metric("d", sp.dataset([("v", 9)], [[1.0], [2.0]]), 16),
    t=1, seq=3,
)  # fmt: skip


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_else(junk, start, end):
    with contextlib.suppress(PayloadError):
        decode_payload(WHOLE[:start] + junk + WHOLE[end:])


@pytest.mark.parametrize(
    "data", [b"\x12\xff\xff\xff\xff\x0f", b"\x0f", b"\x08" + b"\xff" * 11, b"\x12\x05ab", b"\x00\x01"]
)
def test_malformed(data):
    with pytest.raises(PayloadError):
        decode_payload(data)
