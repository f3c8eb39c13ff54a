"""`junit.xml`: the verdicts for a build server.

Mapping (Surefire dialect): fail -> ``failure``; error -> ``error``; none -> ``skipped``; inconc -> ``error``
of type ``inconclusive``, because a build server knows no third answer and an unproven claim must not look
green.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hil.verdict.lattice import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from hil.record import RunRecord, ScenarioResult

# XML 1.0 has no way to write these, not even escaped
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(directory: Path, run: RunRecord) -> Path:
    """Write `junit.xml` into `directory` and return its path."""
    path = directory / "junit.xml"
    tree = ET.ElementTree(_suites(run))
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)
    return path


def _suites(run: RunRecord) -> ET.Element:
    count = {v: sum(r.verdict is v for r in run.results) for v in Verdict}
    suite = ET.Element(
        "testsuite",
        name=_clean(run.rig),
        tests=str(len(run.results)),
        failures=str(count[Verdict.FAIL]),
        errors=str(count[Verdict.ERROR] + count[Verdict.INCONC]),
        skipped=str(count[Verdict.NONE]),
        time=f"{run.wall_s:.3f}",
        timestamp=_clean(run.started_utc),
    )
    properties = ET.SubElement(suite, "properties")
    facts = {"seed": run.seed, "clock": run.clock, "rig_digest": run.rig_digest, "verdict": run.verdict.label}
    for name, value in {**facts, **{f"version.{k}": v for k, v in run.versions.items()}}.items():
        ET.SubElement(properties, "property", name=_clean(name), value=_clean(str(value)))
    for result in run.results:
        suite.append(_case(run.rig, result))
    if run.errors:
        ET.SubElement(suite, "system-err").text = _clean("\n".join(run.errors))
    whole = ET.Element("testsuites", name="plantbench")
    whole.append(suite)
    return whole


def _case(rig: str, result: ScenarioResult) -> ET.Element:
    case = ET.Element("testcase", classname=_clean(rig), name=_clean(result.name), time=f"{result.wall_s:.3f}")
    tag = {
        Verdict.FAIL: "failure",
        Verdict.ERROR: "error",
        Verdict.INCONC: "error",
        Verdict.NONE: "skipped",
    }.get(result.verdict)
    if tag is not None:
        decisive = [r.text for r in result.judgement.decisive] or ["nothing was judged"]
        kind = "inconclusive" if result.verdict is Verdict.INCONC else result.verdict.label
        entry = ET.SubElement(case, tag, type=kind, message=_clean(decisive[0]))
        entry.text = _clean("\n".join(f"{r.verdict.label}: {r.text}" for r in result.reasons))
    ET.SubElement(case, "system-out").text = _clean("\n".join(m.sentence for m in result.measurements))
    return case


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
