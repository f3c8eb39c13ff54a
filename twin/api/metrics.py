"""Metrics in the text format Prometheus reads (exposition format 0.0.4)."""

import math
from collections.abc import Iterator

from twin.connectors.base import ConnectorState
from twin.runtime import TwinRuntime

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(runtime: TwinRuntime) -> str:
    """Return all metrics of a twin."""
    return "".join(_lines(runtime))


def _lines(runtime: TwinRuntime) -> Iterator[str]:
    now_ns = runtime.now_ns()
    states = runtime.link_states()

    def links(value: str) -> list[tuple[dict[str, str], float]]:
        return [({"device": name}, float(getattr(state, value))) for name, state in states.items()]

    yield from _metric(
        "twin_link_up",
        "gauge",
        "1 while the device answers",
        [({"device": name}, float(_up(state))) for name, state in states.items()],
    )
    yield from _metric("twin_link_errors_total", "counter", "failed polls", links("errors"))
    yield from _metric("twin_link_reconnects_total", "counter", "connections made again", links("reconnects"))
    for name, help_text, counts in (
        ("twin_polls_total", "polls started", runtime.polls),
        ("twin_poll_overruns_total", "polls left out", runtime.overruns),
    ):
        yield from _metric(name, "counter", help_text, [({"device": d}, float(n)) for d, n in counts.items()])
    yield from _metric("twin_batches_total", "counter", "batches received", [({}, float(runtime.batches))])
    yield from _metric(
        "twin_shed_total", "counter", "batches not analysed for want of time", [({}, float(runtime.shed))]
    )
    history = runtime.history
    yield from _metric("twin_history_rows_total", "counter", "rows written", [({}, float(history.written))])
    yield from _metric("twin_history_dropped_total", "counter", "rows lost", [({}, float(history.dropped))])
    yield from _metric("twin_history_pending", "gauge", "rows not yet written", [({}, float(history.pending))])
    yield from _metric("twin_latency_seconds", "gauge", "duration of the last step", [({}, runtime.latency_s)])
    opened = [finding for finding in runtime.findings() if finding.state == "open"]
    yield from _metric(
        "twin_finding_open",
        "gauge",
        "open findings, with their confidence",
        [({"fault": f.fault, "on": f.on}, f.confidence) for f in opened],
    )
    points = runtime.live.all(now_ns)
    yield from _metric(
        "twin_point_value",
        "gauge",
        "newest value, SI",
        [({"point": p["id"], "unit": p["unit"]}, p["value"]) for p in points if p["value"] is not None],
    )
    yield from _metric(
        "twin_point_stale",
        "gauge",
        "1 when no good value came lately",
        [({"point": p["id"]}, float(p["stale"])) for p in points],
    )


def _up(state: ConnectorState) -> bool:
    return state.status == "connected"


def _metric(name: str, kind: str, help_text: str, samples: list[tuple[dict[str, str], float]]) -> Iterator[str]:
    yield f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        text = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        number = repr(value) if math.isfinite(value) else "NaN"
        yield f"{name}{{{text}}} {number}\n" if text else f"{name} {number}\n"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
