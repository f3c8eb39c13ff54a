"""Hostile clients: the broker refuses them within bounds, and an honest one is served throughout."""

import pytest

from emulator.devices.mqtt import packets as mqtt
from emulator.devices.mqtt.broker import MAX_RETAINED, MAX_SESSIONS
from emulator.devices.mqtt.conversation import UNRELEASED, Conversation
from emulator.devices.mqtt.encode import encode
from emulator.streams import Streams


@pytest.fixture
def honest(cell):
    reader = cell.subscriber("honest", name="honest")
    yield reader
    cell.broker.publish(mqtt.Publish("honest", b"alive"))
    assert reader.messages()[-1][1] == b"alive"
    assert not reader.closed


def test_every_first_byte_but_connect_ends_the_connection(cell, honest):
    for first in range(256):
        stranger = type(honest)(cell.broker, None)
        stranger.talk.receive(bytes((first, 4, 0, 1, 61, 0)))
        assert stranger.closed
    assert len(cell.broker.hang_up) == 1


def test_lengths_that_lie_hold_nothing(cell, honest):
    for lie in (b"\x10\xff\xff\xff\x7f", b"\x10\x80\x80\x80\x80\x01", b"\x10\x80\x80\x80\x80"):
        stranger = type(honest)(cell.broker, None)
        stranger.talk.receive(lie)
        assert stranger.closed
    waiting = type(honest)(cell.broker, None)
    waiting.talk.receive(b"\x10\xff\xff\x0f")  # 256 kB announced, none sent
    assert len(waiting.talk._decoder._buffer) == 4


def test_topics_of_nothing_but_levels_pass(cell, honest):
    reader = cell.subscriber("#", "+/+/#", name="wide")
    client = cell.client("w")
    for _ in range(20):
        client.send(mqtt.Publish("/" * 65_000, b"x"))
    assert len(reader.messages()) == 20


def test_messages_never_released_end_the_connection(cell, honest):
    client = cell.client("w")
    for number in range(1, 10_001):
        client.send(mqtt.Publish("t", b"", 2, packet_id=number))
    assert client.closed
    assert sum(isinstance(p, mqtt.Ack) for p in client.got) == UNRELEASED


def test_a_storm_of_wills_leaves_nothing_behind(cell, honest):
    for number in range(2_000):
        cell.client(f"c{number}", will=mqtt.Will(f"w/{number}", b"x" * 100)).talk.lost()
    assert set(cell.broker.sessions) == {"honest"}
    assert len(cell.broker.hang_up) == 1


def test_retained_messages_and_sessions_are_counted_out(cell, honest):
    for number in range(MAX_RETAINED + 500):
        cell.broker.publish(mqtt.Publish(f"r/{number}", b"x", retain=True))
    assert len(cell.broker.retained) == MAX_RETAINED
    for number in range(MAX_SESSIONS + 500):
        cell.client(f"c{number}", clean=False).talk.lost()
    assert len(cell.broker.sessions) == MAX_SESSIONS


def test_subscriptions_are_counted_out(cell, honest):
    client = cell.client("w")
    for number in range(1_200):
        client.send(mqtt.Subscribe(1, ((f"s/{number}", 0),)))
    assert len(cell.broker.sessions["w"].subscriptions) == 1_000


def test_three_thousand_mutations_break_nothing(cell, honest):
    seeds = [
        encode(mqtt.Connect("m", will=mqtt.Will("w", b"x"), user="u", password=b"p")),
        encode(mqtt.Connect("m", 5, properties=((17, 5), (33, 2))), 5),
        encode(mqtt.Subscribe(1, (("a/#", 1),))) + encode(mqtt.Publish("a/b", b"x" * 9, 1, packet_id=3)),
        encode(mqtt.Publish("a", b"x", 2, packet_id=3))
        + encode(mqtt.Ack("pubrel", 3))
        + encode(mqtt.Unsubscribe(2, ("a",))),
    ]
    draw = Streams(1)("mutations").uniform(0, 12_000)
    hello = encode(mqtt.Connect("m"))
    for index in range(3_000):
        data = bytearray(seeds[index % 4])
        for step in range(1 + index % 3):
            where, what = draw[index * 4 + step], draw[index * 4 + 3 - step]
            data[int(where * len(data))] = int(what * 256)
        stranger = Conversation(cell.broker, lambda _: None, lambda: None, lambda: 0)
        if index % 4 > 1:
            stranger.receive(hello)
        stranger.receive(bytes(data))
        stranger.lost()
    assert len(cell.broker.hang_up) == 1
