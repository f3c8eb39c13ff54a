"""What an edge node does wrong on request: messages changed on their way out, births and deaths at the wrong time."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from emulator.devices.sparkplug.changes import CHANGES
from emulator.devices.sparkplug.encode import encode
from emulator.devices.sparkplug.messages import Message
from emulator.devices.sparkplug.payload import Payload

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import Misbehaviour, Plan
    from emulator.devices.sparkplug.node import EdgeNode

_BIRTHS: Final = ("NBIRTH", "DBIRTH")


class Wrongdoer:
    """The hand that spoils an edge node's messages; with no plans it is not asked.

    Parameters
    ----------
    node
        Whose messages.
    misbehaviour
        The plans.

    """

    def __init__(self, node: EdgeNode, misbehaviour: Misbehaviour) -> None:
        self.node = node
        self.misbehaviour = misbehaviour
        self.plans = misbehaviour.plans
        self.hit = misbehaviour.hit
        self.ghost_seq = 0
        self._held: Message | None = None
        self._born_from_s = 0.0
        begin, end = misbehaviour.begin, misbehaviour.end
        for kind in ("sparkplug_birth_missing_metrics", "sparkplug_nbirth_seq_nonzero"):
            begin[kind] = lambda _: node.rebirth()
            end[kind] = node.rebirth
        begin["sparkplug_alias_reused"] = lambda _: self._turn_aliases(1)
        end["sparkplug_alias_reused"] = lambda: self._turn_aliases(-1)
        begin["sparkplug_data_before_birth"] = self._forget_birth
        begin["sparkplug_ndeath_storm"] = self._flap
        begin["sparkplug_ddeath_one_device"] = self._kill
        end["sparkplug_ddeath_one_device"] = self._revive
        begin["sparkplug_duplicate_node"] = self._double
        begin["sparkplug_state_stale"] = self._old_state
        begin["mqtt_retained_stale"] = self._retain_old
        end["mqtt_retained_stale"] = self._clear_retained
        self._dead: str | None = None
        self._retained: list[str] = []

    # --- what the node asks -------------------------------------------------------------------------------

    def may_be_born(self) -> bool:
        """Whether the births of a new connection may go out now."""
        return "sparkplug_data_before_birth" not in self.plans or self.node.timers.now_s() >= self._born_from_s

    def speaks_unborn(self) -> bool:
        """Whether data go out although no birth has."""
        return self.hit("sparkplug_data_before_birth") is not None

    def ignores_rebirth(self) -> bool:
        """Whether a request for rebirth is left unheard."""
        return self.hit("sparkplug_rebirth_ignored") is not None

    def alive(self, device: str | None) -> bool:
        """Whether a device of the node is there."""
        return device is None or device != self._dead

    def rewrite(self, message: Message) -> tuple[Message, ...]:
        """Return what is sent instead of a message, in order."""
        before: list[Message] = []
        after: list[Message] = []
        for kind, change in CHANGES.items():
            if kind in self.plans:
                message = change(self, message, before, after)
        if message.kind in _BIRTHS:
            return (*before, message, *after)
        if self._held is not None:
            held, self._held = self._held, None
            return (*before, message, held, *after)
        plan = self.hit("sparkplug_out_of_order", message.kind)
        if plan is not None:
            self._held = message
            self.node.timers.later(float(plan["delay_s"]), partial(self._release, message))
            return (*before, *after)
        if self.hit("sparkplug_seq_gap", message.kind) is not None:
            return (*before, *after)
        return (*before, message, *after)

    def restart_seq(self, seq: int) -> None:
        """Have the node count on from another number."""
        self.node.count_from(seq)

    def _release(self, message: Message) -> None:
        if self._held is message:
            self._held = None
            if self.node.link.up:
                self.node.send(message)

    # --- what happens once --------------------------------------------------------------------------------

    def _turn_aliases(self, by: int) -> None:
        """Give every metric the alias of its neighbour, in a birth that says so."""
        metrics = list(self.node.metrics.values())
        aliases = [metric.alias for metric in metrics]
        for index, metric in enumerate(metrics):
            metric.alias = aliases[(index + by) % len(aliases)]
        self.node.commands.learn()
        self.misbehaviour.inserted("sparkplug_alias_reused", f"{len(metrics)} aliases")
        self.node.rebirth()

    def _forget_birth(self, plan: Plan) -> None:
        self._born_from_s = self.node.timers.now_s() + float(plan["delay_s"])
        if self.node.link.up:
            self.node.reconnect()

    def _flap(self, plan: Plan) -> None:
        if self.plans.get("sparkplug_ndeath_storm") is None:
            return
        if self.node.born and self.hit("sparkplug_ndeath_storm") is not None:
            self.node.reconnect()
        self.node.timers.later(float(plan["period_s"]), partial(self._flap, plan))

    def _kill(self, plan: Plan) -> None:
        devices = self.node.devices
        self._dead = str(plan["device"]) or (devices[-1] if devices else None)
        if self._dead in devices and self.node.born:
            self.misbehaviour.inserted("sparkplug_ddeath_one_device", self._dead)
            self.node.emit("DDEATH", self._dead, ())

    def _revive(self) -> None:
        device, self._dead = self._dead, None
        if device in self.node.devices and self.node.born:
            self.node.device_birth(device)

    def _double(self, plan: Plan) -> None:
        """Have a second node of the same name come up: its birth, with a sequence of its own."""
        self.ghost_seq = 0
        if self.node.link.up:
            self.misbehaviour.inserted("sparkplug_duplicate_node", "NBIRTH")
            self.node.send(Message("NBIRTH", None, replace(self.node.birth_payload(), seq=0)))

    def _old_state(self, plan: Plan) -> None:
        """Say that a host is offline, with a time stamp from the past."""
        node = self.node
        host = str(plan["host"]) or node.settings.primary_host or "plantbench"
        state = {"online": bool(plan["online"]), "timestamp": node.now_ms - round(float(plan["age_s"]) * 1000)}
        self.misbehaviour.inserted("sparkplug_state_stale", host)
        text = json.dumps(state, separators=(",", ":")).encode()
        node.link.publish(f"spBv1.0/STATE/{host}", text, 1, retain=True)

    def _retain_old(self, plan: Plan) -> None:
        """Leave old messages with the broker, for everybody who subscribes from now on."""
        node, age_ms = self.node, round(float(plan["age_s"]) * 1000)
        for device in (None, *node.devices):
            payload = node.data_payload(device)
            metrics = tuple(replace(metric, timestamp=(metric.timestamp or 0) - age_ms) for metric in payload.metrics)
            old = Payload(node.now_ms - age_ms, metrics, 0)
            topic = node.topic("NDATA" if device is None else "DDATA", device)
            if metrics:
                self.misbehaviour.inserted("mqtt_retained_stale", topic)
                self._retained.append(topic)
                node.link.retain(topic, encode(old))
        if plan["reconnect"]:
            node.link.bounce()

    def _clear_retained(self) -> None:
        for topic in self._retained:
            self.node.link.retain(topic, b"")
        self._retained.clear()
