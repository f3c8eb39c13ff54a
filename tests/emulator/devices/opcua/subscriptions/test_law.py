"""Filter and queue against an obvious slow law, for single items and for groups of them side by side."""

import math
from io import BytesIO

import numpy as np
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.served import ServedPoint
from emulator.devices.opcua.subscriptions.filters import Rule
from emulator.devices.opcua.subscriptions.groups import Group, Key
from emulator.devices.opcua.subscriptions.item import REPORTING, DataItem
from emulator.devices.opcua.subscriptions.queues import ItemQueue
from emulator.devices.opcua.subscriptions.sources import ServedSource
from emulator.devices.opcua.values import ticks
from rigs.devices.device import Device
from rigs.schema import Point

ITEMS = 3
_FLOAT_MAX = float(np.finfo(np.float32).max)
VALUES = st.sampled_from([0.0, -0.0, 0.5, 1.0, 1.5, 2.0, 0.1, 5.0, -3e9, 5e9, 1e300, math.nan, math.inf, -math.inf])
STATUSES = st.sampled_from([0, 0, 0, 0x40930000, 0x808C0000])
LOOK = st.lists(st.tuples(VALUES, STATUSES), min_size=ITEMS, max_size=ITEMS)
STEPS = st.lists(st.one_of(LOOK, st.integers(1, 7)), max_size=25)  # a commit, or how many to take


def _items(count, image, rule, size, discard_oldest, times):
    fault = OpcUaMisbehaviour()
    items = []
    for i in range(count):
        served = ServedPoint(image.points[f"p.x{i}"], image, fault, lambda _: 1.0)
        queue = ItemQueue(size, discard_oldest)
        item = DataItem(i, 100 + i, ServedSource(ServedAttribute(served, "value"), None), times, rule, queue, 0.0)
        item.set_mode(REPORTING)
        items.append(item)
    return items


def _image(type_):
    points = tuple(
        Point(id=f"p.x{i}", device="d", asset="a", quantity="x", signal="s", opcua={"node": f"P{i}", "type": type_})
        for i in range(ITEMS)
    )
    return DeviceImage(Device(id="d", protocol="opcua"), points, 0)


def _decoded(pieces, times):
    data = BytesIO(b"".join(pieces))
    found = []
    end = len(data.getvalue())
    while data.tell() < end:
        item = struct_from_binary(ua.MonitoredItemNotification, data)
        value = item.Value
        said = None if value.Value is None else value.Value.Value
        status = 0 if value.StatusCode is None else value.StatusCode.value
        assert (value.SourceTimestamp is not None, value.ServerTimestamp is not None) == (
            times in (0, 2),
            times in (1, 2),
        )
        source = None if value.SourceTimestamp is None else ua.datetime_to_win_epoch(value.SourceTimestamp)
        found.append((item.ClientHandle - 100, None if said is None else repr(said), status, source))
    return found


def _said(type_, value):
    """Return a number as a register of a type holds it."""
    if type_ == "Double":
        return value
    if type_ == "Boolean":
        return value != 0
    if type_ == "Float":
        return value if math.isinf(value) else float(np.float32(min(max(value, -_FLOAT_MAX), _FLOAT_MAX)))
    low, high = (-(2**31), 2**31 - 1) if type_ == "Int32" else (0, 2**32 - 1)
    return 0 if math.isnan(value) else round(min(max(value, low), high))


class Oracle:
    """One item, written down the way the specification says it."""

    def __init__(self, type_, rule, size, discard_oldest):
        self.type_ = type_
        self.rule, self.size, self.discard_oldest = rule, size, discard_oldest
        self.last, self.queue = None, []

    def look(self, value, status, source):
        seen = (None if status >> 31 else _said(self.type_, value), status, source)
        if self.last is None or self.changed(seen, self.last):
            self.last = seen
            self.push(list(seen))

    def changed(self, new, old):
        if new[1] != old[1]:
            return True
        if self.rule.trigger == 0:
            return False
        same = repr(new[0]) == repr(old[0])
        if self.rule.deadband is not None:
            return not (same or (None not in (new[0], old[0]) and abs(new[0] - old[0]) <= self.rule.deadband))
        return not same or (self.rule.trigger == 2 and new[2] != old[2])

    def push(self, seen):
        if self.size == 1:
            self.queue = [seen]
        elif len(self.queue) < self.size:
            self.queue.append(seen)
        elif self.discard_oldest:
            self.queue = [*self.queue[1:], seen]
            self.queue[0][1] |= 0x480
        else:
            seen[1] |= 0x480
            self.queue[-1] = seen


@settings(deadline=None)
@given(
    steps=STEPS,
    trigger=st.integers(0, 2),
    deadband=st.sampled_from([None, None, 0.0, 0.6]),
    size=st.integers(1, 4),
    discard_oldest=st.booleans(),
    times=st.integers(0, 3),
    type_=st.sampled_from(["Double", "Float", "Int32", "UInt32", "Boolean"]),
    join_at=st.integers(0, 25),
    leave_at=st.integers(0, 25),
)
def test_single_items_and_groups_obey_one_law(
    steps, trigger, deadband, size, discard_oldest, times, type_, join_at, leave_at
):
    rule, image = Rule(trigger, deadband), _image(type_)
    singles = _items(ITEMS, image, rule, size, discard_oldest, times)
    moving = _items(ITEMS, image, rule, size, discard_oldest, times)
    oracles = [Oracle(type_, rule, size, discard_oldest) for _ in range(ITEMS)]
    group = Group(Key(times, 0, trigger, size, discard_oldest, type_), image.columns)
    heard = {name: [[] for _ in range(ITEMS)] for name in ("single", "moving", "oracle")}

    def gather(name, pieces):
        for row, *what in _decoded(pieces, times):
            heard[name][row].append(tuple(what))

    for k, step in enumerate(steps):
        if k == join_at:
            group.adopt([item for item in moving if item.grouped is None])
        if k == leave_at:
            group.release([item for item in moving if item.grouped is not None][:2])
        if isinstance(step, int):
            for one, oracle in zip(singles, oracles, strict=True):
                gather("single", one.take(99))
                source = [t if times in (0, 2) else None for *_, t in oracle.queue]
                heard["oracle"][one.id] += [
                    (None if v is None else repr(v), s, t) for (v, s, _), t in zip(oracle.queue, source, strict=True)
                ]
                oracle.queue = []
                gather("moving", one.take(0))
            for one in moving:
                gather("moving", one.take(99))
            while group.count:  # in small parts
                number, piece = group.take(step)
                assert 0 < number <= step
                gather("moving", [piece])
            continue
        t_ns = 1_000 * (k // 2)  # every other look has the source time of the one before
        image.commit({f"p.x{i}": Reading(v, s, t_ns) for i, (v, s) in enumerate(step)}, t_ns)
        now = ticks(image.t_ns)
        for one in singles:
            one.sample(now)
        for one in moving:
            if one.grouped is None:
                one.sample(now)
        group.sample(image.columns, t_ns, now)
        for oracle, (value, status) in zip(oracles, step, strict=True):
            oracle.look(value, status, ticks(t_ns))
    assert heard["single"] == heard["oracle"]
    assert heard["moving"] == heard["oracle"]


@settings(deadline=None)
@given(every=st.integers(1, 5), times=st.lists(st.integers(1, 12).map(lambda n: 10 * n), min_size=1, max_size=20))
def test_an_item_looks_at_most_once_an_interval_and_never_long_after(every, times):
    from emulator.devices.opcua.subscriptions.item import Pace

    pace, now, looks = Pace(every * 1e-8), 0, []
    for step in times:
        now += step
        if pace.due(now):
            looks.append(now)
    assert looks[0] == times[0]
    slots = [(t - looks[0]) // (10 * every) for t in looks]
    assert slots == sorted(set(slots))
