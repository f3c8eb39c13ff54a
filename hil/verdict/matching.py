"""Who explains whom: findings held against what really happened.

A finding matches an expected fault when the name is the expected one (or listed under `as`), the place is the
expected one (or listed under `at`), and it was made after the onset. Whatever is left over is a false alarm,
unless the scenario allows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hil.record import FaultTrace
    from rigs.schema import Detect

Outcome = Literal["found", "ambiguous", "not_diagnosed", "wrong", "missed"]
Finding = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """What became of one expectation: the best finding for it, and when the fault really began."""

    expectation: Detect
    outcome: Outcome
    onset_ns: int
    truth: FaultTrace | None
    finding: Finding | None

    @property
    def delay_s(self) -> float | None:
        """Onset to detection; None when nothing was detected there."""
        if self.finding is None:
            return None
        return float(int(self.finding["detected_ns"]) - self.onset_ns) * 1e-9


def match(expectation: Detect, truth: Sequence[FaultTrace], findings: Sequence[Finding], t0_ns: int) -> Match:
    """Find the best finding for one expectation, earliest first within the best kind of outcome."""
    fault = truth_of(expectation, truth)
    # A recording carries its fault from the first sample: the start of the run is the onset.
    onset_ns = fault.onset_ns if fault is not None else t0_ns
    candidates: dict[Outcome, Finding] = {}
    for finding in sorted(findings, key=lambda f: (int(f["detected_ns"]), str(f.get("id", "")))):
        if int(finding["detected_ns"]) >= onset_ns:
            candidates.setdefault(_outcome(expectation, finding), finding)
    order: tuple[Outcome, ...] = ("found", "ambiguous", "not_diagnosed", "wrong")
    for outcome in order:
        if outcome in candidates:
            return Match(expectation, outcome, onset_ns, fault, candidates[outcome])
    return Match(expectation, "missed", onset_ns, fault, None)


def truth_of(expectation: Detect, truth: Sequence[FaultTrace]) -> FaultTrace | None:
    """Return the injected fault an expectation speaks of: by name, else by place, else the only one."""
    names, places = {expectation.fault, *expectation.as_}, {expectation.on, *expectation.at}
    ordered = sorted(truth, key=lambda f: (f.onset_ns, f.kind, f.on))
    for fits in (
        lambda f: f.kind in names and _related(f.on, places),
        lambda f: f.kind in names,
        lambda f: _related(f.on, places),
    ):
        for fault in ordered:
            if fits(fault):
                return fault
    return ordered[0] if len(ordered) == 1 else None


def false_alarms(
    findings: Iterable[Finding],
    matches: Sequence[Match],
    truth: Sequence[FaultTrace],
    allow: Sequence[str],
) -> list[Finding]:
    """Return the findings nothing explains: no expectation, no injected fault, no allowance."""
    return [f for f in findings if not (_explained(f, matches, truth) or is_allowed(f, allow))]


def is_allowed(finding: Mapping[str, Any], allow: Sequence[str]) -> bool:
    """Tell whether a scenario allows this finding: by its name, or as ``name@place``."""
    return finding["fault"] in allow or f"{finding['fault']}@{finding['on']}" in allow


def _explained(finding: Finding, matches: Sequence[Match], truth: Sequence[FaultTrace]) -> bool:
    t_ns = int(finding["detected_ns"])
    # A fault that was seen but not named is judged where it was expected, and not a second time as an alarm.
    fair = ("found", "ambiguous", "not_diagnosed")
    for m in matches:
        if t_ns >= m.onset_ns and _outcome(m.expectation, finding) in fair:
            return True
    return any(
        finding["fault"] == f.kind and finding["on"] == f.on and t_ns >= f.onset_ns for f in truth if not f.skipped
    )


def _outcome(expectation: Detect, finding: Finding) -> Outcome:
    """Classify one finding for one expectation; ``missed`` means it has nothing to do with it."""
    names, places = {expectation.fault, *expectation.as_}, {expectation.on, *expectation.at}
    here = finding["on"] in places
    hypotheses = [_split(h) for h in finding.get("ambiguous") or ()]
    named = finding["fault"] in names and here
    among = any(fault in names and on in places for fault, on in hypotheses)
    if hypotheses and (named or among):
        return "found" if _declared(expectation, finding, hypotheses) else "ambiguous"
    if named:
        return "found"
    if not here:
        return "missed"
    if expectation.diagnosis == "any":
        return "found"
    return "not_diagnosed" if finding["fault"] == "unknown" else "wrong"


def _declared(expectation: Detect, finding: Finding, hypotheses: Sequence[tuple[str, str]]) -> bool:
    """Tell whether this ambiguity was declared acceptable before the run."""
    if expectation.diagnosis == "any" or "ambiguous" in expectation.as_:
        return True
    return {finding["fault"], *(fault for fault, _ in hypotheses)} <= {expectation.fault, *expectation.as_}


def _split(hypothesis: str) -> tuple[str, str]:
    fault, _, on = hypothesis.partition("@")
    return fault, on


def _related(on: str, places: set[str]) -> bool:
    """Tell whether a truth's target is a declared place, or a part of one (``pump1.flow`` of ``pump1``)."""
    return on in places or on.partition(".")[0] in places or on in {p.partition(".")[0] for p in places}
