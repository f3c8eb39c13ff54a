import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.devices.sparkplug.datatypes import ARRAYS, BLOBS, WORDS, DataType, array_bytes, array_values, bounds, held
from emulator.devices.sparkplug.decode import decode
from emulator.devices.sparkplug.encode import encode
from emulator.devices.sparkplug.payload import DataSet, Metric, Parameter, Payload, Property, SampleColumn, Template
from emulator.devices.sparkplug.protobuf import PayloadError
from hil.traces.sparkplug import describe
from tests.oracles.sparkplug import plain

SCALARS = [kind for kind in DataType if bounds(kind)] + [DataType.FLOAT, DataType.DOUBLE, DataType.BOOLEAN, *WORDS]
NUMBERS = st.integers(0, 2**64 - 1)


def values(kind):
    if bounds(kind):
        return st.integers(*bounds(kind))
    if kind in WORDS:
        return st.text(max_size=8)
    if kind is DataType.BOOLEAN:
        return st.booleans()
    return st.floats(allow_nan=False, width=32 if kind is DataType.FLOAT else 64)


def typed(maker):
    return st.sampled_from(SCALARS).flatmap(lambda kind: st.builds(maker, st.just(kind), st.none() | values(kind)))


PROPERTIES = st.lists(st.tuples(st.text(max_size=5), typed(Property)), max_size=3).map(tuple)
TABLES = st.lists(st.sampled_from(SCALARS), min_size=1, max_size=3).flatmap(
    lambda kinds: st.builds(
        DataSet, st.just(tuple(f"c{n}" for n in range(len(kinds)))), st.just(tuple(kinds)),
        st.lists(st.tuples(*map(values, kinds)), max_size=3).map(tuple),
    )
)  # fmt: skip


@st.composite
def metrics(draw, depth=0):
    pick = draw(st.integers(0, 3 if depth < 2 else 2))
    if pick == 0:
        kind, value = DataType.DATASET, draw(TABLES)
    elif pick == 3:
        inner = tuple(draw(st.lists(metrics(depth=depth + 1), max_size=2)))
        parameters = tuple(draw(st.lists(typed(lambda kind, value: Parameter("p", kind, value)), max_size=2)))
        value = Template(
            inner,
            parameters,
            draw(st.none() | st.text(max_size=3)),
            draw(st.none() | st.text(max_size=3)),
            draw(st.booleans()),
        )
        kind = DataType.TEMPLATE
    else:
        kind = draw(st.sampled_from([*SCALARS, *BLOBS]))
        value = draw(st.none() | (st.binary(max_size=9) if kind in BLOBS else values(kind)))
    name, alias = draw(st.none() | st.text(max_size=9)), draw(st.none() | NUMBERS)
    return Metric(
        name,
        alias,
        draw(st.none() | NUMBERS),
        kind,
        value,
        None,
        draw(PROPERTIES),
        draw(st.booleans()),
        draw(st.booleans()),
    )


PAYLOADS = st.builds(
    Payload, st.none() | NUMBERS, st.lists(metrics(), max_size=4).map(tuple), st.none() | st.integers(0, 255),
    st.none() | st.text(max_size=5), st.none() | st.binary(max_size=9),
)  # fmt: skip


@given(PAYLOADS)
@settings(max_examples=50, deadline=None)
def test_what_is_encoded_is_what_is_decoded(payload):
    assert decode(encode(payload)) == payload


@given(PAYLOADS)
@settings(max_examples=30, deadline=None)
def test_two_other_readers_agree(payload):
    data = encode(payload)
    seen = plain(data)
    assert seen["seq"] == payload.seq
    assert [m["name"] for m in seen["metrics"]] == [m.name for m in payload.metrics]
    for mine, theirs in zip(payload.metrics, seen["metrics"], strict=True):
        assert (mine.alias, mine.timestamp, mine.value is None) == (
            theirs["alias"],
            theirs["timestamp"],
            theirs["null"],
        )
        if mine.type in (DataType.DOUBLE, DataType.BOOLEAN, DataType.UINT64) and mine.value is not None:
            assert theirs["value"] == mine.value
    words, at_ms = describe(data)
    assert "no payload" not in words
    assert at_ms == payload.timestamp


def test_a_payload_of_the_specification_comes_out_byte_for_byte():
    # A birth as the published schema lays it out, written by hand.
    by_hand = bytes.fromhex(
        "08 e8 07"  # timestamp 1000
        "12 13 0a 05 6264536571 18 e8 07 20 04 58 ff ff ff ff ff ff ff ff ff 01"  # bdSeq, Int64, -1: see below
        "18 00"
    )
    fixed = by_hand.replace(b"\x12\x13", b"\x12\x17")  # the metric is 23 bytes long
    assert encode(Payload(1000, (Metric("bdSeq", None, 1000, DataType.INT64, -1),), 0)) == fixed


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_noise_is_refused_or_read_and_never_breaks(data):
    with contextlib.suppress(PayloadError):
        decode(data)
    describe(data)


def test_a_payload_cut_anywhere_is_refused_or_shorter():
    rows = SampleColumn("sample", np.arange(5, dtype=np.float32))
    whole = encode(Payload(1, (Metric("a", 1, 2, DataType.DOUBLE, 2.5), Metric("w", 2, 2, DataType.DATASET, rows)), 3))
    for end in range(len(whole)):
        try:
            assert decode(whole[:end]) != decode(whole)
        except PayloadError:
            continue


def test_templates_nest_only_so_deep():
    metric = Metric("x", type=DataType.DOUBLE, value=1.0)
    for _ in range(9):
        metric = Metric("t", type=DataType.TEMPLATE, value=Template((metric,)))
    with pytest.raises(PayloadError, match="deeper than 8"):
        decode(encode(Payload(metrics=(metric,))))


def test_samples_are_the_same_bytes_as_a_table():
    samples = np.array([1.5, -2.0, np.inf], np.float32)
    table = DataSet(("sample",), (DataType.FLOAT,), tuple((float(value),) for value in samples))
    quick, slow = (
        Payload(metrics=(Metric("w", type=DataType.DATASET, value=v),))
        for v in (SampleColumn("sample", samples), table)
    )
    assert encode(quick) == encode(slow)


@pytest.mark.parametrize("kind", [*ARRAYS, DataType.BOOLEAN_ARRAY])
def test_arrays_come_back(kind):
    values = np.array([True, False] * 5) if kind is DataType.BOOLEAN_ARRAY else np.arange(7, dtype=ARRAYS[kind])
    np.testing.assert_array_equal(array_values(kind, array_bytes(kind, values)), values)


def test_string_arrays_end_each_with_a_zero():
    assert array_values(DataType.STRING_ARRAY, array_bytes(DataType.STRING_ARRAY, ("a", "", "ö"))) == ("a", "", "ö")
    with pytest.raises(ValueError, match="zero byte"):
        array_values(DataType.STRING_ARRAY, b"a")


def test_a_reading_is_held_as_its_type_can():
    assert held(DataType.UINT8, 300.0) == 255
    assert held(DataType.INT8, -1.6) == -2
    assert held(DataType.INT32, float("nan")) is None
    assert held(DataType.INT16, float("inf")) == 32_767
    assert held(DataType.FLOAT, 0.1) == float(np.float32(0.1))
    assert held(DataType.STRING, 1.5) == "1.5"
    assert held(DataType.BOOLEAN, 1.0) is True
