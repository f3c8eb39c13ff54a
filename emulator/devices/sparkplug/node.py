"""A Sparkplug edge node: births, deaths, data by exception, commands, and what it keeps for a host that is away.

Everything it says by itself it says at a commit of the device image or on the device's timers, so that it repeats.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from emulator.devices.mqtt.packets import Publish, Will
from emulator.devices.sparkplug.commands import NEXT_SERVER, REBIRTH, SCAN_RATE, Commands
from emulator.devices.sparkplug.datatypes import DataType
from emulator.devices.sparkplug.decode import decode
from emulator.devices.sparkplug.encode import encode
from emulator.devices.sparkplug.messages import Kind, Message
from emulator.devices.sparkplug.metrics import MILLISECOND, historical, metrics_of
from emulator.devices.sparkplug.payload import Metric, Payload, SampleColumn
from emulator.devices.sparkplug.protobuf import PayloadError
from emulator.devices.sparkplug.templates import definitions, instances
from emulator.devices.sparkplug.wrong import Wrongdoer

if TYPE_CHECKING:
    from emulator.devices.faces import Setting
    from emulator.devices.mqtt.link import Link
    from emulator.devices.mqtt.misbehaviour import Misbehaviour

NAMESPACE: Final = "spBv1.0"
FLUSH: Final = 200  # stored messages sent per scan on return
STORE_BYTES: Final = 1 << 26
_FIRST_ALIAS: Final = 10


class EdgeNode:
    """The edge node of one emulated device, with the Sparkplug devices its points name.

    Parameters
    ----------
    setting
        Where it stands.
    link
        Its connection to the broker.
    misbehaviour
        What it does wrong.

    Attributes
    ----------
    born
        Whether its births are out and data may follow.
    lost
        Stored metrics that had to make room for newer ones.

    """

    def __init__(self, setting: Setting, link: Link, misbehaviour: Misbehaviour) -> None:
        device = setting.image.device
        self.settings = settings = device.mqtt
        self.image, self.rig = setting.image, setting.rig
        self.timers = setting.timers
        self.note = setting.note
        self.group, self.node = settings.group, settings.node or device.id
        self.link = link
        self.metrics = metrics_of(tuple(self.image.points.values()), settings, _FIRST_ALIAS)
        self.devices = tuple(dict.fromkeys(m.device for m in self.metrics.values() if m.device is not None))
        self.commands = Commands(self)
        self.wrong = Wrongdoer(self, misbehaviour)
        self.born = False
        self.bd_seq = -1
        self.period_ns = settings.period or 0
        self.lost = 0
        self._seq = 0
        self._host_online = settings.primary_host is None
        self._host_ms = -1
        self._published_ns = 0
        self._stored: deque[tuple[str | None, tuple[Metric, ...], int]] = deque()
        self._stored_bytes = 0
        link.user = self

    def start(self) -> None:
        """Connect, and follow the image from now on."""
        self.image.on_commit(self._commit)
        self.image.on_power(self._power)
        if self.image.online:
            self.link.open(self.will)

    def topic(self, kind: Kind, device: str | None = None) -> str:
        """Return the topic of a message of this node, or of one of its devices."""
        below = "" if device is None else f"/{device}"
        return f"{NAMESPACE}/{self.group}/{kind}/{self.node}{below}"

    # --- the link -----------------------------------------------------------------------------------------

    def will(self) -> Will:
        """Return the death certificate for the next connection: it carries the number its birth will carry."""
        self.bd_seq = (self.bd_seq + 1) % 256
        return Will(self.topic("NDEATH"), encode(self.death(self.bd_seq)), qos=1)

    def death(self, bd_seq: int) -> Payload:
        """Return the payload of a death certificate."""
        metric = Metric("bdSeq", timestamp=self.now_ms, type=DataType.INT64, value=bd_seq)
        return Payload(self.now_ms, (metric,))

    def link_up(self) -> None:
        """Subscribe; births follow at the next scan."""
        self.born = False
        self.link.subscribe((self.topic("NCMD"), 1), (f"{NAMESPACE}/{self.group}/DCMD/{self.node}/#", 1))
        host = self.settings.primary_host
        if host is not None:
            # What is known of the host's latest session outlives ours: an older STATE stays old (§5.6).
            self._host_online = False
            self.link.subscribe((f"{NAMESPACE}/STATE/{host}", 1))

    def link_down(self) -> None:
        """Keep what would be said, until the broker is back."""
        self.born = False

    def message(self, message: Publish) -> None:
        """Take a command, or the primary host's state; what is neither is left alone."""
        levels = message.topic.split("/")
        if message.topic.startswith(f"{NAMESPACE}/STATE/"):
            self._host(message.payload)
            return
        if len(levels) < 4 or len(levels) != {"NCMD": 4, "DCMD": 5}.get(levels[2]):
            return
        try:
            payload = decode(message.payload)
        except PayloadError as problem:
            self.note("sparkplug_command_refused", str(problem))
            return
        self.commands.take(payload, levels[4] if levels[2] == "DCMD" else None)

    def _host(self, payload: bytes) -> None:
        """Follow the primary host (Sparkplug 3.0 §5.3): what is older than what is known counts for nothing."""
        try:
            state = json.loads(payload)
            online, at_ms = state["online"], state["timestamp"]
        except (ValueError, TypeError, KeyError):
            return
        if not isinstance(online, bool) or not isinstance(at_ms, int) or at_ms < self._host_ms:
            return
        self._host_ms = at_ms
        if online == self._host_online:
            return
        self._host_online = online
        if not online and self.born:
            # Terminate as the specification asks: the death certificate first, then a new connection (§5.9).
            self.emit_death(self.bd_seq)
            self.reconnect(will=False)

    def reconnect(self, *, will: bool = True) -> None:
        """Break off the connection and come back at once; with `will` the broker says the death certificate."""
        self.born = False
        if will:
            self.link.drop()
        else:
            self.link.leave()
        self.link.open(self.will)

    def _power(self, online: bool) -> None:
        self._stored.clear()
        self._stored_bytes = 0
        self._host_ms = -1
        self.commands.forget()
        if online:
            self.link.open(self.will)
        else:
            self.born = False
            self.link.drop()

    async def stop(self) -> None:
        """Say the death certificate, as a node that is shut down does, and go."""
        if self.link.up:
            self.emit_death(self.bd_seq)
        self.born = False
        await self.link.close()

    # --- what it says -------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """The device's time [ms since 1970-01-01 UTC]."""
        return self.image.t_ns // MILLISECOND

    def rebirth(self) -> None:
        """Send births again at the next scan."""
        self.commands.rebirth = True

    def answer_rebirth(self) -> None:
        """Send the births a host has asked for, without waiting for the next scan if there has been one."""
        if self.born and self.commands.rebirth and self.link.up and self._host_online and self.image.readings:
            self.give_birth()

    def _commit(self) -> None:
        image = self.image
        ready = self.link.up and self._host_online
        if ready and (self.commands.rebirth or (not self.born and self.wrong.may_be_born())):
            self.give_birth()
            return
        if image.t_ns - self._published_ns < self.period_ns and image.t_ns >= self._published_ns:
            return
        self._published_ns = image.t_ns
        if ready and self._stored and self.born:
            self._flush()
        for device, metrics in self._changed().items():
            if not self.wrong.alive(device):
                continue
            if ready and (self.born or self.wrong.speaks_unborn()):
                self.emit("NDATA" if device is None else "DDATA", device, metrics)
            elif not self.link.up or not self._host_online:
                self._store(device, metrics)

    def _changed(self) -> dict[str | None, tuple[Metric, ...]]:
        """Return what is worth reporting, by device; templates come as instances beside."""
        found: dict[str | None, list[Metric]] = {}
        readings, refresh_ns, aliases = self.image.readings, self.settings.refresh, self.settings.aliases
        changed: list[str] = []
        for name, metric in self.metrics.items():
            reading = readings.get(name)
            if reading is not None and metric.due(reading, refresh_ns):
                found.setdefault(metric.device, []).append(metric.data(reading, aliases=aliases))
                changed.append(name)
        if self.settings.templates:
            for device, metrics in instances(self, changed).items():
                found.setdefault(device, []).extend(metrics)
        return {device: tuple(metrics) for device, metrics in found.items()}

    def give_birth(self) -> None:
        """Send the node's birth certificate and those of its devices."""
        self.commands.rebirth = False
        self.born = True
        self._published_ns = self.image.t_ns
        self.emit("NBIRTH", None, self.birth_payload().metrics)
        for device in self.devices:
            if self.wrong.alive(device):
                self.device_birth(device)

    def birth_payload(self) -> Payload:
        """Return what the node's birth says, not numbered yet."""
        return Payload(self.now_ms, (*self._control(), *self._born(None)))

    def data_payload(self, device: str | None) -> Payload:
        """Return the values of a device (None: the node's own) as data, whether they moved or not."""
        readings = self.image.readings
        own = [(m, readings[name]) for name, m in self.metrics.items() if m.device == device and name in readings]
        aliases = self.settings.aliases
        return Payload(self.now_ms, tuple(m.data(r, aliases=aliases) for m, r in own if m.point.waveform is None))

    def answer_scan_rate(self) -> None:
        """Report the scan rate as it is now, unless a birth is still to come and will say it."""
        if self.born and not self.commands.rebirth:
            alias = self._alias(3)
            name = SCAN_RATE if alias is None else None
            value = self.scan_rate_ms
            self.emit("NDATA", None, (Metric(name, alias, self.now_ms, None, value, sent_as=DataType.INT64),))

    def count_from(self, seq: int) -> None:
        """Give the next message the number after `seq`."""
        self._seq = seq

    def device_birth(self, device: str) -> None:
        """Send the birth certificate of one device."""
        self.emit("DBIRTH", device, self._born(device))

    def _control(self) -> tuple[Metric, ...]:
        now = self.now_ms
        return (
            Metric("bdSeq", timestamp=now, type=DataType.INT64, value=self.bd_seq),
            # Never with an alias: a host that has heard no birth must be able to ask for one (§5.17).
            Metric(REBIRTH, None, now, DataType.BOOLEAN, value=False),
            Metric(NEXT_SERVER, self._alias(2), now, DataType.BOOLEAN, value=False),
            Metric(SCAN_RATE, self._alias(3), now, DataType.INT64, value=self.scan_rate_ms),
        )

    @property
    def scan_rate_ms(self) -> int:
        """How often it publishes [ms]; 0 is at every scan."""
        return self.period_ns // MILLISECOND

    def _alias(self, number: int) -> int | None:
        return number if self.settings.aliases else None

    def _born(self, device: str | None) -> tuple[Metric, ...]:
        names = [name for name, metric in self.metrics.items() if metric.device == device]
        readings = self.image.readings
        born = tuple(self.metrics[name].birth(readings.get(name), self.now_ms) for name in names)
        if not self.settings.templates:
            return born
        defined = definitions(self) if device is None else ()
        return (*defined, *born, *instances(self, names, whole=True).get(device, ()))

    def emit(self, kind: Kind, device: str | None, metrics: tuple[Metric, ...]) -> None:
        """Send a message with the next number, or what the faults make of it."""
        seq = self._seq = 0 if kind == "NBIRTH" else (self._seq + 1) % 256
        message = Message(kind, device, Payload(self.now_ms, metrics, seq))
        for one in self.wrong.rewrite(message) if self.wrong.plans else (message,):
            self.send(one)

    def emit_death(self, bd_seq: int) -> None:
        """Publish a death certificate of the node."""
        self.link.publish(self.topic("NDEATH"), encode(self.death(bd_seq)), 1)

    def send(self, message: Message) -> None:
        """Send a message as it is."""
        data = encode(message.payload) if message.raw is None else message.raw
        self.link.publish(self.topic(message.kind, message.device), data, retain=message.retain)

    # --- while nobody listens -----------------------------------------------------------------------------

    def _store(self, device: str | None, metrics: tuple[Metric, ...]) -> None:
        """Keep metrics for later, the newest if not all fit."""
        if not self.settings.store:
            return
        size = sum(64 + _size(metric.value) for metric in metrics)
        self._stored.append((device, historical(metrics), size))
        self._stored_bytes += size
        while len(self._stored) > self.settings.store or self._stored_bytes > STORE_BYTES:
            _, lost, size = self._stored.popleft()
            self._stored_bytes -= size
            self.lost += len(lost)

    def _flush(self) -> None:
        """Send what was kept, oldest first, flagged historical."""
        for _ in range(min(FLUSH, len(self._stored))):
            device, metrics, size = self._stored.popleft()
            self._stored_bytes -= size
            self.emit("NDATA" if device is None else "DDATA", device, metrics)


def _size(value: Any) -> int:
    samples = value.samples if isinstance(value, SampleColumn) else value
    return int(getattr(samples, "nbytes", 8))
