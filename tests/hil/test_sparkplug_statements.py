"""A whole conversation of an emulated edge node and the twin's host, over sockets, held against Sparkplug 3.0.

The broker is ours, behind a link proxy whose tap writes down every byte of both clients. Plant time stands still but
for scans, so the conversation is the same each time.
"""

import asyncio
import dataclasses
import json
from collections import Counter
from types import SimpleNamespace

import pytest

from emulator.devices.faces import Setting
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.mqtt.accounts import Accounts
from emulator.devices.mqtt.broker import Broker
from emulator.devices.mqtt.face import MqttFace
from emulator.devices.mqtt.misbehaviour import Misbehaviour, Plan
from emulator.devices.mqtt.packets import Ping, Publish
from emulator.devices.mqtt.server import BrokerServer
from emulator.devices.timers import SteppedTimers
from emulator.streams import Streams
from hil.insertion.link.proxy import LinkProxy
from rigs.devices.device import Device
from rigs.schema import Point
from tests.oracles import sparkplug_bytes as sp
from tests.oracles import sparkplug_data_statements, sparkplug_edge_statements, sparkplug_host_statements
from tests.oracles.mqtt_packets import Recorder
from tests.oracles.sparkplug_statements import STATEMENTS, Talk
from twin.batch import is_good
from twin.connectors.mqtt import MqttConnector

assert sparkplug_data_statements
assert sparkplug_edge_statements
assert sparkplug_host_statements
SCAN_NS = 100_000_000
EPOCH_NS = 1_735_689_600_000_000_000
EDGE, HOST, STATE = "g-edge1", "plantbench-twin-edge1", "spBv1.0/STATE/scada"


def point(name, metric, **address):
    entry = {
        "id": name,
        "device": "edge1",
        "asset": "a",
        "quantity": name.split(".")[1],
        "range": [0, 1e6],
        "signal": "x",
    }
    return Point.model_validate(entry | {"write": "x", "mqtt": {"metric": metric} | address})


POINTS = (
    point("a.level", "Level"),
    point("a.speed", "Fan/Speed", device="fan"),
    point("a.power", "Power", device="drive"),
)


class Scene:
    """The edge node, its broker behind a proxy, and hosts that come and go."""

    def __init__(self):
        self.timers, self.scans, self.recorder = SteppedTimers(), 0, Recorder()
        wrong = Misbehaviour(lambda *_: 0.0, lambda *_: None)
        self.broker = Broker(Accounts((), lambda: 0.0), self.timers, wrong)
        self.server = BrokerServer(self.broker)

    async def open(self):
        port = int((await self.server.start()).rsplit(":", 1)[1])
        self.proxy = LinkProxy("edge1", "127.0.0.1", port, Streams(1))
        await self.proxy.start()
        self.proxy.tap = self.recorder.take
        host, port = self.proxy.address
        self.url = f"mqtt://{host}:{port}"
        mqtt = {"group": "g", "broker": f"{host}:{port}", "primary_host": "scada"}
        self.device = Device.model_validate({"id": "edge1", "protocol": "mqtt", "mqtt": mqtt})
        self.image = DeviceImage(self.device, POINTS, EPOCH_NS)
        setting = Setting(self.image, SimpleNamespace(assets=()), Streams(1), lambda *_: None, self.timers, {})
        self.face = MqttFace(setting)
        self.link = self.face.node.link
        await self.face.start()
        await self.connected()

    async def close(self):
        await self.face.stop()
        await self.proxy.stop()
        await self.server.stop()

    async def until(self, true):
        async with asyncio.timeout(5):
            while not true():  # noqa: ASYNC110 - sockets make it true
                await asyncio.sleep(0)

    def count(self, client, up, kind, part=""):
        return self.recorder.counts[client, up, kind, part]

    async def settle(self):
        """Wait until the broker has what the node said, and the node what the broker said to it."""
        if self.link.up:
            before = self.count(EDGE, False, "pingresp")
            self.link._socket._send(Ping())
            await self.until(lambda: not self.link.up or self.count(EDGE, False, "pingresp") > before)

    async def connected(self):
        await self.until(lambda: self.link.up)
        await self.settle()  # this may be the answer to the link's own first ping
        await self.settle()

    @property
    def now_ns(self):
        return EPOCH_NS + self.scans * SCAN_NS

    async def scan(self, count=1):
        for _ in range(count):
            self.scans += 1
            readings = {p.id: Reading(float(self.scans + k), GOOD, self.now_ns) for k, p in enumerate(POINTS)}
            self.image.commit(readings, self.now_ns)
            self.timers.advance(self.scans * SCAN_NS)
            await self.settle()

    async def welcome(self):
        """Let a host come: it asks for a birth and waits for it, which the next scan brings."""
        host = MqttConnector(self.device, POINTS, self.url)
        asked = self.count(EDGE, False, "publish", "NCMD")
        poll = asyncio.create_task(host.poll(self.now_ns))
        await self.until(lambda: poll.done() or self.count(EDGE, False, "publish", "NCMD") > asked)
        await self.scan()
        return host, await poll

    async def poll(self, host):
        batches = await host.poll(self.now_ns)
        await self.settle()
        return batches

    async def command(self, kind, device, *metrics):
        below = f"/{device}" if device else ""
        payload = sp.payload(*metrics, t=self.now_ns // 1_000_000)
        self.broker.publish(Publish(f"spBv1.0/g/{kind}/edge1{below}", payload))
        await self.settle()


def worth(batches):
    """The last said of each point: whether it is good, and when."""
    return {b.point: (is_good(b.quality), b.t0_ns) for b in batches}


async def play(scene):
    """The conversation; returns what the host made of births and deaths, by a name of each moment."""
    seen = {}
    await scene.open()
    await scene.scan(3)
    seen["unborn"] = [p.topic for p in scene.recorder.packets if p.up and p.kind == "publish"]
    host, batches = await scene.welcome()
    await scene.scan(3)
    seen["born"] = worth(batches + await scene.poll(host))
    # One device goes and comes back.
    scene.face.misbehaviour.set("sparkplug_ddeath_one_device", Plan(params=(("device", "fan"),)))
    await scene.settle()
    seen["ddeath"] = scene.now_ns, worth(await scene.poll(host))
    await scene.scan()
    scene.face.misbehaviour.set("sparkplug_ddeath_one_device", None)
    await scene.settle()
    seen["dbirth"] = worth(await scene.poll(host))
    # Commands, a rebirth among them.
    await scene.command("NCMD", None, sp.metric("Node Control/Scan Rate", 100, 4))
    await scene.command("DCMD", "fan", sp.metric(None, 7.0, alias=11, carrier=10))
    await scene.command("DCMD", "fan", sp.metric(None, 8.0, alias=12, carrier=10))  # another device's
    seen["writes"] = scene.image.take_writes()
    await scene.command("NCMD", None, sp.metric("Node Control/Rebirth", True, 11))
    await scene.scan(2)
    await scene.poll(host)
    # A false death of the host, older than its birth: the node stays, the host speaks up.
    old = json.dumps({"online": False, "timestamp": 1_700_000_000_000}).encode()
    scene.broker.publish(Publish(STATE, old, 1, retain=True))
    await scene.settle()
    await scene.poll(host)
    for _ in range(5):
        await scene.scan(20)
        await scene.poll(host)
    # Power lost: the broker says the will.
    scene.image.power(online=False, t_ns=scene.now_ns)
    heard = scene.count(HOST, False, "publish", "NDEATH")
    await scene.until(lambda: scene.count(HOST, False, "publish", "NDEATH") > heard)
    scene.scans += 1
    seen["ndeath"] = scene.now_ns, worth(await scene.poll(host)), host.state
    scene.image.power(online=True, t_ns=scene.now_ns)
    await scene.connected()
    await scene.scan(2)
    seen["back"] = worth(await scene.poll(host)), host.state
    # The host goes; the node waits, and keeps what it would have said.
    connects = scene.count(EDGE, True, "connect")
    await host.close()
    await scene.until(lambda: scene.count(EDGE, True, "connect") > connects)
    await scene.connected()
    await scene.scan(3)
    host, batches = await scene.welcome()
    await scene.scan(2)
    batches += await scene.poll(host)
    seen["history"] = [b for b in batches if b.historical]
    heard = scene.count(HOST, False, "publish", "NDEATH")
    await scene.face.node.stop()
    await scene.until(lambda: scene.count(HOST, False, "publish", "NDEATH") > heard)
    await host.close()
    await scene.until(lambda: scene.count(HOST, True, "disconnect") == 2)
    await scene.close()
    return seen


@pytest.fixture(scope="module")
def played():
    scene = Scene()
    seen = asyncio.run(play(scene))
    return scene.recorder.packets, seen


def talk(packets):
    return Talk(packets, EDGE, HOST, "g", "edge1")


@pytest.fixture(scope="module")
def conversation(played):
    return talk(played[0])


def test_there_are_enough_statements():
    assert len(STATEMENTS) > 150
    assert sum(not name.startswith("*") for name in STATEMENTS) > 140


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement(conversation, name):
    occasions = STATEMENTS[name](conversation)
    assert occasions, "the conversation gives no occasion to test this"
    assert [what for what, holds in occasions if not holds] == []


def test_the_conversation_is_the_same_again(played):
    again = Scene()
    asyncio.run(play(again))
    for client in (EDGE, HOST):
        first, second = (
            [dataclasses.replace(p, connection=0) for p in packets if p.client == client and p.up]
            for packets in (played[0], again.recorder.packets)
        )
        assert first == second


# --- what a host must do that no wire shows ------------------------------------------------------------------------


def test_a_device_death_makes_that_devices_metrics_stale_at_the_devices_time(played):
    """[operational-behavior-edge-node-termination-host-action-ddeath-devices-offline, …-devices-tags-stale]."""
    at, told = played[1]["ddeath"]
    assert told == {"a.speed": (False, at)}
    assert played[1]["dbirth"]["a.speed"][0]


def test_a_node_death_makes_everything_stale_at_once(played):
    """[…-host-action-ndeath-node-offline, -node-tags-stale, -devices-offline, -devices-tags-stale], host's time."""
    at, told, state = played[1]["ndeath"]
    assert told == dict.fromkeys(("a.level", "a.speed", "a.power"), (False, at))
    assert state.gone_since_ns == state.outage_since_ns == at
    told, state = played[1]["back"]
    assert all(good for good, _ in told.values())
    assert state.gone_since_ns is state.outage_since_ns is None


def test_a_node_waits_for_its_host_and_history_comes_as_history(played):
    seen = played[1]
    assert seen["unborn"] == []
    assert all(good for good, _ in seen["born"].values())
    assert len(seen["history"]) == 9
    assert Counter(b.point for b in seen["history"]) == dict.fromkeys(("a.level", "a.speed", "a.power"), 3)


def test_a_command_reaches_only_the_device_it_is_for(played):
    assert played[1]["writes"] == [("a.speed", 7.0)]


# --- the checker bites ---------------------------------------------------------------------------------------------


def changed(packets, part, **change):
    """The conversation with one packet of the edge node or the host other than it was."""
    out = list(packets)
    at = next(at for at, p in enumerate(out) if p.up and part(p))
    change = {key: value(out[at]) if callable(value) else value for key, value in change.items()}
    out[at] = dataclasses.replace(out[at], **change)
    return out


def on(kind):
    return lambda p: p.kind == "publish" and f"/{kind}/" in p.topic


def connect_of(client):
    return lambda p: p.kind == "connect" and p.client == client


@pytest.mark.parametrize(
    ("part", "change", "statement"),
    [
        (on("NBIRTH"), {"payload": lambda p: p.payload[:-1] + b"\x05"}, "topics-nbirth-seq-num"),
        (on("NBIRTH"), {"kind": "dropped"}, "message-flow-device-birth-publish-nbirth-wait"),
        (on("DBIRTH"), {"qos": 1}, "topics-dbirth-mqtt"),
        (on("DBIRTH"), {"kind": "dropped"}, "operational-behavior-data-commands-rebirth-action-2"),
        (on("DDATA"), {"retain": True}, "payloads-ddata-retain"),
        (on("DDATA"), {"kind": "dropped"}, "topics-ddata-seq-num"),
        (on("NDEATH"), {"kind": "dropped"}, "operational-behavior-edge-node-intentional-disconnect-ndeath"),
        (on("NDEATH"), {"topic": "spBv1.0/g/NDEATH/other"}, "topic-structure-namespace-valid-edge-node-id"),
        (connect_of(EDGE), {"clean": False}, "principles-persistence-clean-session-311"),
        (connect_of(EDGE), {"will": lambda p: dataclasses.replace(p.will, qos=0)}, "payloads-ndeath-will-message-qos"),
        (lambda p: p.kind == "subscribe" and "NCMD" in str(p.filters), {"filters": ()}, "message-flow-edge-node-ncmd-subscribe"),
        (connect_of(HOST), {"will": lambda p: dataclasses.replace(p.will, retain=False)}, "host-topic-phid-death-retain"),
        (on("STATE"), {"qos": 0}, "host-topic-phid-birth-qos"),
        (on("STATE"), {"payload": b'{"online":true,"timestamp":1735689600001}'}, "host-topic-phid-birth-payload-timestamp"),
        (on("NCMD"), {"retain": True}, "topics-ncmd-mqtt"),
    ],
)  # fmt: skip
def test_a_conversation_that_breaks_a_statement_is_found(played, part, change, statement):
    assert not all(holds for _, holds in STATEMENTS[statement](talk(changed(played[0], part, **change))))
