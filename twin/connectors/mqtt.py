"""One MQTT device: a Sparkplug edge node with its devices, or topics of plain JSON.

The broker pushes; the runtime polls. Messages wait in a bounded inbox and are looked at, in their order, at the
next poll. In lockstep a poll first makes sure that the broker has handed over all it had, and waits for a birth
it has asked for, so that a run repeats.
"""

import asyncio
import contextlib
import dataclasses
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import aiomqtt

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Batch, Status, is_bad, no_reading, reading
from twin.connectors.backoff import Backoff
from twin.connectors.base import ConnectorState
from twin.connectors.mqtt_json import JsonError, decode_json
from twin.connectors.mqtt_link import Arrival, BrokerLostError, MqttLink
from twin.connectors.mqtt_login import login_of
from twin.connectors.mqtt_points import SECOND_NS, Target, json_batch, sparkplug_batch, targets_of
from twin.connectors.sparkplug.node import Death, EdgeNode, Kind, Update
from twin.connectors.sparkplug.rebirth import rebirth_command

TRIES_PER_SECOND = 5
_KINDS: tuple[Kind, ...] = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
_HOST = "plantbench"
State = Literal["true", "false"]


class MqttConnector:
    """Hears one MQTT device.

    Parameters
    ----------
    device, points : from the rig; only points with a signal are read
    url : `mqtt://host:port` or `mqtts://host:port`, the broker
    clock : tells the time, UTC ns; None (lockstep) stamps with the time of the poll
    seed : seed of the run, for the jitter of retries

    Raises
    ------
    ValueError : a point has no mqtt address, the URL is no address, or a password's variable is not set
    """

    def __init__(
        self,
        device: Device,
        points: Sequence[Point],
        url: str,
        clock: Callable[[], int] | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._device = device
        self._settings = device.mqtt
        self._group, self._node_name = self._settings.group, self._settings.node or device.id
        self._host_id = self._settings.primary_host or f"{_HOST}-{device.id}"
        self._login = login_of(device, url)
        self._targets = targets_of(points)
        self._sparkplug = self._settings.profile == "sparkplug"
        self._clock = clock
        self._now_ns = 0
        self._link: MqttLink | None = None
        self._node = EdgeNode()
        self._malformed = 0
        self._dropped = 0
        self._born_at_ns = 0
        self._heard_ns: int | None = None
        self._gone_ns: int | None = None
        self._problem: str | None = None
        self._backoff = Backoff(f"{device.id}/link", seed)
        self._tries: deque[int] = deque(maxlen=TRIES_PER_SECOND)
        self._connections = 0
        self._state = ConnectorState("down")
        self._closed = False

    @property
    def device(self) -> str:
        """Id of the device in the rig."""
        return self._device.id

    @property
    def state(self) -> ConnectorState:
        """How the link stands: `connected` while there is a broker, with the node's trouble in `last_error`."""
        return self._state

    @property
    def node(self) -> EdgeNode:
        """What is known of the edge node, with its counters."""
        return self._node

    async def close(self) -> None:
        """Say that this host is offline, take leave of the broker and let go of the connection."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            if self._sparkplug and link.open:
                with contextlib.suppress(BrokerLostError):
                    await link.publish(self._state_topic, self._state_payload("false"), qos=1, retain=True)
            await link.close()
        self._state = dataclasses.replace(self._state, status="down")

    async def poll(self, now_ns: int) -> list[Batch]:
        """Return what has come since the last poll; see `Connector.poll`."""
        self._now_ns = now_ns
        if self._closed:
            return []
        batches: list[Batch] = []
        if self._link is None and self._backoff.waiting(now_ns):
            return []
        try:
            link = await self._connected(now_ns)
            await self._receive(link, now_ns, batches)
        except BrokerLostError as problem:
            return batches + await self._failed(now_ns, str(problem))
        if not link.open:
            return batches + await self._failed(now_ns, link.why)
        self._hold(now_ns, batches)
        self._settle(now_ns, link)
        return batches

    # --- the link -------------------------------------------------------------------------------------------

    def _now(self) -> int:
        return self._now_ns if self._clock is None else self._clock()

    @property
    def _state_topic(self) -> str:
        return f"spBv1.0/STATE/{self._host_id}"

    def _state_payload(self, online: State) -> bytes:
        # The same timestamp in will, birth and death of one connection (Sparkplug 3.0, 5.13 and 5.14).
        return f'{{"online":{online},"timestamp":{self._born_at_ns // 1_000_000}}}'.encode()

    def _filters(self) -> list[str]:
        if not self._sparkplug:
            return [f"{self._group}/{self._node_name}/#"]
        own = {kind: f"spBv1.0/{self._group}/{kind}/{self._node_name}" for kind in _KINDS}
        return [self._state_topic, *(own[kind] if kind[0] == "N" else f"{own[kind]}/+" for kind in _KINDS)]

    async def _connected(self, now_ns: int) -> MqttLink:
        if self._link is not None and self._link.open:
            return self._link
        if self._link is not None:
            raise BrokerLostError(self._link.why)
        if len(self._tries) == TRIES_PER_SECOND and 0 <= now_ns - self._tries[0] < SECOND_NS:
            raise BrokerLostError(f"the connection was lost {TRIES_PER_SECOND} times within a second")
        self._tries.append(now_ns)
        self._born_at_ns = now_ns
        offline = self._state_payload("false")
        will = aiomqtt.Will(self._state_topic, offline, 1, retain=True) if self._sparkplug else None
        self._link = link = await MqttLink.connect(self._login, will, self._now)
        self._connections += 1
        self._dropped = 0
        await link.subscribe(self._filters())
        if self._sparkplug:
            await link.publish(self._state_topic, self._state_payload("true"), qos=1, retain=True)
            self._node.ask("no birth heard yet")
        return link

    async def _receive(self, link: MqttLink, now_ns: int, batches: list[Batch]) -> None:
        if self._clock is None:
            await link.fence()
        await self._take(link, batches)
        if not self._sparkplug:
            return
        heard_ns = self._node.heard_ns
        if self._node.online and heard_ns is not None and now_ns - heard_ns > self._device.stale_after:
            self._node.ask(f"nothing heard for {self._device.stale_after / SECOND_NS:g} s")
        if self._node.rebirth(now_ns) is None:
            return
        topic = f"spBv1.0/{self._group}/NCMD/{self._node_name}"
        await link.publish(topic, rebirth_command(self._now() // 1_000_000))
        if self._clock is None:
            await self._await_birth(link, batches)

    async def _await_birth(self, link: MqttLink, batches: list[Batch]) -> None:
        """In lockstep plant time stands still: the answer belongs to this very moment, so wait for it."""
        births = set(self._targets)
        try:
            async with asyncio.timeout(self._device.timeout):
                while link.open and not births <= self._born():
                    await link.inbox.news.wait()
                    await self._take(link, batches)
        except TimeoutError:
            return
        if link.open:
            await link.fence()
            await self._take(link, batches)

    def _born(self) -> set[str | None]:
        return {None, *self._node.devices} if self._node.online else set()

    async def _failed(self, now_ns: int, why: str) -> list[Batch]:
        link, self._link = self._link, None
        if link is not None:
            await link.drop()
        self._node.lost(now_ns)
        self._node.events()
        self._backoff.failed(now_ns)
        old = self._state
        self._state = dataclasses.replace(
            old,
            status="backoff",
            errors=old.errors + 1,
            last_error=why,
            reconnects=max(0, self._connections - 1),
            outage_since_ns=now_ns if old.outage_since_ns is None else old.outage_since_ns,
        )
        return [no_reading(target.point.id, now_ns, now_ns, Status.BAD_COMMUNICATION_ERROR) for target in self._all()]

    def _all(self) -> list[Target]:
        return [target for targets in self._targets.values() for target in targets.values()]

    def _settle(self, now_ns: int, link: MqttLink) -> None:
        problem = self._problem
        if self._sparkplug and problem is None:
            problem = self._node.problem if self._node.online else self._node.problem or "no birth heard yet"
        if link.refused:
            problem = f"the broker refuses subscription {', '.join(link.refused)}"
        if link.inbox.dropped > self._dropped:
            problem = f"{link.inbox.dropped - self._dropped} messages dropped: more came than are looked at"
            self._dropped = link.inbox.dropped
        if self._heard_ns is not None:
            # A broker that takes us and cuts us off at once must not be tried at full speed.
            self._backoff.succeeded()
        if self._node.online:
            self._gone_ns = None
        heard_ns = self._heard_ns
        silent = self._gone_ns is not None or heard_ns is None or now_ns - heard_ns > self._device.stale_after
        old = self._state
        self._state = dataclasses.replace(
            old,
            status="connected",
            last_good_ns=self._heard_ns,
            reconnects=max(0, self._connections - 1),
            last_error=problem,
            outage_since_ns=(old.outage_since_ns or now_ns) if silent else None,
            gone_since_ns=self._gone_ns,
        )

    # --- messages -------------------------------------------------------------------------------------------

    async def _take(self, link: MqttLink, batches: list[Batch]) -> None:
        # In lockstep, whether a message came before the step's poll or in it is a matter of the computer's pace.
        for arrival in link.inbox.take(self._now_ns if self._clock is None else None):
            if arrival.topic == self._state_topic and self._sparkplug:
                await self._own_state(link, arrival)
            elif self._sparkplug:
                self._sparkplug_message(arrival, batches)
            else:
                self._json_message(arrival, batches)

    async def _own_state(self, link: MqttLink, arrival: Arrival) -> None:
        """Speak up when we are said to be offline, as by the late will of an earlier connection of ours."""
        try:
            online = bool(json.loads(arrival.payload)["online"])
        except (ValueError, KeyError, TypeError, RecursionError):
            online = False
        if not online:
            await link.publish(self._state_topic, self._state_payload("true"), qos=1, retain=True)

    def _sparkplug_message(self, arrival: Arrival, batches: list[Batch]) -> None:
        levels = arrival.topic.split("/")
        kind = next((kind for kind in _KINDS if len(levels) > 3 and levels[2] == kind), None)
        if kind is None or len(levels) != (4 if kind[0] == "N" else 5):
            self._malformed += 1
            return
        device = levels[4] if len(levels) == 5 else None
        self._node.take(kind, device, arrival.payload, retained=arrival.retained, received_ns=arrival.received_ns)
        for event in self._node.events():
            if isinstance(event, Death):
                self._died(event, batches)
            else:
                self._updated(event, batches)

    def _updated(self, update: Update, batches: list[Batch]) -> None:
        self._heard_ns = update.received_ns
        target = self._targets.get(update.device, {}).get(update.name)
        if target is not None:
            target.emit(sparkplug_batch(target, update), batches)

    def _died(self, death: Death, batches: list[Batch]) -> None:
        if death.device is None:
            self._gone_ns = death.received_ns
        for device, targets in self._targets.items():
            if death.device in (None, device):
                for target in targets.values():
                    gone = no_reading(target.point.id, death.t_ns, death.received_ns, Status.BAD_NOT_CONNECTED)
                    target.emit(gone, batches)

    def _json_message(self, arrival: Arrival, batches: list[Batch]) -> None:
        level = arrival.topic.removeprefix(f"{self._group}/{self._node_name}/")
        if level == "status":
            if arrival.payload == b"offline":
                self._died(Death(None, arrival.received_ns, arrival.received_ns), batches)
                self._problem = "the device says it is offline"
            return
        device, _, metric = level.partition("/")
        target = self._targets.get(device, {}).get(metric) or self._targets[None].get(level)
        if target is None:
            return
        try:
            value = decode_json(arrival.payload)
        except JsonError as error:
            self._malformed += 1
            self._problem = f"{arrival.topic}: {error}"
            bad = no_reading(target.point.id, arrival.received_ns, arrival.received_ns, Status.BAD_DECODING_ERROR)
            target.emit(bad, batches)
            return
        if arrival.retained and not is_bad(value.quality):
            # Kept by the broker for nobody knows how long: a value, but not a fresh one.
            value = dataclasses.replace(value, quality=Status.UNCERTAIN_LAST_USABLE_VALUE)
        else:
            self._heard_ns = arrival.received_ns
            self._problem = self._gone_ns = None
        target.emit(json_batch(target, value, arrival.received_ns), batches)

    def _hold(self, now_ns: int, batches: list[Batch]) -> None:
        """Say again what has not changed while its node is heard: by exception means no news is no change."""
        heard_ns = self._node.heard_ns
        if not self._sparkplug or not self._node.online or heard_ns is None:
            return
        if now_ns - heard_ns > self._device.stale_after:
            return
        for device, targets in self._targets.items():
            if device is None or device in self._node.devices:
                for target in targets.values():
                    held = target.held
                    if held is not None and now_ns - target.emitted_ns > self._device.stale_after // 2:
                        batches.append(reading(target.point.id, now_ns, held, now_ns))
                        target.emitted_ns = now_ns
