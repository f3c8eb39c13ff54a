"""Traces of the MQTT and Sparkplug faults: an edge node of two points, its broker, and a host, in plant time.

Nothing but the sockets is missing: the host's bytes go into the broker's conversation and the broker's come out of it.
"""

import importlib
from functools import partial
from types import SimpleNamespace
from typing import Any

from emulator.devices.faces import Setting
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.mqtt.conversation import Conversation
from emulator.devices.mqtt.decode import Decoder
from emulator.devices.mqtt.encode import encode
from emulator.devices.mqtt.face import MqttFace
from emulator.devices.mqtt.packets import Ack, Connect, Packet, Ping, Publish, Subscribe, Will
from emulator.devices.sparkplug.datatypes import DataType
from emulator.devices.sparkplug.encode import encode as encode_payload
from emulator.devices.sparkplug.payload import Metric, Payload
from emulator.devices.timers import SteppedTimers
from emulator.streams import Streams
from hil.traces.mqtt import lines
from hil.traces.tap import Transcript
from rigs.devices.device import Device
from rigs.schema import Point

EPOCH_NS = 1_735_689_600_000_000_000
SCAN_NS = 100_000_000
REBIRTH = Payload(None, (Metric("Node Control/Rebirth", type=DataType.BOOLEAN, value=True),))


def point(name: str, metric: str, **address: Any) -> Point:
    """Return a point of the node."""
    return Point.model_validate(
        {"id": name, "device": "edge1", "asset": "fan1", "quantity": "speed", "signal": "x", "range": (0.0, 2000.0)}
        | {"mqtt": {"metric": metric} | address}
    )


class Host:
    """A host that answers as it must and no more; what it sends and gets is kept."""

    def __init__(self, cell: "Cell", client: str = "host", qos: int = 0, *, clean: bool = True) -> None:
        self.number = cell.hosts
        cell.hosts += 1
        self._cell = cell
        self._decoder = Decoder(at_broker=False)
        self.talk = Conversation(cell.broker, self._got, lambda: None, lambda: 0)
        will = Will("spBv1.0/STATE/host", b'{"online":false,"timestamp":0}', 1, True) if client == "host" else None
        self.send(Connect(client, clean=clean, will=will))
        if self.talk.session is not None:
            self.send(Subscribe(1, (("spBv1.0/#", qos),)))

    def send(self, packet: Packet) -> None:
        """Send a packet."""
        data = encode(packet)
        self._cell.wire.take(self.number, "up", data)
        self.talk.receive(data)

    def _got(self, data: bytes) -> None:
        self._cell.wire.take(self.number, "down", data)
        for packet in self._decoder.feed(data):
            if isinstance(packet, Publish) and packet.qos:
                self.send(Ack("puback" if packet.qos == 1 else "pubrec", packet.packet_id))
            elif isinstance(packet, Ack) and packet.kind == "pubrel":
                self.send(Ack("pubcomp", packet.packet_id))


class Cell:
    """The node, its broker and its plant time."""

    def __init__(self) -> None:
        device = Device.model_validate({"id": "edge1", "protocol": "mqtt", "mqtt": {"group": "cell"}})
        points = (point("fan1.t", "Temperature"), point("fan1.speed", "Fan1/Speed", device="fan"))
        self.image = DeviceImage(device, points, EPOCH_NS)
        self.timers = SteppedTimers()
        rig: Any = SimpleNamespace(assets=())
        setting = Setting(self.image, rig, Streams(1), lambda *_: None, self.timers, {})
        self.face = MqttFace(setting)
        assert self.face.server is not None
        self.broker = self.face.server.broker
        self.wire = Transcript()
        self.hosts = self.scans = 0
        self.face.node.start()

    def scan(self, count: int = 1) -> None:
        """Let the plant go on."""
        for _ in range(count):
            self.scans += 1
            t_ns = self.scans * SCAN_NS
            at = EPOCH_NS + t_ns
            self.image.commit(
                {
                    "fan1.t": Reading(20.0 + self.scans, GOOD, at),
                    "fan1.speed": Reading(970.0 + self.scans, GOOD, at),
                },
                at,
            )
            self.timers.advance(t_ns)

    def fault(self, kind: str, severity: float = 1.0, **params: Any) -> None:
        """Set a fault as a scenario would."""
        module = importlib.import_module(f"emulator.faults.{kind}")
        cls = next(item for item in vars(module).values() if getattr(item, "kind", None) == kind)
        cls(params).apply(self.face.misbehaviour, severity, 0)

    def said(self, after: int = 0) -> list[str]:
        """Return the conversation from its `after`-th line on."""
        return lines(self.wire.pieces)[after:]


def _running(kind: str, scans: int = 2, qos: int = 0, off: int = 0, **params: Any) -> list[str]:
    """Show a scan of a node that has been born, then the fault; with `off`, also so many scans after its end."""
    cell = Cell()
    Host(cell, qos=qos)
    cell.scan()
    before = len(cell.said())
    cell.scan()
    cell.fault(kind, **params)
    cell.scan(scans)
    if off:
        cell.fault(kind, 0.0, **params)
        cell.scan(off)
    return cell.said(before)


def _rebirth_ignored() -> list[str]:
    cell = Cell()
    host = Host(cell)
    cell.scan()
    cell.fault("sparkplug_rebirth_ignored")
    before = len(cell.said())
    for off in (False, True):
        if off:
            cell.fault("sparkplug_rebirth_ignored", 0.0)
        host.send(Publish("spBv1.0/cell/NCMD/edge1", encode_payload(REBIRTH)))
        cell.scan()
    return cell.said(before)


def _at_connect(kind: str, **params: Any) -> list[str]:
    cell = Cell()
    cell.scan()
    cell.fault(kind, **params)
    Host(cell)
    cell.scan()
    return cell.said()


def _came_back(kind: str, **params: Any) -> list[str]:
    """Show a host that is thrown out by the fault and comes back."""
    cell = Cell()
    host = Host(cell)
    cell.scan()
    before = len(cell.said())
    cell.fault(kind, **params)
    while not host.talk.open and cell.broker.down:
        cell.scan()
    if not host.talk.open:
        Host(cell)
    cell.scan(2)
    return cell.said(before)


def _will_delayed() -> list[str]:
    cell = Cell()
    Host(cell)
    cell.scan()
    before = len(cell.said())
    cell.fault("mqtt_will_delayed", delay_s=0.15)
    cell.face.node.link.drop()
    cell.face.node.link.open(cell.face.node.will)
    cell.scan(3)
    return cell.said(before)


def _keepalive() -> list[str]:
    cell = Cell()
    host = Host(cell)
    cell.scan()
    before = len(cell.said())
    cell.fault("mqtt_keepalive_lost")
    cell.scan(2)
    host.send(Ping())
    cell.fault("mqtt_keepalive_lost", 0.0)
    host.send(Ping())
    cell.scan()
    return cell.said(before)


RECIPES = {
    "sparkplug_seq_gap": partial(_running, "sparkplug_seq_gap", 1, off=1),
    "sparkplug_out_of_order": partial(_running, "sparkplug_out_of_order", 2),
    "sparkplug_data_before_birth": partial(_running, "sparkplug_data_before_birth", 3, delay_s=0.15),
    "sparkplug_unknown_alias": partial(_running, "sparkplug_unknown_alias", 1),
    "sparkplug_alias_reused": partial(_running, "sparkplug_alias_reused", 2),
    "sparkplug_type_mismatch": partial(_running, "sparkplug_type_mismatch", 1),
    "sparkplug_null_metric": partial(_running, "sparkplug_null_metric", 1),
    "sparkplug_historical_burst": partial(_running, "sparkplug_historical_burst", 1, count=3),
    "sparkplug_bad_timestamps": partial(_running, "sparkplug_bad_timestamps", 1, off=1),
    "sparkplug_old_ndeath": partial(_running, "sparkplug_old_ndeath", 1),
    "sparkplug_ndeath_storm": partial(_running, "sparkplug_ndeath_storm", 4, period_s=0.2),
    "sparkplug_ddeath_one_device": partial(_running, "sparkplug_ddeath_one_device", 2, off=1),
    "sparkplug_birth_missing_metrics": partial(_running, "sparkplug_birth_missing_metrics", 2, metric="Fan1/Speed"),
    "sparkplug_nbirth_seq_nonzero": partial(_running, "sparkplug_nbirth_seq_nonzero", 2),
    "sparkplug_rebirth_ignored": _rebirth_ignored,
    "sparkplug_malformed_payload": partial(_running, "sparkplug_malformed_payload", 1),
    "sparkplug_state_stale": partial(_running, "sparkplug_state_stale", 1, host="host"),
    "sparkplug_duplicate_node": partial(_running, "sparkplug_duplicate_node", 2),
    "mqtt_retained_stale": partial(_came_back, "mqtt_retained_stale"),
    "mqtt_duplicate": partial(_running, "mqtt_duplicate", 2, qos=1, delay_s=0.1),
    "mqtt_qos2_broken": partial(_running, "mqtt_qos2_broken", 1, qos=2),
    "mqtt_broker_restart": partial(_came_back, "mqtt_broker_restart", down_s=0.2),
    "mqtt_will_delayed": _will_delayed,
    "mqtt_takeover": partial(_came_back, "mqtt_takeover"),
    "mqtt_connack_refused": partial(_at_connect, "mqtt_connack_refused"),
    "mqtt_suback_refused": partial(_at_connect, "mqtt_suback_refused", filter="spBv1.0/#"),
    "mqtt_acl_silent_drop": partial(_running, "mqtt_acl_silent_drop", 2, filter="spBv1.0/+/DDATA/#"),
    "mqtt_keepalive_lost": _keepalive,
    "mqtt_huge_payload": partial(_running, "mqtt_huge_payload", 1),
    "mqtt_slow_broker": partial(_running, "mqtt_slow_broker", 3, delay_s=0.15),
    "mqtt_odd_topic": partial(_running, "mqtt_odd_topic", 1),
}
