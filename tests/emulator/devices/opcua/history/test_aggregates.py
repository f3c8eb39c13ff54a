"""The past between its records and over intervals, against slow obvious counterparts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.devices.opcua.history import aggregates
from emulator.devices.opcua.history.track import (
    BAD_BOUND_NOT_FOUND,
    BAD_NO_DATA,
    CALCULATED,
    INTERPOLATED,
    MULTIPLE,
    PARTIAL,
    UNCERTAIN_DATA_SUBNORMAL,
    Configuration,
    Track,
)

GOOD, UNCERTAIN, BAD = 0, 0x40900000, 0x808C0000
PLAIN = Configuration()


def _track(*records, stepped=False):
    ticks, values, status = zip(*records, strict=True) if records else ((), (), ())
    return Track(
        np.array(ticks, dtype=np.int64), np.array(values, dtype=float), np.array(status, dtype=np.uint32), stepped
    )


# The data and requests of OPC 10000-11, annex A's table of ReadRaw examples: records at 5:00, 5:02, 5:03, 5:05, 5:06.
FIVE = _track(*((minute, float(minute), GOOD) for minute in (500, 502, 503, 505, 506)))


@pytest.mark.parametrize(
    ("start", "end", "bounds", "found"),
    [
        (500, 505, False, [500, 502, 503]),
        (500, 505, True, [500, 502, 503, 505]),
        (501, 504, False, [502, 503]),
        (501, 504, True, [500, 502, 503, 505]),
        (505, 500, False, [505, 503, 502]),
        (505, 500, True, [505, 503, 502, 500]),
        (504, 501, False, [503, 502]),
        (504, 501, True, [505, 503, 502, 500]),
        (459, 505, False, [500, 502, 503]),
        (459, 505, True, [(459, BAD_BOUND_NOT_FOUND), 500, 502, 503, 505]),
        (501, 507, True, [500, 502, 503, 505, 506, (507, BAD_BOUND_NOT_FOUND)]),
        (507, 459, True, [(507, BAD_BOUND_NOT_FOUND), 506, 505, 503, 502, 500, (459, BAD_BOUND_NOT_FOUND)]),
        (500, None, False, [500, 502, 503, 505, 506]),
        (501, None, True, [500, 502, 503, 505, 506]),
        (None, 504, False, [503, 502, 500]),
        (None, 504, True, [505, 503, 502, 500]),
        (500, 500, False, [500]),
        (500, 500, True, [500]),
        (501, 501, False, []),
        (501, 501, True, [500, 502]),
    ],
)
def test_raw_records_come_as_the_standards_examples_say(start, end, bounds, found):
    got = [(v.ticks, v.status) for v in FIVE.between(start, end, bounds=bounds)]
    assert got == [one if isinstance(one, tuple) else (one, GOOD) for one in found]


HOLED = _track((10, 1.0, GOOD), (20, 2.0, BAD), (30, 5.0, GOOD), (40, 7.0, UNCERTAIN), (50, 9.0, GOOD))


@pytest.mark.parametrize(
    ("ticks", "simple", "value", "status"),
    [
        (9, False, None, BAD_NO_DATA),
        (10, False, 1.0, GOOD),
        (15, False, 2.0, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED),
        (30, False, 5.0, GOOD),
        (45, False, 8.0, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED),
        (60, False, 9.0, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED),
        (15, True, 1.0, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED),
        (25, True, None, BAD_NO_DATA),
        (60, True, 9.0, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED),
    ],
)
def test_a_value_between_records_leans_on_good_neighbours(ticks, simple, value, status):
    found = HOLED.at(ticks, PLAIN, simple=simple)
    assert (found.value, found.status, found.ticks) == (value, status, ticks)


def test_between_two_good_neighbours_lies_a_straight_line_or_a_step():
    records = (0, 1.0, GOOD), (10, 3.0, GOOD)
    assert _track(*records).at(5, PLAIN) == aggregates.Value(2.0, INTERPOLATED, 5)
    assert _track(*records, stepped=True).at(5, PLAIN) == aggregates.Value(1.0, INTERPOLATED, 5)
    sloped = Configuration(sloped_extrapolation=True)
    assert _track(*records).at(20, sloped).value == 5.0


def test_a_record_of_that_very_time_is_kept_where_the_record_is_asked_for():
    assert HOLED.at(20, PLAIN, keep_raw=True).status == BAD
    assert HOLED.at(20, PLAIN).status == UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED


def test_uncertain_records_count_as_good_where_the_configuration_says_so():
    lenient = Configuration(treat_uncertain_as_bad=False)
    assert HOLED.at(40, lenient).value == 7.0
    count = [v.value for v in aggregates.processed(HOLED, aggregates.count, 10, 50, 0, lenient)]
    assert count == [3.0]


def test_no_good_records_no_value():
    bad = _track((10, 1.0, BAD), (20, 2.0, BAD))
    for function in (aggregates.average, aggregates.minimum, aggregates.value_range):
        assert next(aggregates.processed(bad, function, 10, 20, 0, PLAIN)).status & ~PARTIAL == BAD_NO_DATA
    assert (
        next(iter(aggregates.processed(_track(), aggregates.count, 0, 10, 10, PLAIN))).status & ~PARTIAL == BAD_NO_DATA
    )


def test_extremes_know_their_time():
    track = _track((0, 2.0, GOOD), (3, 1.0, GOOD), (5, 1.0, GOOD), (8, 4.0, GOOD), (10, 0.0, GOOD))
    one = next(aggregates.processed(track, aggregates.minimum_actual_time, 0, 10, 10, PLAIN))
    assert (one.value, one.ticks, one.status) == (1.0, 3, MULTIPLE)
    one = next(aggregates.processed(track, aggregates.maximum_actual_time, 10, 0, 0, PLAIN))
    assert (one.value, one.ticks) == (4.0, 8)
    assert next(aggregates.processed(track, aggregates.minimum, 3, 10, 0, PLAIN)).status == GOOD  # raw: at the start
    assert next(aggregates.processed(track, aggregates.minimum, 0, 10, 0, PLAIN)).status == CALCULATED


def test_the_time_average_weighs_by_time():
    track = _track((0, 0.0, GOOD), (10, 10.0, GOOD), (40, 10.0, GOOD))
    assert next(aggregates.processed(track, aggregates.time_average, 0, 40, 0, PLAIN)).value == pytest.approx(8.75)
    inner = next(aggregates.processed(track, aggregates.time_average, 5, 15, 0, PLAIN))
    assert (inner.value, inner.status) == (pytest.approx(8.75), CALCULATED)


records = st.lists(
    st.tuples(st.integers(0, 200), st.floats(-1e3, 1e3), st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD])),
    max_size=25,
    unique_by=lambda r: r[0],
).map(sorted)


def _slow(track_records, start, end, step):
    """Return [(start, good values, number of all records)] of each interval, by asking every record."""
    sign = 1 if end > start else -1
    step = step or abs(end - start)
    out = []
    at = start
    while (at < end) if sign > 0 else (at > end):
        stop = at + sign * step
        stop = min(stop, end) if sign > 0 else max(stop, end)
        inside = [r for r in track_records if (at <= r[0] < stop if sign > 0 else stop < r[0] <= at)]
        out.append((at, [r[1] for r in inside if r[2] == GOOD], len(inside)))
        at += sign * step
    return out


@settings(max_examples=60, deadline=None)
@given(records, st.integers(0, 200), st.integers(0, 200), st.integers(0, 70))
def test_aggregates_are_what_counting_by_hand_gives(data, start, end, step):
    if start == end:
        return
    track = _track(*data)
    by_hand = _slow(data, start, end, step)
    for function, slow in (
        (aggregates.average, lambda v: math.fsum(v) / len(v)),
        (aggregates.minimum, min),
        (aggregates.maximum, max),
        (aggregates.value_range, lambda v: max(v) - min(v)),
        (aggregates.count, len),
    ):
        found = list(aggregates.processed(track, function, start, end, step, PLAIN))
        assert [v.ticks for v in found] == [at for at, _, _ in by_hand]
        for value, (_, good, number) in zip(found, by_hand, strict=True):
            severity = value.status & 0xC0000000
            if good:
                assert value.value == pytest.approx(slow(good), abs=1e-9)
                assert severity == (0 if len(good) == number else 0x40000000)
            else:
                assert value.value is None
                assert severity == 0x80000000


@settings(max_examples=60, deadline=None)
@given(records, st.integers(0, 220))
def test_interpolation_is_what_looking_for_neighbours_gives(data, ticks):
    found = _track(*data).at(ticks, PLAIN)
    good = [r for r in data if r[2] == GOOD]
    before = [r for r in good if r[0] <= ticks]
    after = [r for r in good if r[0] > ticks]
    if not before:
        assert (found.value, found.status) == (None, BAD_NO_DATA)
    elif before[-1][0] == ticks or not after:
        assert found.value == before[-1][1]
    else:
        assert found.value == pytest.approx(
            float(np.interp(ticks, [before[-1][0], after[0][0]], [before[-1][1], after[0][1]]))
        )
