"""A Sparkplug edge node as its host sees it, read by the slow reader of the oracles."""

import json

import pytest

from emulator.devices.image import BAD_SENSOR_FAILURE
from emulator.devices.mqtt.packets import Publish
from emulator.devices.sparkplug.datatypes import DataType
from emulator.devices.sparkplug.decode import decode
from emulator.devices.sparkplug.encode import encode
from emulator.devices.sparkplug.payload import Metric, Payload
from tests.oracles.sparkplug import plain

NCMD, DCMD, STATE = "spBv1.0/g/NCMD/edge1", "spBv1.0/g/DCMD/edge1/fan", "spBv1.0/STATE/h"


def kinds(client):
    return [(topic.split("/")[2], plain(payload)["seq"]) for topic, payload, _, _ in client.messages()]


def command(host, topic, *metrics):
    host.send(Publish(topic, encode(Payload(1, metrics))))
    host.take()


def test_births_come_before_data_and_numbers_follow_each_other(bench):
    host = bench.host()
    bench.scan(2)
    assert kinds(host) == [("NBIRTH", 0), ("DBIRTH", 1), ("NDATA", 2), ("DDATA", 3)]
    bench.scan(130)
    numbers = [seq for _, seq in kinds(host)]
    assert numbers == [(4 + index) % 256 for index in range(len(numbers))]
    assert numbers[252:255] == [0, 1, 2]


def test_a_birth_names_everything_and_data_go_by_alias(bench):
    host = bench.host()
    bench.scan(2)
    node, fan, _, data = (plain(payload) for _, payload, _, _ in host.messages())
    assert [m["name"] for m in node["metrics"]][:2] == ["bdSeq", "Node Control/Rebirth"]
    born = {m["name"]: (m["alias"], m["type"], m["value"]) for m in fan["metrics"]}
    assert born == {"Fan1/Speed": (11, 10, 971.0), "Fan1/Run": (12, 11, True)}
    assert [(m["name"], m["alias"], m["value"]) for m in data["metrics"]] == [(None, 11, 972.0)]
    assert data["timestamp"] == data["metrics"][0]["timestamp"] == 1_735_689_600_200


def test_a_metric_keeps_still_within_its_dead_band_until_it_is_time(make_bench):
    bench = make_bench(dead_band=0.01, refresh="500 ms")  # 20 rpm of 2000
    host = bench.host()
    bench.scan(6)
    assert [kind for kind, _ in kinds(host)] == ["NBIRTH", "DBIRTH", "NDATA", "DDATA"]
    bench.scan(25)
    assert len(kinds(host)) == 10


def test_quality_is_said_when_it_changes(bench):
    host = bench.host()
    bench.scan(1)
    host.take()
    qualities = []
    for status in (0, BAD_SENSOR_FAILURE, 0, 0):
        bench.scan(status=status)
        payload = decode(next(p for t, p, _, _ in host.messages() if "/DDATA/" in t))
        qualities.append(dict(payload.metrics[0].properties))
    assert [q["Quality"].value if q else None for q in qualities] == [None, 0, 192, None]


def test_power_lost_is_a_death_by_will_and_a_birth_with_the_next_number(bench):
    host = bench.host()
    bench.scan(2)
    host.take()
    bench.image.power(online=False, t_ns=bench.image.t_ns)
    bench.scan(2)
    (death,) = host.messages()
    assert (death[0], plain(death[1])["metrics"][0]["value"]) == ("spBv1.0/g/NDEATH/edge1", 0)
    bench.image.power(online=True, t_ns=bench.image.t_ns)
    bench.scan()
    birth = host.messages()[0]
    assert (birth[0], plain(birth[1])["metrics"][0]["value"]) == ("spBv1.0/g/NBIRTH/edge1", 1)


def test_a_frozen_device_says_nothing(bench):
    host = bench.host()
    bench.scan(2)
    host.take()
    bench.image.frozen = True
    bench.scan(20)
    assert host.messages() == []


def test_rebirth_keeps_the_death_number(bench):
    host = bench.host()
    bench.scan(3)
    host.take()
    command(host, NCMD, Metric("Node Control/Rebirth", type=DataType.BOOLEAN, value=True))
    bench.scan()
    first = host.messages()[0]
    assert (plain(first[1])["seq"], plain(first[1])["metrics"][0]["value"]) == (0, 0)


def test_a_scan_rate_is_taken_and_another_server_is_not(bench):
    host = bench.host()
    bench.scan(1)
    command(host, NCMD, Metric("Node Control/Scan Rate", type=DataType.INT64, value=500))
    command(host, NCMD, Metric("Node Control/Next Server", type=DataType.BOOLEAN, value=True))
    bench.scan(10)
    assert len(kinds(host)) == 4
    assert bench.node.commands.refused == 1


@pytest.mark.parametrize(
    ("metric", "taken"),
    [
        (Metric("Fan1/Speed", type=DataType.DOUBLE, value=800.0), [("fan1.speed", 800.0)]),
        (Metric(alias=11, value=800.0, sent_as=DataType.DOUBLE), [("fan1.speed", 800.0)]),
        (Metric("Fan1/Run", type=DataType.BOOLEAN, value=False), [("fan1.run", False)]),
        (Metric("Fan1/Speed", type=DataType.DOUBLE, value=2000.1), []),
        (Metric("Fan1/Speed", type=DataType.DOUBLE, value=float("nan")), []),
        (Metric("Fan1/Speed", type=DataType.INT32, value=800), []),
        (Metric("Fan1/Run", type=DataType.DOUBLE, value=1.0), []),
        (Metric("Fan1/Speed", type=DataType.DOUBLE), []),
        (Metric("No such", type=DataType.DOUBLE, value=1.0), []),
    ],
)
def test_a_command_is_checked_for_type_and_range(bench, metric, taken):
    host = bench.host()
    bench.scan()
    command(host, DCMD, metric)
    assert bench.image.take_writes() == taken
    assert bench.node.commands.refused == (0 if taken else 1)


def test_garbage_as_a_command_is_noted_and_nothing_else(bench):
    host = bench.host()
    host.send(Publish(NCMD, b"\xff" * 20))
    assert bench.noted == ["sparkplug_command_refused"]


def test_the_node_waits_for_its_host_and_keeps_what_it_missed(make_bench):
    bench = make_bench(primary_host="h", store=3)
    host = bench.host("spBv1.0/g/#")
    bench.scan(4)
    assert host.messages() == []

    def say(online, at):
        return host.send(Publish(STATE, json.dumps({"online": online, "timestamp": at}).encode(), retain=True))

    say(True, 100)
    bench.scan(2)
    got = [(t.split("/")[2], [m["historical"] for m in plain(p)["metrics"]]) for t, p, _, _ in host.messages()]
    assert [kind for kind, _ in got] == ["NBIRTH", "DBIRTH", "DDATA", "NDATA", "DDATA", "NDATA", "DDATA"]
    assert [flags for kind, flags in got[2:]] == [[True], [True], [True], [False], [False]]
    say(False, 50)  # older than what is known
    bench.scan()
    assert len(host.messages()) == 2
    say(False, 200)
    (death, *_) = host.messages()
    assert death[0] == "spBv1.0/g/NDEATH/edge1"
    bench.scan(3)
    assert host.messages() == []


def test_templates_define_a_kind_once_and_show_an_instance_each(make_bench):
    bench = make_bench(templates=True)
    host = bench.host()
    bench.scan(2)
    births = [decode(p) for _, p, _, _ in host.messages()]
    (definition,) = [m for m in births[0].metrics if m.type is DataType.TEMPLATE and m.value.definition]
    assert (definition.name, [m.name for m in definition.value.metrics]) == ("fan", ["t", "speed", "run"])
    instance = births[1].metrics[-1]
    assert (instance.value.reference, [m.value for m in instance.value.metrics]) == ("fan", [971.0, True, None])


def test_the_same_seed_says_the_same_bytes(make_bench):
    def transcript(severity):
        bench = make_bench()
        host = bench.host()
        from emulator.faults.sparkplug_seq_gap import SparkplugSeqGapFault

        SparkplugSeqGapFault({}).apply(bench.face.misbehaviour, severity, 0)
        bench.scan(60)
        return host.bytes

    assert transcript(0.0) == transcript(0.0)
    assert transcript(0.3) == transcript(0.3)
    assert len(transcript(0.3)) < len(transcript(0.0))


def test_the_plain_profile_says_json_and_takes_it(make_bench):
    bench = make_bench(profile="json", qos=1, retain=True)
    host = bench.host("g/#")
    bench.scan()
    got = {t: p for t, p, _, _ in host.messages()}
    assert json.loads(got["g/edge1/fan/Fan1/Speed"]) == {
        "value": 971.0, "unit": "rpm", "quality": "good", "timestamp": "2025-01-01T00:00:00.100Z",
    }  # fmt: skip
    assert bench.broker.retained["g/edge1/status"].payload == b"online"
    for text, taken in (
        (b"900", [("fan1.speed", 900)]),
        (b'{"value":1}', [("fan1.speed", 1)]),
        (b"1e9", []),
        (b"[" * 9000, []),
        (b"true", []),
        (b"\xff", []),
    ):
        host.send(Publish("g/edge1/fan/Fan1/Speed/set", text))
        assert bench.image.take_writes() == taken, text
    bench.image.power(online=False, t_ns=bench.image.t_ns)
    assert bench.broker.retained["g/edge1/status"].payload == b"offline"


@pytest.mark.parametrize("waveform", ["dataset", "array"])
def test_no_sample_is_lost_or_sent_twice(make_bench, waveform):
    import numpy as np

    from emulator.devices.image import GOOD, Reading
    from emulator.devices.sparkplug.metrics import metrics_of
    from rigs.devices.mqtt import MqttSettings
    from rigs.schema import Point

    entry = {"id": "a.v", "device": "d", "asset": "a", "quantity": "v", "signal": "x", "waveform": {"rate": "1 kHz"}}
    point = Point.model_validate(entry | {"mqtt": {"metric": "V"}})
    metric = metrics_of((point,), MqttSettings(waveform=waveform), 10)["a.v"]
    metric.birth(Reading(np.zeros(0, np.float32), GOOD, 0, 0, 1000.0), 0)
    seen = []
    for scan in range(1, 9):
        n0 = max(0, scan * 100 - 250)
        reading = Reading(np.arange(n0, scan * 100, dtype=np.float32), GOOD, scan * 100_000_000, n0, 1000.0)
        assert metric.due(reading, 10**9)
        sent = decode(encode(Payload(metrics=(metric.data(reading, aliases=True),)))).metrics[0]
        rows = np.frombuffer(sent.value, "<f4") if waveform == "array" else [row[0] for row in sent.value.rows]
        assert dict(sent.properties)["n0"].value == len(seen)
        seen += list(rows)
    assert seen == list(range(800))
