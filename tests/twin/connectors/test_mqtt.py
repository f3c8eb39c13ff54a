"""The MQTT connector against a broker that writes down what it hears."""

import asyncio
import json

import numpy as np
import pytest

from rigs.devices.device import Device
from rigs.schema import Point
from tests.oracles import sparkplug_bytes as sp
from tests.twin.connectors.fake_broker import FakeBroker
from twin.batch import Status
from twin.connectors.mqtt import MqttConnector
from twin.connectors.registry import make_connector

MS = 1_000_000
SECOND = 1000 * MS
NOW = 1_735_689_600 * SECOND
T = NOW // MS
TOPIC = "spBv1.0/plantbench/{}/edge1"
STATE = "spBv1.0/STATE/plantbench-edge1"


def device(profile="sparkplug", **mqtt):
    mqtt = {"profile": profile} | mqtt
    return Device.model_validate({"id": "edge1", "protocol": "mqtt", "timeout": "300 ms", "mqtt": mqtt})


def point(name, metric, of=None, *, unit="", waveform=False, kind="Double"):
    more = {"waveform": {"rate": "1 kHz"}} if waveform else {}
    return Point.model_validate(
        {"id": name, "device": "edge1", "asset": "a", "quantity": "q", "unit": unit, "signal": ""}
        | {"mqtt": {"metric": metric, "device": of, "type": kind}}
        | more
    )


TEMP = point("p.temp", "Temp", unit="degC")
FLOW = point("p.flow", "Flow", "d1")
WAVE = point("p.wave", "Wave", unit="m/s^2", waveform=True)


def nbirth(*extra, bd=0, t=T, seq=0, temp=20.0):
    return sp.payload(sp.metric("bdSeq", bd, 4), sp.metric("Temp", temp, 10, alias=1, t=t), *extra, t=t, seq=seq)


def dbirth(seq=1, t=T, flow=1.0):
    return sp.payload(sp.metric("Flow", flow, 10, alias=2, t=t), t=t, seq=seq)


def ndata(seq, value, t=T + 1, **more):
    return sp.payload(sp.metric(None, value, alias=1, t=t, carrier=10, **more), t=t, seq=seq)


class Edge(FakeBroker):
    """A broker with an edge node behind it that is born whenever it is asked to be."""

    births, alive = 0, True

    def __init__(self, extra=(), **more):
        super().__init__(**more)
        self.extra = extra
        self.on_publish = self.heard

    def heard(self, topic, _payload):
        if topic == TOPIC.format("NCMD") and self.alive:
            self.births += 1
            self.send(TOPIC.format("NBIRTH"), nbirth(*self.extra))
            self.send(TOPIC.format("DBIRTH") + "/d1", dbirth())


def run(scenario, *, points=(TEMP, FLOW), edge=None, dev=None):
    async def main():
        async with edge or Edge() as broker:
            connector = make_connector(dev or device(), points, broker.url, None, 0)
            assert isinstance(connector, MqttConnector)
            try:
                async with asyncio.timeout(20):
                    await scenario(broker, connector)
            finally:
                await connector.close()
            await asyncio.sleep(0)

    asyncio.run(main())


def told(batches):
    return [(b.point, b.t0_ns, b.values[0] if b.values.size else None, b.quality) for b in batches]


def test_a_host_is_announced_before_it_listens_and_takes_leave():
    async def scenario(broker, connector):
        batches = await connector.poll(NOW)
        assert told(batches) == [("p.temp", NOW, 293.15, 0), ("p.flow", NOW, 1.0, 0)]
        assert connector.state.status == "connected"
        assert connector.state.last_error is None
        stamp = {"timestamp": T}
        kinds = [entry[0] for entry in broker.log]
        assert kinds == ["connect", "subscribe", "publish", "publish"]
        topic, will, qos, retain = broker.log[0][2]
        assert (topic, json.loads(will), qos, retain) == (STATE, {"online": False} | stamp, 1, True)
        topic, birth, qos, retain = broker.published()[0]
        assert (topic, json.loads(birth), qos, retain) == (STATE, {"online": True} | stamp, 1, True)
        assert (STATE, 1) in broker.log[1]
        assert all("#" not in name for name, _ in broker.log[1][1:])
        topic, _, qos, retain = broker.published()[1]
        assert (topic, qos, retain) == (TOPIC.format("NCMD"), 0, False)
        await connector.close()
        await asyncio.sleep(0.01)
        assert [entry[0] for entry in broker.log[-2:]] == ["publish", "disconnect"]
        topic, death, qos, retain = broker.published()[-1]
        assert (topic, json.loads(death), qos, retain) == (STATE, {"online": False} | stamp, 1, True)

    run(scenario)


def test_every_message_sent_before_a_poll_is_in_it():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        for k in range(1, 400):
            broker.send(TOPIC.format("NDATA"), ndata((k + 1) % 256, float(k), t=T + k))
        batches = await connector.poll(NOW + SECOND)
        assert [b.values[0] for b in batches] == [k + 273.15 for k in range(1, 400)]
        assert [b.t0_ns for b in batches] == [NOW + k * MS for k in range(1, 400)]
        assert {b.stamp for b in batches} == {"source"}

    run(scenario)


def test_our_own_false_death_is_answered():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        broker.send(STATE, json.dumps({"online": False, "timestamp": T - 5}).encode(), qos=1)
        await connector.poll(NOW + SECOND)
        topic, payload, _, retain = broker.published("STATE")[-1]
        assert (topic, json.loads(payload), retain) == (STATE, {"online": True, "timestamp": T}, True)
        assert len(broker.published("STATE")) == 2

    run(scenario)


def test_deaths_make_points_bad_at_once():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        broker.send(TOPIC.format("DDEATH") + "/d1", sp.payload(t=T + 7, seq=2))
        gone = Status.BAD_NOT_CONNECTED
        assert told(await connector.poll(NOW + SECOND)) == [("p.flow", NOW + 7 * MS, None, gone)]
        broker.alive = False
        broker.send(TOPIC.format("NDEATH"), sp.payload(sp.metric("bdSeq", 0, 4)))
        at = NOW + 2 * SECOND
        assert told(await connector.poll(at)) == [("p.temp", at, None, gone), ("p.flow", at, None, gone)]
        assert "NDEATH" in connector.state.last_error
        broker.send(TOPIC.format("NBIRTH"), nbirth(bd=1, t=T + 9, temp=1.0))
        assert told(await connector.poll(at + SECOND)) == [("p.temp", NOW + 9 * MS, 274.15, 0)]

    run(scenario)


@pytest.mark.parametrize(
    ("metric", "quality", "value"),
    [
        ({"value": 5.0}, 0, 278.15),
        ({"value": 5.0, "props": {"Quality": (3, 0)}}, 0x80000000, None),
        ({"value": 5.0, "props": {"Quality": (3, 500)}}, Status.UNCERTAIN_LAST_USABLE_VALUE, 278.15),
        ({"value": 5.0, "props": {"Quality": (3, 192)}}, 0, 278.15),
        ({"value": None, "null": True}, Status.BAD_NO_DATA, None),
        ({"value": float("nan")}, Status.BAD_NO_DATA, None),
        ({"value": float("inf")}, Status.BAD_NO_DATA, None),
        ({"value": 5, "kind": 3}, Status.BAD_TYPE_MISMATCH, None),
        ({"value": "five", "carrier": 12}, Status.BAD_TYPE_MISMATCH, None),
    ],
)
def test_what_a_value_is_worth(metric, quality, value):
    async def scenario(broker, connector):
        await connector.poll(NOW)
        more = {"carrier": 10 if "kind" not in metric else None} | metric
        broker.send(TOPIC.format("NDATA"), sp.payload(sp.metric(alias=1, t=T + 1, **more), seq=2))
        (batch,) = await connector.poll(NOW + SECOND)
        assert batch.quality == quality
        assert [*batch.values] == ([] if value is None else [value])

    run(scenario)


def test_history_is_kept_and_leaves_the_live_value_alone():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        broker.send(TOPIC.format("NDATA"), ndata(2, 1.0, t=T - 60_000, historical=True))
        (batch,) = await connector.poll(NOW + SECOND)
        assert batch.historical
        assert batch.t0_ns == NOW - 60 * SECOND

    run(scenario)


@pytest.mark.parametrize("kind", [9, 10])
def test_a_waveform_in_a_data_set(kind):
    samples = np.random.default_rng(2).normal(size=500).astype("f4" if kind == 9 else "f8")

    def block(first, part, t):
        rows = [[float(x)] for x in part]
        return sp.metric(
            "Wave", sp.dataset([("value", kind)], rows), 16, t=t, props={"n0": (8, first), "rate": (10, 1000.0)}
        )

    async def scenario(broker, connector):
        first = await connector.poll(NOW)
        broker.send(TOPIC.format("NDATA"), sp.payload(block(300, samples[200:], T + 500), t=T + 500, seq=2))
        second = await connector.poll(NOW + SECOND)
        waves = [b for b in first + second if b.point == "p.wave"]
        assert [(b.n0, b.values.size, b.rate_hz) for b in waves] == [(100, 300, 1000.0), (400, 200, 1000.0)]
        np.testing.assert_array_equal(np.concatenate([b.values for b in waves]), samples)
        assert waves[1].t0_ns == NOW + 300 * MS

    run(scenario, points=(TEMP, WAVE), edge=Edge(extra=(block(100, samples[:300], T + 300),)))


def test_a_lost_broker_makes_points_bad_and_is_tried_again():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        broker.writer.transport.abort()
        batches = await connector.poll(NOW + SECOND)
        assert [b.quality for b in batches] == [Status.BAD_COMMUNICATION_ERROR] * 2
        assert connector.state.status == "backoff"
        batches = await connector.poll(NOW + 20 * SECOND)
        assert len(batches) == 2
        assert connector.state.status == "connected"
        assert connector.state.reconnects == 1

    run(scenario)


@pytest.mark.parametrize(
    ("broker", "why"),
    [
        (Edge(connack=5), "not authorized"),
        (Edge(connack=4), "bad user name or password"),
        (Edge(silent=True), "timed out"),
    ],
)
def test_refusals_have_a_name(broker, why):
    async def scenario(_, connector):
        batches = await connector.poll(NOW)
        assert {b.quality for b in batches} == {Status.BAD_COMMUNICATION_ERROR}
        assert why in connector.state.last_error.lower()

    run(scenario, edge=broker)


def test_nobody_listens():
    async def main():
        connector = make_connector(device(), [TEMP], "mqtt://127.0.0.1:1", None, 0)
        assert [b.quality for b in await connector.poll(NOW)] == [Status.BAD_COMMUNICATION_ERROR]
        assert "127.0.0.1:1" in connector.state.last_error
        assert await connector.poll(NOW) == []

    asyncio.run(main())


def test_a_refused_filter_is_named_and_the_others_run():
    async def scenario(broker, connector):
        batches = await connector.poll(NOW)
        assert {b.point for b in batches} == {"p.temp", "p.flow"}
        assert "DDATA" in connector.state.last_error

    run(scenario, edge=Edge(refuse=("DDATA",)))


def test_by_exception_no_news_is_no_change_until_the_node_is_silent():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        broker.alive = False
        broker.send(
            TOPIC.format("DDATA") + "/d1", sp.payload(sp.metric(None, 2.0, alias=2, t=T + 1, carrier=10), seq=2)
        )
        held = await connector.poll(NOW + 2 * SECOND)
        assert told(held) == [("p.flow", NOW + MS, 2.0, 0), ("p.temp", NOW + 2 * SECOND, 293.15, 0)]
        assert held[1].stamp == "poll"
        assert await connector.poll(NOW + 6 * SECOND) == []
        assert "nothing heard" in connector.state.last_error
        assert connector.state.outage_since_ns == NOW + 6 * SECOND

    run(scenario)


def test_plain_json_and_what_is_none():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        topic = "plantbench/edge1/Temp"
        broker.send(topic, b'{"value": 1.5, "timestamp": %d}' % (T + 3))
        broker.send(topic, b'{"value": 1.5, "timestamp": %d}' % (T + 3), qos=1, dup=True)
        broker.send(topic, b"2")
        broker.send(topic, b'{"value": 3, "quality": "bad"}')
        broker.send(topic, b'{"value": 4}', retain=True)
        for junk in (b"\xff", b"{", b"NaN", b'"x"', b"[" * 100_000, b'{"t": 1}'):
            broker.send(topic, junk)
        batches = await connector.poll(NOW + SECOND)
        assert [(b.values[0] if b.values.size else None, b.quality) for b in batches] == [
            (274.65, 0), (275.15, 0), (None, 0x80000000), (277.15, Status.UNCERTAIN_LAST_USABLE_VALUE),
            *[(None, Status.BAD_DECODING_ERROR)] * 6,
        ]  # fmt: skip
        assert batches[0].t0_ns == NOW + 3 * MS
        assert broker.log[0][2] is None

    run(scenario, points=(TEMP,), dev=device("json"))


def test_json_of_devices_waveforms_and_the_last_word():
    async def scenario(broker, connector):
        await connector.poll(NOW)
        said = {"unit": "", "quality": "good", "timestamp": "2025-01-01T00:00:00.500Z"}
        broker.send("plantbench/edge1/d1/Flow", json.dumps({"value": 2.5} | said).encode())
        block = {"value": [0.5, -0.5], "n0": 7, "rate": 1000.0}
        broker.send("plantbench/edge1/Wave", json.dumps(block | said).encode())
        flow, wave = await connector.poll(NOW + SECOND)
        assert (flow.point, flow.t0_ns, *flow.values) == ("p.flow", NOW + 500 * MS, 2.5)
        assert (wave.n0, wave.rate_hz, wave.t0_ns, *wave.values) == (7, 1000.0, NOW + 498 * MS, 0.5, -0.5)
        broker.send("plantbench/edge1/status", b"offline", qos=1, retain=True)
        gone = await connector.poll(NOW + 2 * SECOND)
        assert [b.quality for b in gone] == [Status.BAD_NOT_CONNECTED] * 2

    run(scenario, points=(FLOW, WAVE), dev=device("json"))


def test_a_password_comes_from_the_environment(monkeypatch):
    settings = device(user="twin", password_env="BROKER_PASSWORD")
    monkeypatch.delenv("BROKER_PASSWORD", raising=False)
    with pytest.raises(ValueError, match="BROKER_PASSWORD"):
        make_connector(settings, [TEMP], "mqtt://127.0.0.1:1", None, 0)
    monkeypatch.setenv("BROKER_PASSWORD", "s3cret")

    async def scenario(broker, connector):
        await connector.poll(NOW)
        assert broker.log[0][3] == ["twin", "s3cret"]

    run(scenario, dev=settings)


@pytest.mark.parametrize("url", ["http://h:1", "mqtt://h", "mqtt://h:x"])
def test_an_address_that_is_none(url):
    with pytest.raises(ValueError, match="mqtt://host:port"):
        make_connector(device(), [TEMP], url, None, 0)
