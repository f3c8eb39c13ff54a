"""What Sparkplug 3.0 demands of the metrics in an edge node's births and data, statement by statement."""

from tests.oracles.sparkplug_statements import NUMBERED, REBIRTH, born, is_control, says, utc_ms


@says("topics-nbirth-rebirth-metric", "operational-behavior-data-commands-rebirth-name")
def rebirth_there(talk):
    return [(m.at, REBIRTH in m.names) for m in talk.all("NBIRTH")]


@says("operational-behavior-data-commands-rebirth-datatype", "payloads-nbirth-rebirth-req")
def rebirth_type(talk):
    return [(m.at, m.names[REBIRTH]["type"] == 11) for m in talk.all("NBIRTH")]


@says("operational-behavior-data-commands-rebirth-name-aliases")
def rebirth_has_no_alias(talk):
    return [(m.at, m.names[REBIRTH]["alias"] is None) for m in talk.all("NBIRTH")]


@says("operational-behavior-data-commands-rebirth-value")
def rebirth_false(talk):
    return [(m.at, m.names[REBIRTH]["value"] is False) for m in talk.all("NBIRTH")]


@says(
    "topics-nbirth-metrics", "topics-dbirth-metrics", "operational-behavior-data-publish-nbirth-values",
    "operational-behavior-data-publish-dbirth-values",
)  # fmt: skip
def complete(talk):
    def has_value(m):
        return m["null"] or any(10 <= field <= 18 for field, _ in m["raw"])

    return [
        (m["name"], m["name"] is not None and m["type"] is not None and has_value(m))
        for one in talk.births
        for m in one.payload["metrics"]
    ]


@says("payloads-metric-datatype-req", "payloads-metric-datatype-value-type", "payloads-metric-datatype-value")
def datatype(talk):
    return [(m["name"], m["type"] in range(1, 35)) for one in talk.births for m in one.payload["metrics"]]


@says("payloads-metric-datatype-not-req")
def datatype_in_data(talk):
    """Should not be there: the birth has said it."""
    return [(m["alias"], m["type"] is None) for one in talk.all("NDATA", "DDATA") for m in one.payload["metrics"]]


@says("payloads-name-requirement")
def named_or_alias(talk):
    return [
        (m["alias"], (m["name"] is None) != (m["alias"] is None))
        for one in talk.all("NDATA", "DDATA")
        for m in one.payload["metrics"]
    ]


@says("payloads-alias-uniqueness")
def unique(talk):
    found = []
    for s in talk.edge:
        for epoch in s.epochs:
            seen = {}
            for one in epoch:
                if one.kind in ("NBIRTH", "DBIRTH"):
                    for m in one.payload["metrics"]:
                        if m["alias"] is not None:
                            owner = seen.setdefault(m["alias"], (one.device, m["name"]))
                            found.append((m["alias"], owner == (one.device, m["name"])))
    return found


@says("payloads-alias-birth-requirement")
def alias_and_name(talk):
    return [
        (m["name"], m["alias"] is not None or is_control(m["name"])) for b in talk.births for m in b.payload["metrics"]
    ]


@says("payloads-alias-data-cmd-requirement")
def alias_alone(talk):
    return [
        (m["name"], m["name"] is None and m["alias"] is not None)
        for one in talk.all("NDATA", "DDATA")
        for m in one.payload["metrics"]
    ]


@says(
    "topics-nbirth-metric-reqs", "topics-dbirth-metric-reqs", "operational-behavior-data-publish-nbirth",
    "operational-behavior-data-publish-dbirth",
)  # fmt: skip
def all_born(talk):
    found = []
    for s in talk.edge:
        for epoch in s.epochs:
            aliases = born(epoch)
            for one in epoch:
                if one.kind in ("NDATA", "DDATA"):
                    found += [
                        (m["alias"], aliases.get(m["alias"], ("?",))[0] == one.device) for m in one.payload["metrics"]
                    ]
    return found


@says("operational-behavior-data-publish-nbirth-order", "operational-behavior-data-publish-dbirth-order")
def chronological(talk):
    found = []
    for s in talk.edge:
        last = {}
        for one in s.of("NBIRTH", "DBIRTH", "NDATA", "DDATA"):
            for m in one.payload["metrics"]:
                if not m["historical"]:
                    key = one.device, m["alias"]
                    found.append((m["alias"], m["timestamp"] >= last.get(key, 0)))
                    last[key] = m["timestamp"]
    return found


for _kind in ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH"):
    says(f"topics-{_kind.lower()}-timestamp", f"payloads-{_kind.lower()}-timestamp")(
        lambda talk, kind=_kind: [(m.kind, utc_ms(m.payload["timestamp"])) for m in talk.all(kind)]
    )


@says("payloads-name-birth-data-requirement", "payloads-metric-timestamp-in-UTC", "payloads-timestamp-in-UTC")
def metric_times(talk):
    return [(m["timestamp"], utc_ms(m["timestamp"])) for one in talk.all(*NUMBERED) for m in one.payload["metrics"]]


@says("* a metric is not from after its message")
def not_from_tomorrow(talk):
    return [
        (m["timestamp"], m["timestamp"] <= one.payload["timestamp"])
        for one in talk.all(*NUMBERED)
        for m in one.payload["metrics"]
    ]


@says("payloads-propertyset-quality-value-type", "payloads-propertyset-quality-value-value")
def quality(talk):
    found = []
    for one in talk.all("NBIRTH", "DBIRTH", "NDATA", "DDATA"):
        for m in one.payload["metrics"]:
            said = m["properties"].get("Quality")
            if said is not None:
                found.append((said, said[0] == 3 and said[1] in (0, 192, 500)))
    return found


@says("* what was kept for a host that was away goes out after the births, flagged historical, with its own time")
def kept(talk):
    found = []
    for s in talk.edge:
        for epoch in s.epochs:
            begin = epoch[0].payload["timestamp"]
            old = [m for one in epoch if one.kind in ("NDATA", "DDATA") for m in one.payload["metrics"]]
            found += [(m["timestamp"], m["timestamp"] < begin) for m in old if m["historical"]]
            found += [(m["timestamp"], m["timestamp"] >= begin) for m in old if not m["historical"]]
    return found if any(m["historical"] for one in talk.all("DDATA") for m in one.payload["metrics"]) else []
