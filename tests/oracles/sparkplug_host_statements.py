"""What Sparkplug 3.0 demands of a host application, statement by statement."""

import json

from tests.oracles.sparkplug_statements import REBIRTH, says, utc_ms


@says("message-flow-phid-sparkplug-clean-session-311")
def clean_session(talk):
    return [(s.connect.client, s.connect.clean) for s in talk.host]


@says("operational-behavior-host-application-connect-will", "payloads-state-will-message")
def will(talk):
    return [(s.connect.client, s.will is not None) for s in talk.host]


@says("operational-behavior-host-application-connect-will-topic", "host-topic-phid-death-topic")
def will_topic(talk):
    return [
        (s.will.topic, s.will.topic.startswith("spBv1.0/STATE/") and s.will.topic.count("/") == 2) for s in talk.host
    ]


@says(
    "operational-behavior-host-application-connect-will-payload", "payloads-state-will-message-payload",
    "host-topic-phid-death-payload",
)  # fmt: skip
def will_payload(talk):
    states = [json.loads(s.will.payload) for s in talk.host]
    return [(m, set(m) == {"online", "timestamp"} and m["online"] is False and utc_ms(m["timestamp"])) for m in states]


@says(
    "operational-behavior-host-application-connect-will-qos",
    "payloads-state-will-message-qos",
    "host-topic-phid-death-qos",
)
def will_qos(talk):
    return [(s.will.topic, s.will.qos == 1) for s in talk.host]


@says(
    "operational-behavior-host-application-connect-will-retained", "payloads-state-will-message-retain",
    "host-topic-phid-death-retain",
)  # fmt: skip
def will_retain(talk):
    return [(s.will.topic, s.will.retain is True) for s in talk.host]


def births(talk):
    return [entry for entry in talk.states if entry[3]["online"]]


def deaths(talk):
    return [entry for entry in talk.states if not entry[3]["online"]]


@says("operational-behavior-host-application-connect-birth", "host-topic-phid-birth-required", "payloads-state-birth")
def birth(talk):
    return [(s.connect.client, any(entry[0] is s for entry in births(talk))) for s in talk.host]


@says(
    "host-topic-phid-birth-message", "operational-behavior-primary-application-state-with-multiple-servers-state",
    "message-flow-phid-sparkplug-state-publish",
)  # fmt: skip
def birth_first(talk):
    return [(s.connect.client, s.sent("publish")[0][1].topic == s.will.topic) for s in talk.host]


@says("operational-behavior-host-application-connect-birth-topic", "host-topic-phid-birth-topic")
def birth_topic(talk):
    return [(topic, topic == s.will.topic) for s, _, topic, _, _ in births(talk)]


@says(
    "operational-behavior-host-application-connect-birth-payload", "host-topic-phid-birth-payload",
    "message-flow-phid-sparkplug-state-publish-payload",
)  # fmt: skip
def birth_payload(talk):
    return [
        (state, set(state) == {"online", "timestamp"} and utc_ms(state["timestamp"]))
        for _, _, _, state, _ in births(talk)
    ]


@says("host-topic-phid-birth-payload-timestamp", "message-flow-phid-sparkplug-state-publish-payload-timestamp")
def birth_time(talk):
    return [
        (state, state["timestamp"] == json.loads(s.will.payload)["timestamp"]) for s, _, _, state, _ in births(talk)
    ]


@says("operational-behavior-host-application-connect-birth-qos", "host-topic-phid-birth-qos")
def birth_qos(talk):
    return [(p.topic, p.qos == 1) for *_, p in births(talk)]


@says("operational-behavior-host-application-connect-birth-retained", "host-topic-phid-birth-retain")
def birth_retain(talk):
    return [(p.topic, p.retain) for *_, p in births(talk)]


@says("host-topic-phid-birth-sub-required", "payloads-state-subscribe", "message-flow-phid-sparkplug-subscription")
def subscribes_first(talk):
    found = []
    for s in talk.host:
        first = s.sent("publish")[0][0]
        for part in ("/STATE/", "NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA"):
            got = s.subscribed(part)
            found.append((part, got is not None and got[0] < first))
    return found


@says("message-flow-hid-sparkplug-state-message-delivered")
def answers_false_death(talk):
    found = []
    for s in talk.host:
        own = [at for who, at, _, _, _ in deaths(talk) if who is s]
        for at, p in s.heard("/STATE/"):
            if json.loads(p.payload)["online"] is False and not any(death < at for death in own):
                found.append((at, any(who is s and place > at for who, place, _, _, _ in births(talk))))
    return found


@says("operational-behavior-host-application-termination", "operational-behavior-host-application-death-payload")
def says_goodbye(talk):
    return [(s.connect.client, any(e[0] is s for e in deaths(talk))) for s in talk.host if s.sent("disconnect")]


@says("operational-behavior-host-application-death-topic")
def death_topic(talk):
    return [(topic, topic == s.will.topic) for s, _, topic, _, _ in deaths(talk)]


@says("operational-behavior-host-application-death-qos", "operational-behavior-host-application-death-retained")
def death_flags(talk):
    return [(p.topic, p.qos == 1 and p.retain) for *_, p in deaths(talk)]


@says("operational-behavior-host-application-disconnect-intentional")
def goodbye_is_last(talk):
    found = []
    for s in talk.host:
        up = [p.kind for _, p in s.packets if p.up and p.kind in ("publish", "disconnect")]
        if "disconnect" in up:
            found.append((up[-2:], up[-2:] == ["publish", "disconnect"]))
    return found


# --- commands ------------------------------------------------------------------------------------------------------


@says(
    "topics-ncmd-topic",
    "operational-behavior-data-commands-ncmd-rebirth-verb",
    "operational-behavior-data-commands-ncmd-verb",
)
def command_topic(talk):
    return [(m.levels, m.levels == ("spBv1.0", talk.group, "NCMD", talk.node)) for m in talk.commands]


@says("topics-ncmd-mqtt", "payloads-ncmd-qos", "payloads-ncmd-retain")
def command_flags(talk):
    return [(m.kind, m.qos == 0 and not m.retain) for m in talk.commands]


@says("topics-ncmd-timestamp", "payloads-ncmd-timestamp")
def command_time(talk):
    return [(m.payload["timestamp"], utc_ms(m.payload["timestamp"])) for m in talk.commands]


@says("payloads-ncmd-seq")
def command_without_seq(talk):
    return [(m.kind, m.payload["seq"] is None) for m in talk.commands]


@says(
    "topics-ncmd-payload", "operational-behavior-data-commands-ncmd-rebirth-name",
    "operational-behavior-data-commands-ncmd-metric-name",
)  # fmt: skip
def command_name(talk):
    return [(list(m.names), list(m.names) == [REBIRTH]) for m in talk.commands]


@says("operational-behavior-data-commands-ncmd-rebirth-value", "operational-behavior-data-commands-ncmd-metric-value")
def command_value(talk):
    return [(m.names, m.names[REBIRTH]["value"] is True and m.names[REBIRTH]["type"] == 11) for m in talk.commands]
