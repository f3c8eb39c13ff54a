"""Publish responses decoded by column, against asyncua's encoder as the other party."""

import contextlib
from datetime import UTC, datetime

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.connectors.opcua_notifications import changes_in_order, decode_publish, decode_republish
from twin.connectors.opcua_values import UndecodableError

TIME = datetime(2025, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
TIME_NS = 1_735_732_800_123_456_000


def item(handle, value, kind=ua.VariantType.Double, status=0, source=TIME, server=TIME):
    data = ua.DataValue(ua.Variant(value, kind), ua.StatusCode(status), source, server)
    return ua.MonitoredItemNotification(handle, data)


def message(*items, sequence=5, more=(), extra=()):
    change = ua.DataChangeNotification(list(items))
    return ua.NotificationMessage(sequence, TIME, [*([change] if items else []), *extra])


def publish(*items, sequence=5, result=0, acks=(), extra=()):
    response = ua.PublishResponse()
    response.ResponseHeader.ServiceResult = ua.StatusCode(result)
    response.Parameters.SubscriptionId = 7
    response.Parameters.AvailableSequenceNumbers = [4, 5]
    response.Parameters.MoreNotifications = True
    response.Parameters.NotificationMessage = message(*items, sequence=sequence, extra=extra)
    response.Parameters.Results = [ua.StatusCode(code) for code in acks]
    return struct_to_binary(response)


def flat(changes):
    return [(h, v.value, v.status, v.source_ns, v.server_ns) for h, v in changes_in_order(changes)]


def test_the_frame_of_a_response():
    got = decode_publish(publish(item(1, 2.5), acks=(0, 0x807A0000)))
    assert (got.subscription, got.available, got.more, got.sequence) == (7, (4, 5), True, 5)
    assert got.results == (0, 0x807A0000)
    assert flat(got.changes) == [(1, 2.5, 0, TIME_NS, TIME_NS)]


def test_a_keep_alive_and_a_status_change():
    assert decode_publish(publish(sequence=9)).changes is None
    change = ua.StatusChangeNotification(ua.StatusCode(0x800A0000))
    assert decode_publish(publish(extra=(change,))).status == 0x800A0000


def test_a_fault_says_only_why():
    fault = ua.ServiceFault()
    fault.ResponseHeader.ServiceResult = ua.StatusCode(0x80780000)
    assert decode_publish(struct_to_binary(fault)).result == 0x80780000
    assert decode_republish(struct_to_binary(fault)).result == 0x80780000


def test_a_republished_message():
    response = ua.RepublishResponse()
    response.NotificationMessage = message(item(3, 1.5), sequence=11)
    got = decode_republish(struct_to_binary(response))
    assert (got.sequence, flat(got.changes)) == (11, [(3, 1.5, 0, TIME_NS, TIME_NS)])


@pytest.mark.parametrize("count", [1, 15, 16, 5000])
def test_alike_rows_are_one_table(count):
    values = np.random.default_rng(3).normal(size=count)
    got = decode_publish(publish(*(item(k, float(v)) for k, v in enumerate(values)))).changes
    assert len(got.columns) == 1
    (run,) = got.columns
    np.testing.assert_array_equal(run.values, values)
    np.testing.assert_array_equal(run.handles, np.arange(count))


SHAPES = st.tuples(
    st.sampled_from(["Double", "Float", "Int32", "UInt64", "Boolean", "Null", "String", "Array"]),
    st.integers(0, 100),
    st.sampled_from([0, 0x808C0000]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1, 1, 1, 20, 70]),
)


def built(shape, handle):
    kind, value, status, source, server, _ = shape
    if kind == "Array":
        content, kind = [float(value)], "Double"
    else:
        content = {"Boolean": value % 2 == 0, "Null": None, "String": str(value)}.get(kind, value)
    return item(handle, content, ua.VariantType[kind], status, TIME if source else None, TIME if server else None)


@given(st.lists(SHAPES, max_size=12))
@settings(max_examples=60, deadline=None)
def test_rows_of_any_shape_come_out_as_they_went_in(shapes):
    items, handle = [], 0
    for shape in shapes:
        for _ in range(shape[-1]):
            items.append(built(shape, handle))
            handle += 1
    got = decode_publish(publish(*items)).changes
    found = {} if got is None else dict(changes_in_order(got))
    assert sorted(found) == list(range(handle))
    for one in items:
        wanted, value = one.Value, found[one.ClientHandle]
        content = wanted.Value.Value
        if isinstance(content, list):
            assert value.value.tolist() == content
        else:
            assert value.value == content
        assert value.status == (wanted.StatusCode.value if wanted.StatusCode else 0)
        assert value.source_ns == (TIME_NS if wanted.SourceTimestamp else None)
        assert value.server_ns == (TIME_NS if wanted.ServerTimestamp else None)


WHOLE = publish(*(item(k, float(k)) for k in range(40)), item(40, "x", ua.VariantType.String), acks=(0,))


@given(st.binary(max_size=40), st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_else(junk, start, end):
    for decode in (decode_publish, decode_republish):
        with contextlib.suppress(UndecodableError):
            decode(WHOLE[:start] + junk + WHOLE[end:])
