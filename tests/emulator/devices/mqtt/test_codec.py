import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.devices.mqtt import packets as mqtt
from emulator.devices.mqtt.decode import Decoder, read_packet
from emulator.devices.mqtt.encode import encode
from emulator.devices.mqtt.properties import KINDS, MAXIMUM_PACKET, RECEIVE_MAXIMUM, SUBSCRIPTION_ID, TOPIC_ALIAS, USER

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
TOPIC = TEXT.filter(lambda name: name and "+" not in name and "#" not in name)
IDS = st.integers(1, 65_535)
VALUES = {
    "byte": st.integers(0, 1),
    "u16": st.integers(1, 65_535),
    "u32": st.integers(1, 2**32 - 1),
    "var": st.integers(1, 2**28 - 1),
    "text": TEXT,
    "binary": st.binary(max_size=9),
    "pair": st.tuples(TEXT, TEXT),
}


def properties(where):
    names = [name for name, (_, places) in KINDS.items() if where in places and name != TOPIC_ALIAS]
    some = st.lists(st.sampled_from(names), max_size=4, unique=True)
    return some.flatmap(lambda chosen: st.tuples(*(st.tuples(st.just(n), VALUES[KINDS[n][0]]) for n in chosen)))


def props(where, version):
    return properties(where) if version == mqtt.V5 else st.just(())


def wills(version):
    return st.none() | st.builds(
        mqtt.Will, TOPIC, st.binary(max_size=20), st.integers(0, 2), st.booleans(), props("will", version)
    )


@st.composite
def packets(draw, version):
    qos = draw(st.integers(0, 2))
    number = draw(IDS)
    codes = st.integers(0, 255)
    kind = draw(st.sampled_from(("puback", "pubrec", "pubrel", "pubcomp")))
    code = draw(codes) if version == mqtt.V5 else 0
    options = 0x3F if version == mqtt.V5 else 3
    filters = st.lists(st.tuples(TEXT, st.integers(0, 2).map(lambda q: q & options)), min_size=1, max_size=3).map(tuple)
    some = {
        "publish": lambda: mqtt.Publish(
            draw(TOPIC), draw(st.binary(max_size=30)), qos, draw(st.booleans()), bool(qos) and draw(st.booleans()),
            number if qos else 0, draw(props("publish", version)),
        ),
        "connect": lambda: mqtt.Connect(
            draw(TEXT), version, draw(st.booleans()), draw(st.integers(0, 65_535)), draw(wills(version)), "user",
            draw(st.none() | st.binary(max_size=9)), draw(props("connect", version)),
        ),
        "connack": lambda: mqtt.Connack(draw(st.booleans()), draw(codes), draw(props("connack", version))),
        "ack": lambda: mqtt.Ack(kind, number, code, draw(props(kind, version))),
        "subscribe": lambda: mqtt.Subscribe(number, draw(filters), draw(props("subscribe", version))),
        "suback": lambda: mqtt.Suback(number, tuple(draw(st.binary(max_size=4))), draw(props("suback", version))),
        "unsubscribe": lambda: mqtt.Unsubscribe(number, (draw(TEXT),), draw(props("unsubscribe", version))),
        "unsuback": lambda: mqtt.Unsuback(
            number, (code,) if version == mqtt.V5 else (), draw(props("unsuback", version))
        ),
        "disconnect": lambda: mqtt.Disconnect(code, draw(props("disconnect", version))),
        "ping": mqtt.Ping,
        "pong": mqtt.Pong,
    }  # fmt: skip
    return some[draw(st.sampled_from(sorted(some)))]()


@pytest.mark.parametrize("version", [mqtt.V311, mqtt.V5])
def test_what_is_encoded_is_what_is_decoded(version):
    @settings(max_examples=50, deadline=None)
    @given(packets(version))
    def check(packet):
        data = encode(packet, version)
        size = next(at for at in range(1, 5) if data[at] < 128)
        assert read_packet(data[0], data[size + 1 :], version) == packet

    check()


@given(st.lists(st.integers(1, 40), max_size=12))
@settings(max_examples=30, deadline=None)
def test_packets_come_out_of_any_pieces(cuts):
    sent = [mqtt.Connect("c"), mqtt.Publish("a/b", b"x" * 300, 1, packet_id=7), mqtt.Ping(), mqtt.Disconnect()]
    stream = b"".join(map(encode, sent))
    decoder, got, at = Decoder(at_broker=True), [], 0
    for cut in [*cuts, len(stream)]:
        got += decoder.feed(stream[at : at + cut])
        at += cut
    assert got == sent


BAD = {
    "text that is no UTF-8": "30 04 00 02 c0 80",
    "a surrogate": "30 05 00 03 ed a0 80",
    "U+0000 in a topic": "30 03 00 01 00",
    "a wildcard in a topic": "30 03 00 01 23",
    "an empty topic": "30 02 00 00",
    "QoS 3": "36 05 00 01 61 00 01",
    "DUP without QoS": "38 03 00 01 61",
    "packet id 0": "32 05 00 01 61 00 00",
    "a topic that is cut off": "30 03 00 09 61",
    "wrong flags of SUBSCRIBE": "80 06 00 01 00 01 61 00",
    "SUBSCRIBE without a filter": "82 02 00 01",
    "QoS 3 in SUBSCRIBE": "82 06 00 01 00 01 61 03",
    "bytes after PUBACK": "40 03 00 01 00",
    "a second CONNECT": "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63",
    "type 0": "00 00",
    "AUTH in 3.1.1": "f0 00",
    "a remaining length of five bytes": "30 80 80 80 80 01",
    "a remaining length beyond the limit": "30 ff ff ff 7f",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_packets_are_refused(name):
    decoder = Decoder(at_broker=True)
    list(decoder.feed(encode(mqtt.Connect("c"))))
    with pytest.raises(mqtt.ProtocolError):
        list(decoder.feed(bytes.fromhex(BAD[name])))


def test_only_connect_may_come_first():
    for first in range(256):
        with pytest.raises(mqtt.ProtocolError):
            list(Decoder(at_broker=True).feed(bytes((first, 2, 0, 1))))


@pytest.mark.parametrize(
    "flags",
    [0x01, 0x03, 0x1E, 0x0A, 0x22, 0x42],
    ids=["reserved", "reserved too", "will QoS 3", "QoS without will", "retain without will", "password without user"],
)
def test_connect_flags_that_do_not_fit_are_refused(flags):
    body = b"\0\4MQTT\4" + bytes((flags,)) + b"\0\x3c\0\1c" + b"\0\1w\0\1w\0\1u\0\1p"
    with pytest.raises(mqtt.ProtocolError):
        read_packet(0x10, body, mqtt.V311)


def test_properties_know_their_place_and_number():
    for where, name in (("publish", RECEIVE_MAXIMUM), ("connect", SUBSCRIPTION_ID)):
        packet = (
            mqtt.Publish("t", b"", properties=((name, 1),))
            if where == "publish"
            else mqtt.Connect("c", 5, properties=((name, 1),))
        )
        data = encode(packet, mqtt.V5)
        with pytest.raises(mqtt.ProtocolError, match="belong"):
            read_packet(data[0], data[2:], mqtt.V5)
    twice = encode(mqtt.Connect("c", 5, properties=((MAXIMUM_PACKET, 9), (MAXIMUM_PACKET, 9))), 5)
    with pytest.raises(mqtt.ProtocolError, match="twice"):
        read_packet(twice[0], twice[2:], mqtt.V5)
    many = mqtt.Connect("c", 5, properties=((USER, ("a", "b")), (USER, ("a", "c"))))
    data = encode(many, 5)
    assert read_packet(data[0], data[2:], mqtt.V5) == many


def test_a_password_is_never_shown():
    assert "secret" not in repr(mqtt.Connect("c", user="u", password=b"secret"))
