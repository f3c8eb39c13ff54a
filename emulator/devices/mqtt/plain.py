"""The plain profile: one JSON text per value, commands on ``…/set``, a status topic that the broker speaks last."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA, SECOND
from emulator.devices.mqtt.packets import Publish, Will

if TYPE_CHECKING:
    from emulator.devices.faces import Setting
    from emulator.devices.image import Reading
    from emulator.devices.mqtt.link import Link
    from emulator.devices.mqtt.misbehaviour import Misbehaviour
    from rigs.schema import Point

_ONLINE: Final = "online"
_OFFLINE: Final = "offline"


def stamp(t_ns: int) -> str:
    """Return a time [ns since 1970-01-01 UTC] as text, to the millisecond."""
    at = datetime.fromtimestamp(t_ns // SECOND, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{t_ns % SECOND // 1_000_000:03d}Z"


def quality(status: int) -> str:
    """Return a status as a word."""
    if status & 0x80000000:
        return "bad"
    return "uncertain" if status & 0x40000000 else "good"


class PlainNode:
    """A device of the plain profile.

    Its topics are ``<group>/<node>/<metric>`` (``<group>/<node>/<device>/<metric>`` for points of a device below it),
    ``…/set`` for commands, and ``<group>/<node>/status``, retained, `online` or `offline`.
    """

    def __init__(self, setting: Setting, link: Link, misbehaviour: Misbehaviour) -> None:
        device = setting.image.device
        self.settings = device.mqtt
        self.image = setting.image
        self.link = link
        self.wrong = misbehaviour
        self.refused = 0
        base = f"{device.mqtt.group}/{device.mqtt.node or device.id}"
        self.status_topic = f"{base}/status"
        self._base = base
        self._topics: dict[str, str] = {}
        self._points: dict[str, Point] = {}
        self._reported: dict[str, Reading] = {}
        self._next_n: dict[str, int] = {}
        self._published_ns = 0
        for point in self.image.points.values():
            address = point.mqtt
            assert address is not None, "only points with an MQTT address come here"
            topic = "/".join((base, *(() if address.device is None else (address.device,)), address.metric))
            if topic in self._points or topic == self.status_topic:
                raise ValueError(f"point {point.id}: topic {topic!r} is taken; rename the metric")
            self._topics[point.id], self._points[topic] = topic, point
        link.user = self

    def start(self) -> None:
        """Connect, and follow the image from now on."""
        self.image.on_commit(self._commit)
        self.image.on_power(self._power)
        if self.image.online:
            self.link.open(self.will)

    def will(self) -> Will:
        """Return what the broker is to say for a device that is gone."""
        return Will(self.status_topic, _OFFLINE.encode(), 1, True)

    def link_up(self) -> None:
        """Say that the device is there, and listen for commands."""
        self.link.subscribe((f"{self._base}/#", 1))
        self.link.publish(self.status_topic, _ONLINE.encode(), 1, retain=True)

    def link_down(self) -> None:
        """Do nothing: a plain device keeps nothing for later."""

    def message(self, message: Publish) -> None:
        """Take a command: a JSON number or true or false, or an object with such a ``value``."""
        topic, _, last = message.topic.rpartition("/")
        if last != "set" or topic not in self._points:
            return
        point = self._points[topic]
        try:
            value = json.loads(message.payload)
        except (ValueError, RecursionError):
            self.refused += 1
            return
        if isinstance(value, dict):
            value = value.get("value")
        assert point.mqtt is not None
        low, high = point.range
        boolean = point.mqtt.type == "Boolean"
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if point.write is None or not (isinstance(value, bool) if boolean else number and low <= value <= high):
            self.refused += 1
            return
        self.image.write(point.id, value)

    def _power(self, online: bool) -> None:
        self._reported.clear()
        if online:
            self.link.open(self.will)
        else:
            self.link.drop()

    async def stop(self) -> None:
        """Say goodbye."""
        if self.link.up:
            self.link.publish(self.status_topic, _OFFLINE.encode(), 1, retain=True)
        await self.link.close()

    def _commit(self) -> None:
        image, settings = self.image, self.settings
        if image.t_ns - self._published_ns < (settings.period or 0) and image.t_ns >= self._published_ns:
            return
        self._published_ns = image.t_ns
        for name, topic in self._topics.items():
            reading = image.readings.get(name)
            if reading is not None and self._due(name, reading):
                body = self._body(name, reading)
                self._reported[name] = reading
                self.link.publish(topic, body, settings.qos, retain=settings.retain)

    def _due(self, name: str, reading: Reading) -> bool:
        point, last = self.image.points[name], self._reported.get(name)
        if point.waveform is not None:
            return isinstance(reading.value, np.ndarray) and reading.n0 + len(reading.value) > self._next_n.get(name, 0)
        if last is None:
            return True
        if reading.t_ns == last.t_ns:
            return False
        assert point.mqtt is not None
        own, (low, high) = point.mqtt.dead_band, point.range
        band = self.settings.dead_band * (high - low) if own is None else own
        moved = not abs(reading.value - last.value) <= band or reading.status != last.status
        return moved or reading.t_ns - last.t_ns >= self.settings.refresh

    def _body(self, name: str, reading: Reading) -> bytes:
        point = self.image.points[name]
        value: Any
        more: dict[str, Any] = {}
        if point.waveform is not None:
            first = max(self._next_n.get(name, 0), reading.n0)
            samples = reading.value[first - reading.n0 :]
            self._next_n[name] = first + len(samples)
            value, more = [float(sample) for sample in samples], {"n0": first, "rate": reading.rate_hz}
        else:
            assert point.mqtt is not None
            value = bool(reading.value) if point.mqtt.type == "Boolean" else float(reading.value)
            if reading.status == BAD_WAITING_FOR_INITIAL_DATA or not math.isfinite(value):
                value = None
        said = {
            "value": value, "unit": point.unit, "quality": quality(reading.status), "timestamp": stamp(reading.t_ns),
        }  # fmt: skip
        return json.dumps(said | more, separators=(",", ":")).encode()
