"""Statements of Sparkplug 3.0 over a recorded conversation: each gives its occasions and what breaks it.

A statement is named by its id in the specification's test kit (`tck-id-` left out); those in words of our own begin
with a star. It is a function from a `Talk` to a list of (what, holds): one entry per occasion. A statement without
an occasion was not tested.
"""

import json
from dataclasses import dataclass
from functools import cached_property

from tests.oracles.sparkplug import last, message, metric

STATEMENTS = {}
NODE, DEVICE = ("NBIRTH", "NDEATH", "NDATA", "NCMD"), ("DBIRTH", "DDEATH", "DDATA", "DCMD")
NUMBERED = ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH")
REBIRTH = "Node Control/Rebirth"
YEAR_2020_MS, YEAR_2100_MS = 1_577_836_800_000, 4_102_444_800_000


def says(*names):
    def keep(function):
        for name in names:
            assert name not in STATEMENTS, name
            STATEMENTS[name] = function
        return function

    return keep


def plain(data):
    """A payload as a dictionary, with the fields of each metric beside."""
    found = message(data)
    metrics = [metric(value) | {"raw": message(value)} for name, value in found if name == 2]
    return {"timestamp": last(found, 1), "seq": last(found, 3), "metrics": metrics}


@dataclass(frozen=True)
class Said:
    """A Sparkplug message: its place in the conversation, its topic's levels, its MQTT flags and its payload."""

    at: int
    kind: str
    device: str | None
    levels: tuple
    qos: int
    retain: bool
    payload: dict
    connection: int

    @property
    def names(self):
        return {m["name"]: m for m in self.payload["metrics"] if m["name"] is not None}

    @property
    def bd_seq(self):
        return self.names["bdSeq"]["value"] if "bdSeq" in self.names else None


def said(at, packet):
    levels = tuple(packet.topic.split("/"))
    return Said(
        at, levels[2], levels[4] if len(levels) > 4 else None, levels, packet.qos, packet.retain,
        plain(packet.payload), packet.connection,
    )  # fmt: skip


@dataclass
class Session:
    """One connection of the edge node: its CONNECT and everything either side sent on it, with places."""

    connect: object
    packets: list

    @property
    def will(self):
        return self.connect.will

    @property
    def will_said(self):
        return said(-1, self.will)

    def sent(self, kind):
        return [(at, p) for at, p in self.packets if p.up and p.kind == kind]

    @cached_property
    def messages(self):
        """What it published as a node or for its devices."""
        return [said(at, p) for at, p in self.sent("publish")]

    def of(self, *kinds):
        return [m for m in self.messages if m.kind in kinds]

    @cached_property
    def epochs(self):
        """Its messages by birth: each begins with an NBIRTH; what came before the first is left out."""
        found = []
        for one in self.messages:
            if one.kind == "NBIRTH":
                found.append([])
            if found and one.kind != "NDEATH":
                found[-1].append(one)
        return found

    def subscribed(self, part):
        """Place and QoS of the first subscription to a filter that contains this."""
        for at, packet in self.sent("subscribe"):
            for name, qos in packet.filters:
                if part in name:
                    return at, qos, name
        return None

    @property
    def first_birth(self):
        return next((m.at for m in self.messages if m.kind == "NBIRTH"), None)

    def heard(self, part):
        return [(at, p) for at, p in self.packets if not p.up and p.kind == "publish" and part in p.topic]


class Talk:
    """A conversation of an edge node and a host with their broker."""

    def __init__(self, packets, edge, host, group, node):
        self.packets = packets
        self.prefix = f"spBv1.0/{group}"
        self.group, self.node = group, node
        self.edge = self._sessions(edge)
        self.host = self._sessions(host)
        self.host_topics = {p.will.topic for p in packets if p.kind == "connect" and p.client == host and p.will}

    def _sessions(self, client):
        found = {}
        for at, packet in enumerate(self.packets):
            if packet.client == client:
                if packet.kind == "connect":
                    found[packet.connection] = Session(packet, [])
                found[packet.connection].packets.append((at, packet))
        return list(found.values())

    def all(self, *kinds):
        return [m for session in self.edge for m in session.of(*kinds)]

    @property
    def births(self):
        return self.all("NBIRTH", "DBIRTH")

    @property
    def commands(self):
        """Rebirth requests of the host."""
        return [
            said(at, p) for s in self.host for at, p in s.sent("publish") if "/NCMD/" in p.topic or "/DCMD/" in p.topic
        ]

    @property
    def rebirths(self):
        """(session, place at which the edge node was given a rebirth request)."""
        return [
            (session, at)
            for session in self.edge
            for at, p in session.heard("/NCMD/")
            if said(at, p).names.get(REBIRTH, {}).get("value") is True
        ]

    @property
    def states(self):
        """(session, place, topic, payload, packet) of what hosts published about themselves."""
        return [
            (s, at, p.topic, json.loads(p.payload), p) for s in self.host for at, p in s.sent("publish")
            if "STATE" in p.topic
        ]  # fmt: skip


def utc_ms(value):
    return isinstance(value, int) and YEAR_2020_MS < value < YEAR_2100_MS


def is_control(name):
    """Metrics of the session itself: never in data, so they need no alias, and rebirth must have none."""
    return name in ("bdSeq", REBIRTH)


def born(epoch):
    """alias → (device, name) of an epoch's births."""
    found = {}
    for one in epoch:
        if one.kind in ("NBIRTH", "DBIRTH"):
            for m in one.payload["metrics"]:
                if m["alias"] is not None:
                    found.setdefault(m["alias"], (one.device, m["name"]))
    return found
