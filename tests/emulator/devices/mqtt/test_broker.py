import hashlib

import pytest

from emulator.devices.mqtt import packets as mqtt
from emulator.devices.mqtt.accounts import password_hash
from emulator.devices.mqtt.properties import (
    ASSIGNED_CLIENT_ID,
    RECEIVE_MAXIMUM,
    SESSION_EXPIRY,
    SUBSCRIPTION_ID,
    WILL_DELAY,
)

V5 = {"version": mqtt.V5}


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_message_goes_at_the_lower_qos(cell, qos, wanted):
    reader, writer = cell.subscriber("a/#", qos=wanted), cell.client("w")
    writer.take()
    writer.send(mqtt.Publish("a/b", b"x", qos, packet_id=9 if qos else 0))
    answers = {0: [], 1: [mqtt.Ack("puback", 9)], 2: [mqtt.Ack("pubrec", 9)]}
    assert writer.take() == answers[qos]
    (got,) = reader.take()
    assert (got.topic, got.payload, got.qos, got.retain) == ("a/b", b"x", min(qos, wanted), False)


def test_qos_2_passes_a_message_on_once(cell):
    reader, writer = cell.subscriber("#", qos=2), cell.client("w")
    writer.take()
    for dup in (False, True):
        writer.send(mqtt.Publish("t", b"x", 2, dup=dup, packet_id=5))
    assert len(reader.messages()) == 1
    writer.send(mqtt.Ack("pubrel", 5), mqtt.Ack("pubrel", 5))
    assert [p.kind for p in writer.take()] == ["pubrec", "pubrec", "pubcomp", "pubcomp"]
    writer.send(mqtt.Publish("t", b"y", 2, packet_id=5))
    assert len(reader.messages()) == 1


def test_a_session_keeps_what_its_client_missed_and_resends_what_it_did_not_acknowledge(cell):
    reader = cell.subscriber("t", qos=1, clean=False)
    cell.broker.publish(mqtt.Publish("t", b"1", 1))
    (first,) = reader.take()
    reader.talk.lost()
    cell.broker.publish(mqtt.Publish("t", b"2", 1))
    cell.broker.publish(mqtt.Publish("t", b"not kept", 0))
    back = cell.client("s", clean=False)
    ack, again, new = back.take()
    assert ack == mqtt.Connack(True, 0)
    assert (again.payload, again.dup, again.packet_id) == (b"1", True, first.packet_id)
    assert (new.payload, new.dup) == (b"2", False)
    assert cell.client("s", clean=True).take() == [mqtt.Connack(False, 0)]


def test_what_is_retained_comes_flagged_and_an_empty_message_takes_it_away(cell):
    cell.broker.publish(mqtt.Publish("a/b", b"old", 1, retain=True))
    reader = cell.client("s")
    reader.send(mqtt.Subscribe(1, (("a/+", 1),)))
    assert reader.messages() == [("a/b", b"old", 1, True)]
    cell.broker.publish(mqtt.Publish("a/b", b"new", 1, retain=True))
    assert reader.messages() == [("a/b", b"new", 1, False)]
    cell.broker.publish(mqtt.Publish("a/b", b"", 1, retain=True))
    assert cell.broker.retained == {}


def test_a_will_is_said_for_who_goes_without_a_word_and_for_no_other(cell):
    reader, will = cell.subscriber("w"), mqtt.Will("w", b"gone")
    cell.client("a", will=will).send(mqtt.Disconnect())
    assert reader.messages() == []
    cell.client("a", will=will).talk.lost()
    assert reader.messages() == [("w", b"gone", 0, False)]
    cell.client("a", will=will)
    cell.client("a")  # takes over
    assert len(reader.messages()) == 1
    cell.client("b", will=will).talk.timed_out()
    assert len(reader.messages()) == 1


def test_a_will_may_wait_and_is_forgotten_by_who_comes_back(cell):
    will = mqtt.Will("w", b"gone", properties=((WILL_DELAY, 2),))
    settings = V5 | {"clean": False, "properties": ((SESSION_EXPIRY, 60),), "will": will}
    reader = cell.subscriber("w")
    cell.client("a", **settings).talk.lost()
    cell.timers.advance(1_000_000_000)
    cell.client("a", **settings).talk.lost()
    cell.timers.advance(2_500_000_000)
    assert reader.messages() == []
    cell.timers.advance(3_100_000_000)
    assert reader.messages() == [("w", b"gone", 0, False)]


def test_a_session_of_version_5_ends_when_it_said_it_would(cell):
    settings = V5 | {"clean": False, "properties": ((SESSION_EXPIRY, 10),)}
    cell.client("a", **settings).talk.lost()
    cell.timers.advance(9_000_000_000)
    assert cell.client("a", **settings).take()[0].session_present
    cell.broker.sessions["a"].wire.lost()
    cell.timers.advance(30_000_000_000)
    assert "a" not in cell.broker.sessions


def test_version_5_keeps_the_clients_window_and_names_its_subscriptions(cell):
    reader = cell.client("s", **V5, properties=((RECEIVE_MAXIMUM, 1),))
    reader.send(mqtt.Subscribe(1, (("t", 1),), ((SUBSCRIPTION_ID, 7),)))
    reader.take()
    for text in (b"1", b"2"):
        cell.broker.publish(mqtt.Publish("t", text, 1))
    (first,) = reader.take()
    assert mqtt.find(first.properties, SUBSCRIPTION_ID) == 7
    reader.send(mqtt.Ack("puback", first.packet_id))
    assert [p.payload for p in reader.take()] == [b"2"]


def test_a_taken_over_client_of_version_5_is_told_why(cell):
    first = cell.client("a", **V5)
    cell.client("a", **V5)
    assert first.take()[-1] == mqtt.Disconnect(mqtt.TAKEN_OVER)
    assert first.closed


def test_a_client_without_a_name_gets_one(cell):
    (ack,) = cell.client("", **V5).take()
    assert mqtt.find(ack.properties, ASSIGNED_CLIENT_ID) == "auto-1"
    assert cell.client("", clean=False).take() == [mqtt.Connack(False, 2)]


def test_no_local_and_retain_handling_are_kept(cell):
    client = cell.client("a", **V5)
    cell.broker.publish(mqtt.Publish("t", b"old", retain=True))
    client.send(mqtt.Subscribe(1, (("t", 0x24),)))  # no retained messages, none of its own
    client.send(mqtt.Publish("t", b"mine"))
    assert client.messages() == []


def test_users_need_their_password_and_keep_to_their_topics(make_cell, monkeypatch):
    monkeypatch.setenv("PB_TEST_PASSWORD", "secret")
    hashed = password_hash("other", b"saltsalt")
    cell = make_cell(
        {"user": "u", "password_env": "PB_TEST_PASSWORD", "publish": ["mine/#"], "subscribe": ["mine/+"]},
        {"user": "h", "password_hash": hashed},
    )
    for user, password, code in (
        (None, None, 4),
        ("u", b"wrong", 4),
        ("u", b"secret", 0),
        ("h", b"other", 0),
        ("h", b"o", 4),
    ):
        assert cell.client(user=user, password=password).take() == [mqtt.Connack(False, code)], user
    reader = cell.subscriber("#", user="h", password=b"other")
    client = cell.client("c", user="u", password=b"secret")
    client.take()
    client.send(mqtt.Subscribe(1, (("mine/a", 0), ("mine/#", 0), ("#", 0))))
    assert client.take() == [mqtt.Suback(1, (0, 0x80, 0x80))]
    client.send(mqtt.Publish("mine/x", b"1"), mqtt.Publish("other", b"2"))
    assert [m[0] for m in reader.messages()] == ["mine/x"]


def test_guessing_is_slowed_down_before_it_costs(make_cell, monkeypatch):
    cell = make_cell({"user": "h", "password_hash": password_hash("p", b"saltsalt")})
    calls = []
    monkeypatch.setattr(hashlib, "scrypt", lambda *a, **k: calls.append(1) or b"x" * 32)
    for _ in range(100):
        cell.client(user="h", password=b"guess")
    assert len(calls) == 10


def test_a_slow_reader_loses_messages_and_is_counted(cell):
    unread = 0
    reader = cell.subscriber("t", qos=1, backlog=lambda: unread)
    unread = 1 << 30
    for _ in range(5_000):
        cell.broker.publish(mqtt.Publish("t", b"x" * 100, 0))
        cell.broker.publish(mqtt.Publish("t", b"x" * 100, 1))
    session = cell.broker.sessions["s"]
    assert reader.messages() != []
    assert (len(session.in_flight), len(session.queue)) == (20, 1_000)
    assert session.dropped == 5_000 + 5_000 - 1_020


@pytest.mark.parametrize("pattern", ["a#", "a/#/b", "+a", "$share/g/t", "/" * 300])
def test_filters_that_cannot_be_served_are_refused(cell, pattern):
    client = cell.client()
    client.take()
    client.send(mqtt.Subscribe(1, ((pattern, 0), ("fine", 1))))
    assert client.take() == [mqtt.Suback(1, (0x80, 1))]


def test_a_broker_that_is_told_nothing_reads_no_plans(cell):
    assert cell.wrong.plans == {}
    assert cell.noted == []
