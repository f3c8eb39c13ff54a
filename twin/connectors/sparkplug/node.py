"""One edge node as its host application sees it: births, deaths, aliases and the order of messages.

Nothing here touches a socket or asks for the time (Sparkplug 3.0, chapters 5 and 6). What was said is applied in
the order of its sequence numbers; what cannot be placed for lack of a birth is not believed, and the node is
asked to begin anew.
"""

import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from twin.connectors.sparkplug.payload import (
    TEMPLATE,
    Metric,
    Payload,
    PayloadError,
    Template,
    decode_payload,
)
from twin.connectors.sparkplug.rebirth import RebirthLimit

Kind: TypeAlias = Literal["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"]

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000
REORDER_NS = 1 * SECOND_NS
"""How long a missing message may take to arrive before the node is asked to begin anew (the Reorder Timeout)."""
MAX_PENDING = 64
MAX_NAMES = 20_000
REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Update:
    """A value of one metric.

    Parameters
    ----------
    device : the Sparkplug device that owns it, None for the node's own
    name, datatype : as its birth declared them
    metric : the value as it came
    t_ns : its own time, else its message's, UTC ns; None when neither has one
    mismatch : the message gives another type than the birth
    """

    device: str | None
    name: str
    datatype: int
    metric: Metric
    t_ns: int | None
    received_ns: int
    mismatch: bool = False


@dataclass(frozen=True, slots=True)
class Death:
    """The node (`device` None) or one device has gone: all its metrics are stale from `t_ns` on."""

    device: str | None
    t_ns: int
    received_ns: int


Event: TypeAlias = Update | Death


@dataclass(frozen=True, slots=True)
class _Known:
    device: str | None
    name: str
    datatype: int


@dataclass(slots=True)
class _Message:
    kind: Kind
    device: str | None
    payload: Payload
    crc: int
    received_ns: int


@dataclass(slots=True)
class Counters:
    """What was wrong with what a node sent, since the start."""

    malformed: int = 0
    retained: int = 0
    duplicates: int = 0
    gaps: int = 0
    reordered: int = 0
    unborn: int = 0
    unknown: int = 0
    mismatches: int = 0
    old_deaths: int = 0


@dataclass(slots=True)
class EdgeNode:
    """The state of one edge node; feed it with `take`, collect with `events`."""

    reorder_ns: int = REORDER_NS
    online: bool = False
    bd_seq: int | None = None
    devices: set[str] = field(default_factory=set)
    counters: Counters = field(default_factory=Counters)
    problem: str | None = None
    heard_ns: int | None = None
    limit: RebirthLimit = field(default_factory=RebirthLimit)
    _expected: int = 0
    _aliases: dict[int, _Known] = field(default_factory=dict)
    _names: dict[tuple[str | None, str], _Known] = field(default_factory=dict)
    _pending: dict[int, _Message] = field(default_factory=dict)
    _gap_ns: int | None = None
    _recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _events: list[Event] = field(default_factory=list)
    _wanted: str | None = None

    def take(self, kind: Kind, device: str | None, data: bytes, *, retained: bool, received_ns: int) -> None:
        """Take in one message of this node."""
        if retained:
            # Nothing of Sparkplug but STATE is ever retained; who kept it does not say for how long.
            self.counters.retained += 1
            self.problem = f"a retained {kind}, which is not fresh"
            return
        try:
            payload = decode_payload(data)
        except PayloadError as error:
            self._malformed(f"{kind}: {error}")
            return
        if kind != "NDEATH" and (payload.seq is None or payload.seq > 255):
            self._malformed(f"{kind}: sequence number {payload.seq}; it is 0 to 255")
            return
        self.heard_ns = received_ns
        if kind == "NDEATH":
            self._node_death(payload, received_ns)
            return
        message = _Message(kind, device, payload, zlib.crc32(data), received_ns)
        if kind == "NBIRTH":
            self._node_birth(message)
        elif not self.online:
            self.counters.unborn += 1
            self._want(f"{kind} before a birth")
        else:
            self._in_order(message)

    def events(self) -> list[Event]:
        """Return what has happened since the last call."""
        events, self._events = self._events, []
        return events

    def rebirth(self, now_ns: int) -> str | None:
        """Return why the node must be asked to begin anew, when it must be and may be now."""
        if self._gap_ns is not None and now_ns - self._gap_ns >= self.reorder_ns:
            self.counters.gaps += 1
            self._want(f"message {self._expected} did not come within {self.reorder_ns / SECOND_NS:g} s")
            self._unsettle()
        if self._wanted is None or not self.limit.allow(now_ns):
            return None
        why, self._wanted = self._wanted, None
        return why

    def ask(self, why: str) -> None:
        """Have the node asked to begin anew as soon as that may be."""
        self._want(why)

    def lost(self, received_ns: int) -> None:
        """Forget the births: the link was down, and whatever was said meanwhile is unknown."""
        if self.online:
            self._events.append(Death(None, received_ns, received_ns))
        self._unsettle()

    # --- order ----------------------------------------------------------------------------------------------

    def _in_order(self, message: _Message) -> None:
        seq = message.payload.seq
        assert seq is not None
        if seq != self._expected:
            if (seq, message.crc) in self._recent or seq in self._pending:
                self.counters.duplicates += 1
            elif len(self._pending) >= MAX_PENDING:
                self._want("too many messages out of order")
                self._unsettle()
            else:
                self.counters.reordered += 1
                self._pending[seq] = message
                if self._gap_ns is None:
                    self._gap_ns = message.received_ns
            return
        self._apply(message)
        while self._pending and self.online:
            following = self._pending.pop(self._expected, None)
            if following is None:
                return
            self._apply(following)
        self._gap_ns = None

    def _apply(self, message: _Message) -> None:
        assert message.payload.seq is not None
        self._recent.append((message.payload.seq, message.crc))
        self._expected = (message.payload.seq + 1) % 256
        if self._gap_ns is not None:
            self._gap_ns = message.received_ns
        if message.kind == "DBIRTH":
            self._device_birth(message)
        elif message.kind == "DDEATH" and message.device is not None:
            self.devices.discard(message.device)
            t_ns = message.payload.timestamp
            at_ns = message.received_ns if t_ns is None else t_ns * MS_NS
            self._events.append(Death(message.device, at_ns, message.received_ns))
        elif message.device is not None and message.device not in self.devices:
            self.counters.unborn += 1
            self._want(f"data of device {message.device} before its birth")
        else:
            self._data(message)

    def _malformed(self, why: str) -> None:
        self.counters.malformed += 1
        self.problem = why

    def _want(self, why: str) -> None:
        self.problem = why
        self._wanted = why

    def _unsettle(self) -> None:
        self.online = False
        self.devices.clear()
        self._pending.clear()
        self._recent.clear()
        self._gap_ns = None
        self._aliases.clear()
        self._names.clear()

    # --- births, deaths, data -------------------------------------------------------------------------------

    def _node_birth(self, message: _Message) -> None:
        seq = message.payload.seq
        assert seq is not None
        bd_seq = _bd_seq(message.payload)
        if bd_seq is not None and self.bd_seq not in (None, bd_seq):
            # A new session: its devices are offline until each is born (a rebirth keeps the session's number).
            for device in sorted(self.devices):
                self._events.append(Death(device, message.received_ns, message.received_ns))
        self._unsettle()
        if bd_seq is not None:
            self.bd_seq = bd_seq
        self.online = True
        self.problem = self._wanted = None
        if seq != 0:
            # Published texts differ on whether it must be 0; counting on from it serves both.
            self.problem = f"NBIRTH with sequence number {seq}"
        self._expected = (seq + 1) % 256
        self._recent.append((seq, message.crc))
        self._born(message)

    def _device_birth(self, message: _Message) -> None:
        device = message.device
        assert device is not None
        self._aliases = {alias: known for alias, known in self._aliases.items() if known.device != device}
        self._names = {key: known for key, known in self._names.items() if key[0] != device}
        self.devices.add(device)
        self._born(message)

    def _born(self, message: _Message) -> None:
        for metric in message.payload.metrics:
            if metric.name is None or metric.datatype is None:
                self.counters.malformed += 1
                self.problem = f"{message.kind}: a metric without a name or a type"
                continue
            if isinstance(metric.value, Template) and metric.value.definition:
                continue
            if len(self._names) >= MAX_NAMES:
                self.problem = f"more than {MAX_NAMES} metrics; the rest are left out"
                return
            known = _Known(message.device, metric.name, metric.datatype)
            self._names[message.device, metric.name] = known
            if metric.alias is not None:
                self._aliases[metric.alias] = known
            self._update(known, metric, message)

    def _data(self, message: _Message) -> None:
        for metric in message.payload.metrics:
            if metric.name is not None:
                known = self._names.get((message.device, metric.name))
            else:
                known = self._aliases.get(-1 if metric.alias is None else metric.alias)
            if known is None or known.device != message.device:
                self.counters.unknown += 1
                what = f"alias {metric.alias}" if metric.name is None else f"metric {metric.name}"
                self._want(f"{what} of no birth")
                continue
            self._update(known, metric, message)

    def _update(self, known: _Known, metric: Metric, message: _Message) -> None:
        mismatch = metric.datatype is not None and metric.datatype != known.datatype
        if mismatch:
            self.counters.mismatches += 1
            self.problem = f"metric {known.name} has type {metric.datatype}; its birth said {known.datatype}"
        stamp = metric.timestamp if metric.timestamp is not None else message.payload.timestamp
        t_ns = None if stamp is None else stamp * MS_NS
        update = Update(known.device, known.name, known.datatype, metric, t_ns, message.received_ns, mismatch)
        if known.datatype == TEMPLATE and isinstance(metric.value, Template):
            self._events += _members(update, metric.value)
        else:
            self._events.append(update)

    def _node_death(self, payload: Payload, received_ns: int) -> None:
        bd_seq = _bd_seq(payload)
        if not self.online or (bd_seq is not None and self.bd_seq is not None and bd_seq != self.bd_seq):
            self.counters.old_deaths += 1
            return
        self._unsettle()
        self.problem = "the edge node has gone (NDEATH)"
        self._events.append(Death(None, received_ns, received_ns))


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == "bdSeq" and metric.kind in ("int", "long"):
            return int(metric.value)
    return None


def _members(update: Update, template: Template) -> list[Update]:
    """Take a template's instance apart: its members are metrics called after it."""
    members: list[Update] = []
    for member in template.metrics:
        if member.name is None or member.datatype is None:
            continue
        t_ns = update.t_ns if member.timestamp is None else member.timestamp * MS_NS
        name = f"{update.name}/{member.name}"
        inner = Update(update.device, name, member.datatype, member, t_ns, update.received_ns)
        members += _members(inner, member.value) if isinstance(member.value, Template) else [inner]
    return members
