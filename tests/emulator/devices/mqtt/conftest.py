"""A broker without sockets, and clients that talk to it in bytes."""

from types import SimpleNamespace

import pytest

from emulator.devices.faces import Setting
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.mqtt.accounts import Accounts
from emulator.devices.mqtt.broker import Broker
from emulator.devices.mqtt.conversation import Conversation
from emulator.devices.mqtt.decode import Decoder
from emulator.devices.mqtt.encode import encode
from emulator.devices.mqtt.face import MqttFace
from emulator.devices.mqtt.misbehaviour import Misbehaviour
from emulator.devices.mqtt.packets import Connect, Publish, Subscribe
from emulator.devices.timers import SteppedTimers
from emulator.streams import Streams
from rigs.devices.device import Device
from rigs.devices.mqtt import MqttAccount
from rigs.schema import Point

EPOCH_NS = 1_735_689_600_000_000_000


class Client:
    """One client: what it gets, in packets and in bytes."""

    def __init__(self, broker, connect, backlog=lambda: 0):
        self.got, self.bytes, self.closed = [], b"", False
        self.version = connect.version if connect else 4
        self._decoder = Decoder(at_broker=False, version=self.version, limit=1 << 28)
        self.talk = Conversation(broker, self._take, self._close, backlog)
        if connect is not None:
            self.send(connect)

    def _take(self, data):
        self.bytes += data
        self.got += self._decoder.feed(data)

    def _close(self):
        self.closed = True

    def send(self, *packets):
        for packet in packets:
            self.talk.receive(encode(packet, self.version))

    def take(self):
        got, self.got = self.got, []
        return got

    def messages(self):
        return [(p.topic, p.payload, p.qos, p.retain) for p in self.take() if isinstance(p, Publish)]


class Cell:
    """A broker in plant time."""

    def __init__(self, *accounts):
        self.timers, self.noted = SteppedTimers(), []
        self.wrong = Misbehaviour(lambda *_: 0.0, lambda kind, detail="": self.noted.append(kind))
        made = tuple(MqttAccount.model_validate(account) for account in accounts)
        self.broker = Broker(Accounts(made, self.timers.now_s), self.timers, self.wrong)

    def client(self, name="c", **settings):
        backlog = settings.pop("backlog", lambda: 0)
        return Client(self.broker, Connect(name, **settings), backlog)

    def subscriber(self, *filters, name="s", qos=0, **settings):
        client = self.client(name, **settings)
        client.send(Subscribe(1, tuple((f, qos) for f in filters)))
        client.take()
        return client


class Bench:
    """A device with its broker, two points of it below a device, in plant time."""

    def __init__(self, seed=1, timers=None, **mqtt):
        device = Device.model_validate({"id": "edge1", "protocol": "mqtt", "mqtt": {"group": "g"} | mqtt})
        self.image = DeviceImage(device, POINTS, EPOCH_NS)
        self.timers, self.noted, self.scans = timers or SteppedTimers(), [], 0
        rig = SimpleNamespace(assets=(SimpleNamespace(id="fan1", kind="fan"),))
        note = lambda kind, detail="": self.noted.append(kind)  # noqa: E731
        self.face = MqttFace(Setting(self.image, rig, Streams(seed), note, self.timers, {}))
        self.node, self.broker = self.face.node, self.face.server.broker
        self.node.start()

    def host(self, pattern="spBv1.0/#", **settings):
        client = Client(self.broker, Connect("host", **settings))
        client.send(Subscribe(1, ((pattern, 2),)))
        client.take()
        return client

    def scan(self, count=1, status=GOOD, still=False):
        for _ in range(count):
            self.scans += 1
            t_ns = EPOCH_NS + self.scans * 100_000_000
            number = 0 if still else self.scans
            self.image.commit(
                {
                    "fan1.t": Reading(20.0 + number, GOOD, t_ns),
                    "fan1.speed": Reading(970.0 + number, status, t_ns),
                    "fan1.run": Reading(1.0, GOOD, t_ns),
                },
                t_ns,
            )
            if isinstance(self.timers, SteppedTimers):
                self.timers.advance(self.scans * 100_000_000)


def point(name, metric, span=(0.0, 2000.0), write=None, **address):
    entry = {
        "id": name,
        "device": "edge1",
        "asset": "fan1",
        "quantity": name.split(".")[1],
        "range": span,
        "unit": "rpm",
    }
    return Point.model_validate(entry | {"signal": "x", "write": write, "mqtt": {"metric": metric} | address})


POINTS = (
    point("fan1.t", "Temperature"),
    point("fan1.speed", "Fan1/Speed", device="fan", write="fan1.speed"),
    point("fan1.run", "Fan1/Run", (0.0, 1.0), "fan1.run", device="fan", type="Boolean"),
)


@pytest.fixture
def cell():
    return Cell()


@pytest.fixture
def make_cell():
    return Cell


@pytest.fixture
def make_bench():
    return Bench


@pytest.fixture
def bench():
    return Bench()
