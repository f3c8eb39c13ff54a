"""What Sparkplug 3.0 demands of an edge node, statement by statement."""

import itertools
import json

from tests.oracles.sparkplug_statements import (
    DEVICE,
    NODE,
    NUMBERED,
    says,
)

# --- topics --------------------------------------------------------------------------------------------------------


@says("topic-structure", "topic-structure-namespace-a")
def namespace(talk):
    return [(m.levels, m.levels[0] == "spBv1.0" and len(m.levels) in (4, 5)) for m in talk.all(*NODE, *DEVICE)]


@says("topic-structure-namespace-valid-group-id", "topic-structure-namespace-unique-edge-node-descriptor")
def group(talk):
    return [(m.levels, m.levels[1] == talk.group) for m in talk.all(*NODE, *DEVICE)]


@says("topic-structure-namespace-valid-edge-node-id")
def edge_node_id(talk):
    return [(m.levels, m.levels[3] == talk.node) for m in talk.all(*NODE, *DEVICE)]


@says("topic-structure-namespace-device-id-associated-message-types", "topic-structure-namespace-valid-device-id")
def with_device(talk):
    return [(m.levels, bool(m.device)) for m in talk.all(*DEVICE)]


@says("topic-structure-namespace-device-id-non-associated-message-types")
def without_device(talk):
    return [(m.levels, m.device is None) for m in talk.all(*NODE)]


def of_form(kind, levels):
    def check(talk):
        return [(m.levels, len(m.levels) == levels and m.levels[:2] == ("spBv1.0", talk.group)) for m in talk.all(kind)]

    return check


for _kind in ("NBIRTH", "NDATA", "NDEATH"):
    says(f"topics-{_kind.lower()}-topic")(of_form(_kind, 4))
for _kind in ("DBIRTH", "DDATA", "DDEATH"):
    says(f"topics-{_kind.lower()}-topic")(of_form(_kind, 5))


def quiet(kind):
    return lambda talk: [(m.kind, m.qos == 0 and not m.retain) for m in talk.all(kind)]


for _kind in ("NBIRTH", "NDATA", "DBIRTH", "DDATA"):
    _low = _kind.lower()
    says(f"topics-{_low}-mqtt", f"payloads-{_low}-qos", f"payloads-{_low}-retain")(quiet(_kind))
says("topics-ddeath-mqtt")(quiet("DDEATH"))


@says("message-flow-edge-node-birth-publish-nbirth-qos", "message-flow-edge-node-birth-publish-nbirth-retained")
def nbirth_flags(talk):
    return [(m.kind, (m.qos, m.retain) == (0, False)) for m in talk.all("NBIRTH")]


# --- session -------------------------------------------------------------------------------------------------------


@says("principles-persistence-clean-session-311")
def clean_session(talk):
    return [(s.connect.client, s.connect.clean) for s in talk.edge]


@says("message-flow-edge-node-birth-publish-connect")
def connected_first(talk):
    return [
        (at, any(p.kind == "connack" and p.codes == b"\0" and at_ack < at for at_ack, p in s.packets))
        for s in talk.edge
        for at, _ in s.sent("publish")
    ]


@says("payloads-ndeath-will-message", "message-flow-edge-node-birth-publish-will-message")
def will(talk):
    return [(s.connect.client, s.will is not None) for s in talk.edge]


@says("message-flow-edge-node-birth-publish-will-message-topic")
def will_topic(talk):
    return [(s.will.topic, s.will.topic == f"{talk.prefix}/NDEATH/{talk.node}") for s in talk.edge]


@says("payloads-ndeath-will-message-qos", "message-flow-edge-node-birth-publish-will-message-qos")
def will_qos(talk):
    return [(s.will.topic, s.will.qos == 1) for s in talk.edge]


@says("payloads-ndeath-will-message-retain", "message-flow-edge-node-birth-publish-will-message-will-retained")
def will_retain(talk):
    return [(s.will.topic, s.will.retain is False) for s in talk.edge]


@says("message-flow-edge-node-birth-publish-will-message-payload", "topics-ndeath-payload")
def will_payload(talk):
    deaths = [s.will_said for s in talk.edge] + talk.all("NDEATH")
    return [(m.names, list(m.names) == ["bdSeq"] and len(m.payload["metrics"]) == 1) for m in deaths]


@says("message-flow-edge-node-birth-publish-will-message-payload-bdSeq")
def will_bdseq(talk):
    return [
        (m.bd_seq, m.names["bdSeq"]["type"] == 4 and 0 <= m.bd_seq <= 255) for m in (s.will_said for s in talk.edge)
    ]


@says("topics-ndeath-seq", "payloads-ndeath-seq")
def death_without_seq(talk):
    deaths = [s.will_said for s in talk.edge] + talk.all("NDEATH")
    return [(m.kind, m.payload["seq"] is None) for m in deaths]


@says(
    "topics-nbirth-bdseq-included", "payloads-nbirth-bdseq", "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq"
)
def birth_bdseq(talk):
    return [(m.kind, m.bd_seq is not None and m.names["bdSeq"]["type"] == 4) for m in talk.all("NBIRTH")]


@says(
    "topics-nbirth-bdseq-matching", "payloads-nbirth-bdseq-repeat", "payloads-ndeath-bdseq",
    "operational-behavior-data-commands-rebirth-action-3",
)  # fmt: skip
def birth_matches_will(talk):
    return [(m.bd_seq, m.bd_seq == s.will_said.bd_seq) for s in talk.edge for m in s.of("NBIRTH", "NDEATH")]


@says("topics-nbirth-bdseq-increment")
def bdseq_counts(talk):
    return [(s.will_said.bd_seq, s.will_said.bd_seq == index % 256) for index, s in enumerate(talk.edge)]


def subscribes(part):
    def check(talk):
        found = []
        for s in talk.edge:
            got = s.subscribed(part(talk))
            done = got is not None and got[1] == 1 and (s.first_birth is None or got[0] < s.first_birth)
            found.append((part(talk), done))
        return found

    return check


says("message-flow-edge-node-ncmd-subscribe")(subscribes(lambda talk: f"{talk.prefix}/NCMD/{talk.node}"))
says("message-flow-device-dcmd-subscribe")(subscribes(lambda talk: f"{talk.prefix}/DCMD/{talk.node}"))
says("operational-behavior-primary-application-state-with-multiple-servers-state-subs")(subscribes(lambda _: "/STATE/"))


@says("* [MQTT-2.3.1-2] packet ids of subscriptions under way differ")
def packet_ids(talk):
    found = []
    for s in talk.edge + talk.host:
        waiting = set()
        for _, p in s.packets:
            if p.kind == "subscribe":
                found.append((p.number, p.number not in waiting and p.number > 0))
                waiting.add(p.number)
            elif p.kind == "suback":
                waiting.clear()
    return found


@says("operational-behavior-primary-application-state-with-multiple-servers-single-server")
def one_connection(talk):
    ends = {s.connect: max(at for at, _ in s.packets) for s in talk.edge}
    pairs = zip(talk.edge, talk.edge[1:], strict=False)
    return [(a.connect.connection, ends[a.connect] < b.packets[0][0]) for a, b in pairs]


# --- primary host --------------------------------------------------------------------------------------------------


def state_before(session, at):
    """The newest STATE the node was given before a place, by its own time stamps."""
    newest = None
    for place, p in session.heard("/STATE/"):
        if place < at:
            state = json.loads(p.payload)
            if newest is None or state["timestamp"] >= newest["timestamp"]:
                newest = state
    return newest


@says(
    "message-flow-edge-node-birth-publish-phid-wait", "message-flow-edge-node-birth-publish-phid-wait-online",
    "message-flow-edge-node-birth-publish-phid-wait-timestamp", "operational-behavior-edge-node-birth-sequence-wait",
)  # fmt: skip
def waits_for_host(talk):
    found = []
    for s in talk.edge:
        for m in s.of("NBIRTH", "DBIRTH"):
            state = state_before(s, m.at)
            found.append((m.at, state is not None and state["online"] is True))
    return found


@says("message-flow-edge-node-birth-publish-phid-wait-id")
def waits_for_its_own_host(talk):
    return [(p.topic, p.topic in talk.host_topics) for s in talk.edge for _, p in s.heard("/STATE/")]


@says(
    "message-flow-edge-node-birth-publish-phid-offline",
    "operational-behavior-primary-application-state-with-multiple-servers-walk",
    "operational-behavior-edge-node-termination-host-offline",
)
def leaves_offline_host(talk):
    found = []
    for s in talk.edge:
        for at, p in s.heard("/STATE/"):
            state, before = json.loads(p.payload), state_before(s, at)
            old = before is not None and state["timestamp"] < before["timestamp"]
            if not state["online"] and not old and s.first_birth is not None and s.first_birth < at:
                later = [(m.kind, m.payload) for m in s.messages if m.at > at]
                found.append((at, [kind for kind, _ in later] == ["NDEATH"] and bool(s.sent("disconnect"))))
    return found


@says("operational-behavior-edge-node-termination-host-offline-reconnect")
def comes_back(talk):
    pairs = zip(talk.edge, talk.edge[1:], strict=False)
    return [(a.connect.client, b.connect.client == a.connect.client) for a, b in pairs if a.sent("disconnect")]


@says("operational-behavior-edge-node-termination-host-offline-timestamp")
def ignores_old_offline(talk):
    found = []
    for s in talk.edge:
        newest = 0
        for at, p in s.heard("/STATE/"):
            state = json.loads(p.payload)
            if not state["online"] and state["timestamp"] < newest:
                found.append((state, any(m.at > at and m.kind == "DDATA" for m in s.messages)))
            newest = max(newest, state["timestamp"])
    return found


@says("operational-behavior-edge-node-intentional-disconnect-ndeath", "payloads-ndeath-will-message-publisher")
def says_goodbye(talk):
    return [(s.connect.connection, s.messages[-1].kind == "NDEATH") for s in talk.edge if s.sent("disconnect")]


@says("operational-behavior-edge-node-intentional-disconnect-packet")
def goodbye_is_last(talk):
    found = []
    for s in talk.edge:
        up = [p for _, p in s.packets if p.up and p.kind in ("publish", "disconnect")]
        if s.of("NDEATH"):
            found.append((up[-1].kind, [p.kind for p in up[-2:]] == ["publish", "disconnect"]))
    return found


# --- order ---------------------------------------------------------------------------------------------------------


@says("topics-nbirth-seq-num", "payloads-nbirth-seq", "message-flow-edge-node-birth-publish-nbirth-payload-seq")
def birth_seq(talk):
    return [(m.payload["seq"], m.payload["seq"] == 0) for m in talk.all("NBIRTH")]


def follows(*kinds):
    def check(talk):
        found = []
        for s in talk.edge:
            numbered = s.of(*NUMBERED)
            for before, m in itertools.pairwise(numbered):
                if m.kind in kinds:
                    found.append((m.payload["seq"], m.payload["seq"] == (before.payload["seq"] + 1) % 256))
        return found

    return check


for _kind in ("DBIRTH", "NDATA", "DDATA", "DDEATH"):
    _name = "topics-dbirth-seq" if _kind == "DBIRTH" else f"topics-{_kind.lower()}-seq-num"
    says(_name, f"payloads-{_kind.lower()}-seq-inc")(follows(_kind))


@says("payloads-sequence-num-always-included", "payloads-sequence-num-req-nbirth", "payloads-ddeath-seq-number")
def seq_there(talk):
    return [(m.kind, isinstance(m.payload["seq"], int) and m.payload["seq"] <= 255) for m in talk.all(*NUMBERED)]


@says("payloads-sequence-num-incrementing")
def wraps(talk):
    found = []
    for s in talk.edge:
        numbered = s.of(*NUMBERED)
        for before, m in itertools.pairwise(numbered):
            if before.payload["seq"] == 255 and m.kind != "NBIRTH":
                found.append((m.kind, m.payload["seq"] == 0))
    return found


@says("message-flow-device-birth-publish-nbirth-wait")
def node_before_device(talk):
    return [
        (m.at, any(n.at < m.at for n in s.of("NBIRTH"))) for s in talk.edge for m in s.of("DBIRTH", "DDATA", "NDATA")
    ]


@says("payloads-dbirth-order", "payloads-ndata-order", "payloads-ddata-order")
def births_before_data(talk):
    """All births of an epoch come before its data, save that of a device which died and came back."""
    found = []
    for s in talk.edge:
        for epoch in s.epochs:
            data, dead = False, set()
            for m in epoch:
                if m.kind == "DDEATH":
                    dead.add(m.device)
                elif m.kind == "DBIRTH":
                    found.append((m.device, not data or m.device in dead))
                data = data or m.kind in ("NDATA", "DDATA")
    return found


@says("message-flow-device-birth-publish-dbirth-match-edge-node-topic")
def device_of_this_node(talk):
    return [(m.levels, m.levels[:2] == ("spBv1.0", talk.group) and m.levels[3] == talk.node) for m in talk.all(*DEVICE)]


@says("* data of a device come only after its birth and before its death")
def device_alive(talk):
    found = []
    for s in talk.edge:
        for epoch in s.epochs:
            alive = set()
            for m in epoch:
                if m.kind == "DBIRTH":
                    alive.add(m.device)
                elif m.kind in ("DDATA", "DDEATH"):
                    found.append((m.at, m.device in alive))
                    if m.kind == "DDEATH":
                        alive.discard(m.device)
    return found


@says("operational-behavior-data-commands-rebirth-action-1", "operational-behavior-data-commands-rebirth-action-2")
def rebirth_answered(talk):
    found = []
    for s, at in talk.rebirths:
        after = [m for m in s.messages if m.at > at]
        kinds = [m.kind for m in after[:3]]
        found.append((kinds, kinds == ["NBIRTH", "DBIRTH", "DBIRTH"]))
    return found


@says("operational-behavior-device-ddeath")
def device_death(talk):
    return [(m.device, m.device is not None) for m in talk.all("DDEATH")]
