"""An edge node's births, deaths and sequence, message by message."""

import pytest

from tests.oracles import sparkplug_bytes as sp
from twin.connectors.sparkplug.node import REORDER_NS, Death, EdgeNode, Update
from twin.connectors.sparkplug.rebirth import WINDOW_CAP_NS, WINDOW_NS, RebirthLimit, rebirth_command

MS = 1_000_000
SECOND = 1000 * MS


def birth(seq=0, bd=1, alias=1, kind=10, extra=()):
    metrics = [sp.metric("bdSeq", bd, 4, t=1), sp.metric("Temp", 20.0, kind, alias=alias, t=1), *extra]
    return sp.payload(*metrics, t=1, seq=seq)


def data(seq, value, t=2, **more):
    return sp.payload(sp.metric(None, value, alias=1, t=t, carrier=10, **more), t=t, seq=seq)


class Feed:
    def __init__(self):
        self.node, self.now = EdgeNode(), 10 * SECOND
        self.say("NBIRTH", birth())
        assert self.values() == [("Temp", 20.0)]

    def say(self, kind, payload, device=None, retained=False):
        self.node.take(kind, device, payload, retained=retained, received_ns=self.now)

    def values(self):
        return [(e.name, e.metric.value) for e in self.node.events() if isinstance(e, Update) and e.name != "bdSeq"]


@pytest.fixture
def feed():
    return Feed()


def test_the_sequence_wraps(feed):
    for k in range(1, 600):
        feed.say("NDATA", data(k % 256, float(k)))
    assert [value for _, value in feed.values()] == [float(k) for k in range(1, 600)]
    assert feed.node.rebirth(feed.now + 60 * SECOND) is None


def test_a_gap_that_heals_is_put_in_order(feed):
    for seq in (1, 3, 4, 2, 5):
        feed.say("NDATA", data(seq, float(seq)))
    assert [value for _, value in feed.values()] == [1, 2, 3, 4, 5]
    assert feed.node.rebirth(feed.now + 60 * SECOND) is None
    assert feed.node.counters.reordered == 2


def test_a_gap_that_stays_asks_for_one_rebirth(feed):
    feed.say("NDATA", data(2, 2.0))
    assert feed.node.rebirth(feed.now + REORDER_NS - 1) is None
    assert "message 1" in feed.node.rebirth(feed.now + REORDER_NS)
    assert not feed.node.online
    feed.say("NDATA", data(3, 3.0))
    assert feed.node.rebirth(feed.now + REORDER_NS + SECOND) is None
    assert feed.values() == []
    feed.say("NBIRTH", birth(bd=1))
    assert feed.node.online


def test_a_duplicate_is_taken_once(feed):
    for _ in range(2):
        feed.say("NDATA", data(1, 1.0))
    feed.say("NDATA", data(2, 2.0))
    assert [value for _, value in feed.values()] == [1.0, 2.0]
    assert feed.node.counters.duplicates == 1


def test_deaths_current_and_old(feed):
    feed.say("NBIRTH", birth(bd=2))
    feed.values()
    feed.say("NDEATH", sp.payload(sp.metric("bdSeq", 1, 4)))
    assert feed.node.online
    assert feed.node.events() == []
    feed.say("NDEATH", sp.payload(sp.metric("bdSeq", 2, 4)))
    assert feed.node.events() == [Death(None, feed.now, feed.now)]
    feed.say("NDATA", data(1, 1.0))
    assert feed.node.rebirth(feed.now) == "NDATA before a birth"


def test_devices_are_born_and_die_alone(feed):
    feed.say("DBIRTH", sp.payload(sp.metric("P", 1.0, 10, alias=5), t=3, seq=1), "d1")
    feed.say("DBIRTH", sp.payload(sp.metric("P", 2.0, 10, alias=6), t=3, seq=2), "d2")
    feed.node.events()
    feed.say("DDEATH", sp.payload(t=4, seq=3), "d1")
    assert feed.node.events() == [Death("d1", 4 * MS, feed.now)]
    feed.say("DDATA", sp.payload(sp.metric(None, 3.0, alias=6, carrier=10), t=5, seq=4), "d2")
    assert [(e.device, e.t_ns) for e in feed.node.events()] == [("d2", 5 * MS)]
    feed.say("DDATA", sp.payload(sp.metric(None, 3.0, alias=5, carrier=10), t=5, seq=5), "d1")
    assert "d1" in feed.node.rebirth(feed.now)


def test_aliases_live_until_the_next_birth(feed):
    feed.say("NBIRTH", birth(alias=9))
    feed.values()
    feed.say("NDATA", data(1, 5.0))
    assert feed.values() == []
    assert feed.node.counters.unknown == 1
    assert "alias 1" in feed.node.rebirth(feed.now)


def test_retained_messages_are_not_fresh(feed):
    feed.say("NDATA", data(1, 5.0), retained=True)
    assert feed.values() == []
    assert feed.node.counters.retained == 1


def test_another_type_than_the_birth_is_told(feed):
    feed.say("NDATA", sp.payload(sp.metric("Temp", 5, 3), t=1, seq=1))
    (update,) = feed.node.events()
    assert update.mismatch


def test_templates_are_taken_apart():
    node = EdgeNode()
    definition = sp.metric("Pump", sp.template(sp.metric("Speed", 0.0, 10), definition=True), 19)
    instance = sp.metric("P1", sp.template(sp.metric("Speed", 7.0, 10), reference="Pump"), 19)
    node.take("NBIRTH", None, sp.payload(definition, instance, t=1, seq=0), retained=False, received_ns=1)
    assert [(e.name, e.metric.value) for e in node.events()] == [("P1/Speed", 7.0)]


def test_a_birth_may_count_from_elsewhere(feed):
    feed.say("NBIRTH", birth(seq=17))
    feed.say("NDATA", data(18, 1.0))
    assert [value for _, value in feed.values()] == [20.0, 1.0]
    assert "17" in feed.node.problem


@pytest.mark.parametrize("payload", [b"\xff", b"", sp.payload(seq=256)])
def test_malformed_messages_are_counted_and_change_nothing(feed, payload):
    feed.say("NDATA", payload)
    assert feed.node.counters.malformed == 1
    feed.say("NDATA", data(1, 1.0))
    assert feed.values() == [("Temp", 1.0)]


def test_two_nodes_with_one_id_make_no_storm():
    node = EdgeNode()
    asked = 0
    for k in range(6000):
        now = k * 100 * MS
        node.take("NBIRTH", None, birth(bd=k % 2), retained=False, received_ns=now)
        node.take("NDATA", None, data(5, 1.0), retained=False, received_ns=now - 2 * REORDER_NS)
        asked += node.rebirth(now) is not None
        node.events()
    assert 2 <= asked <= 15


def test_requests_grow_rarer_and_quicken_after_a_calm():
    limit = RebirthLimit()
    at = [k / 10 for k in range(3000) if limit.allow(k * SECOND // 10)]
    assert at[:4] == [0, 5, 15, 35]
    assert limit.allow(300 * SECOND + 2 * WINDOW_CAP_NS)
    assert limit.allow(300 * SECOND + 2 * WINDOW_CAP_NS + WINDOW_NS)


def test_the_commands_bytes():
    command = sp.payload(sp.metric("Node Control/Rebirth", 1, 11, t=1_700_000_000_000), t=1_700_000_000_000)
    assert rebirth_command(1_700_000_000_000) == command


def test_a_birth_of_a_new_session_makes_devices_stale_until_their_own_and_a_rebirth_does_not(feed):
    feed.say("DBIRTH", sp.payload(sp.metric("Flow", 1.0, 10, alias=2, t=1), t=1, seq=1), device="d1")
    feed.node.events()
    feed.say("NBIRTH", birth())
    assert not [event for event in feed.node.events() if isinstance(event, Death)]
    feed.say("DBIRTH", sp.payload(sp.metric("Flow", 1.0, 10, alias=2, t=1), t=1, seq=1), device="d1")
    feed.node.events()
    feed.say("NBIRTH", birth(bd=2))
    assert [event for event in feed.node.events() if isinstance(event, Death)] == [Death("d1", feed.now, feed.now)]
