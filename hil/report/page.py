"""`report.html`: one file that stands alone, opens offline and loads nothing.

The content security policy forbids everything but the inline style sheet, so even a hostile name that slipped
through the escaping could neither run nor fetch anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.record import finite
from hil.report.markup import Markup, tag
from hil.report.plot import Mark, axes, frame, marks, picture, readable, trace
from hil.report.spectra import draw, spectra_of
from hil.report.style import CSS
from hil.report.timeline import timeline
from hil.verdict.lattice import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hil.record import RunRecord, ScenarioResult, SignalTrace
    from hil.verdict.measurements import Measurement

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
GLYPH = {Verdict.PASS: "✓", Verdict.INCONC: "?", Verdict.FAIL: "✗", Verdict.ERROR: "!", Verdict.NONE: "–"}
EVIDENCE_CHARACTERS = 6000


def write_report(directory: Path, run: RunRecord) -> Path:
    """Write `report.html` into `directory` and return its path."""
    path = directory / "report.html"
    path.write_text(render(run), encoding="utf-8")
    return path


def render(run: RunRecord) -> str:
    """Return the whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", **{"http-equiv": "Content-Security-Policy"}, content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{run.rig}: {run.verdict.label}"),
        tag("style", Markup(CSS)),
    )
    body = tag("body", _header(run), *(_scenario(i, r) for i, r in enumerate(run.results)), _facts(run))
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def badge(verdict: Verdict, *, big: bool = False) -> Markup:
    """Show a verdict: a colour, a sign and the word, so that no one of them has to be seen."""
    size = " big" if big else ""
    return tag("span", f"{GLYPH[verdict]} {verdict.label}", class_=f"badge v-{verdict.label}{size}")


def _header(run: RunRecord) -> Markup:
    rows = [
        tag(
            "tr",
            tag("td", badge(r.verdict), class_="w"),
            tag("td", tag("a", r.title, href=f"#s{i}"), tag("br"), tag("code", r.name, class_="soft"), class_="title"),
            tag("td", _first_reason(r), class_="why"),
            tag("td", _found_after(r), class_="n"),
            tag("td", len(r.false_alarms), class_="n"),
            tag("td", f"{r.duration_s:g} s", class_="n"),
        )
        for i, r in enumerate(run.results)
    ]
    columns = tag(
        "tr",
        *(tag("th", c) for c in ("Verdict", "Scenario", "Why")),
        *(tag("th", c, class_="n") for c in ("Found after", "False alarms", "Length")),
    )
    return tag(
        "header",
        tag(
            "div",
            tag(
                "div",
                tag("h1", run.rig),
                tag("p", f"{run.started_utc} · seed {run.seed} · clock {run.clock}", class_="soft"),
            ),
            badge(run.verdict, big=True),
            class_="head",
        ),
        tag("ul", *(tag("li", tag("b", "error"), e, class_="r-error") for e in run.errors), class_="reasons")
        if run.errors
        else None,
        tag("div", tag("table", columns, *rows), class_="wide"),
    )


def _found_after(result: ScenarioResult) -> str:
    """Onset to detection of the last fault that was to be found; a dash where none was."""
    delays = [match.delay_s for match in result.matches]
    if not delays:
        return "–"
    return "not found" if any(delay is None for delay in delays) else f"{max(d for d in delays if d is not None):.3g} s"


def _first_reason(result: ScenarioResult) -> str:
    decisive = result.judgement.decisive
    if not decisive:
        return "nothing was judged"
    if result.verdict is Verdict.PASS:
        count = len(decisive)
        return f"{count} of {count} checks within their limits"
    more = f" (and {len(decisive) - 1} more)" if len(decisive) > 1 else ""
    return decisive[0].text + more


def _scenario(index: int, result: ScenarioResult) -> Markup:
    title = tag("div", tag("h2", result.title), tag("p", tag("code", result.name), class_="soft"))
    parts: list[Markup] = [
        tag("div", title, badge(result.verdict), class_="head"),
        _reasons(result),
        tag("h3", "What happened and what was found"),
        _key(),
        tag("figure", timeline(result), class_="wide"),
    ]
    if result.measurements:
        parts += [tag("h3", "Measurements"), tag("div", _measurements(result.measurements), class_="wide")]
    if result.signals:
        drawn = (_signal(name, s, result) for name, s in result.signals.items())
        parts += [tag("h3", "Signals"), tag("div", *drawn, class_="grid2")]
    evidence = list(_evidence(result))
    if evidence:
        parts += [tag("h3", "Evidence"), *evidence]
    parts += [tag("h3", "Run"), _scenario_facts(result)]
    parts += [tag("p", note, class_="soft") for note in result.notes]
    return tag("section", *parts, id=f"s{index}")


def _reasons(result: ScenarioResult) -> Markup:
    shown = [r for r in result.reasons if r.verdict is not Verdict.PASS]
    passed = [r for r in result.reasons if r.verdict is Verdict.PASS]
    items = [tag("li", tag("b", r.verdict.label), r.text, class_=f"r-{r.verdict.label}") for r in shown]
    if not shown:
        items = [tag("li", tag("b", "pass"), _first_reason(result), class_="r-pass")]
    elif passed:
        items.append(tag("li", tag("b", "pass"), f"{len(passed)} other checks within their limits", class_="r-pass"))
    return tag("ul", *items, class_="reasons")


def _key() -> Markup:
    def swatch(kind: str, words: str) -> Markup:
        box = tag("rect", class_=kind, x=1, y=1, width=24, height=8, rx=2)
        return tag("span", tag("svg", box, viewBox="0 0 26 10", aria_hidden="true"), words)

    return tag(
        "div",
        swatch("truth-area", "injected fault, height is severity"),
        swatch("find-bar", "finding, from detection to its end"),
        swatch("bad-bar", "false alarm"),
        class_="key",
    )


def _measurements(measurements: Iterable[Measurement]) -> Markup:
    columns = ("Measurement", "Value", "Limit", "Unit", "Verdict", "Note")
    numeric = ("Value", "Limit")
    head = tag("tr", *(tag("th", c, class_="n" if c in numeric else None) for c in columns))
    rows = [
        tag(
            "tr",
            tag("td", tag("code", m.name)),
            tag("td", _number(m.value), class_="n"),
            tag("td", m.limits_text or "—", class_="n"),
            tag("td", "" if m.unit == "1" else m.unit, class_="w"),
            tag(
                "td",
                tag("span", "reported", class_="soft") if m.report_only else badge(m.verdict),
                class_="w",
            ),
            tag("td", "; ".join(filter(None, ("marginal" if m.marginal else "", m.note))), class_="soft"),
        )
        for m in measurements
    ]
    return tag("table", head, *rows)


def _signal(name: str, signal: SignalTrace, result: ScenarioResult) -> Markup:
    values, unit = readable(signal.values, signal.unit)
    # all signals share the scenario's time axis, so that they can be read against each other
    f = frame(np.array([0.0, result.duration_s]), values)
    wanted = [
        Mark((t.onset_ns - result.t0_ns) * 1e-9, "truth", "onset", "t-truth") for t in result.truth if not t.skipped
    ]
    wanted += [Mark((int(g["detected_ns"]) - result.t0_ns) * 1e-9, "find", "found", "t-find") for g in result.findings]
    drawing = picture(
        f.width,
        f.height,
        f"{name} over time",
        axes(f, "s"),
        marks(f, wanted),
        trace(f, signal.t_s, values),
    )
    shown = tag("span", signal.label or name, tag("span", f" [{unit}]" if unit else "", class_="soft"))
    # the id is worth repeating only where the label says something else
    side = tag("code", name, class_="soft") if signal.label and signal.label != name else None
    return tag("figure", tag("figcaption", shown, side), drawing)


def _evidence(result: ScenarioResult) -> Iterable[Markup]:
    for finding in result.findings:
        drawn = [draw(s) for s in spectra_of(finding)]
        numbers = _without_arrays(finding.get("evidence") or {})
        if not drawn and not numbers:
            continue
        t_s = (int(finding["detected_ns"]) - result.t0_ns) * 1e-9
        yield tag("p", tag("b", f"{finding['fault']} on {finding['on']}"), f", found at {t_s:.2f} s")
        yield from drawn
        raw = json.dumps(finite(numbers), indent=2, ensure_ascii=False, default=str)
        if len(raw) > EVIDENCE_CHARACTERS:
            raw = raw[:EVIDENCE_CHARACTERS] + "\n… the rest is in record.json"
        if numbers:
            yield tag("details", tag("summary", "numbers behind this finding"), tag("pre", raw))


def _without_arrays(value: Any) -> Any:
    """Drop long lists: they are drawn, or too long to read."""
    if isinstance(value, dict):
        return {k: _without_arrays(v) for k, v in value.items() if not _is_long(v)}
    return value


def _is_long(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_is_long(v) or isinstance(v, str) for v in value.values())
    return isinstance(value, (list, tuple)) and (len(value) > 16 or any(_is_long(v) for v in value))


def _scenario_facts(result: ScenarioResult) -> Markup:
    facts: dict[str, object] = {
        "Seed": result.seed,
        "Clock": result.clock,
        "Plant time": f"{result.duration_s:g} s in {result.wall_s:.2f} s of real time",
        "Lateness, p99 / max": f"{_ms(result.lateness.p99_s)} / {_ms(result.lateness.max_s)}",
        "Jitter, p99 / max": f"{_ms(result.jitter.p99_s)} / {_ms(result.jitter.max_s)}",
    }
    if result.image_digest:
        facts["Device images"] = tag("code", result.image_digest[:16], title=result.image_digest)
    for name, counts in result.link.items():
        moved = f"{counts.get('bytes_up', 0)} B up, {counts.get('bytes_down', 0)} B down"
        facts[f"Link {name}"] = f"{counts.get('connections', 0)} connections, {moved}, {counts.get('resets', 0)} resets"
    return _list(facts)


def _facts(run: RunRecord) -> Markup:
    facts: dict[str, object] = {
        "Rig": f"{run.rig} ({run.rig_digest[:16]})" if run.rig_digest else run.rig,
        "Real time": f"{run.wall_s:.1f} s",
        **{f"Binding of {k}": v for k, v in run.binding.items()},
        **{str(k): v for k, v in run.host.items()},
        **run.versions,
    }
    again = tag("p", "Run again: ", tag("code", " ".join(run.command))) if run.command else None
    return tag("section", tag("h2", "How to get this again"), again, _list(facts))


def _list(facts: Mapping[str, object]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", k), tag("dd", v)) for k, v in facts.items()), class_="facts")


def _number(value: float | None) -> str:
    """Write counts whole and measured numbers with four digits."""
    if value is None:
        return "—"
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.4g}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"
