"""What a run leaves behind: the nouns of `record.json`, `report.html` and `junit.xml`.

Times are absolute UTC nanoseconds, as the twin and the wire see them; `ScenarioResult.t0_ns` is the start of
the scenario, so that pages and tables can speak in seconds since then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.verdict.lattice import Judgement, Reason, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.verdict.measurements import Measurement

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class FaultTrace:
    """One injected fault as it really was: the truth a finding is held against.

    `severity` is a polyline of (t_ns, severity 0..1), at least its corners; `cleared_ns` is None when the
    fault lasted to the end. `skipped` carries the reason when the binding could not inject it (a physics
    fault on real hardware): whatever depends on it becomes ``inconc``.
    """

    kind: str
    on: str
    layer: str
    onset_ns: int
    cleared_ns: int | None = None
    severity: tuple[tuple[int, float], ...] = ()
    skipped: str | None = None

    def severity_at(self, t_ns: int) -> float:
        """Severity 0..1 at `t_ns`, linear between the recorded corners, 0 outside the fault's life."""
        if t_ns < self.onset_ns or (self.cleared_ns is not None and t_ns >= self.cleared_ns) or not self.severity:
            return 0.0
        # differences first: absolute nanoseconds do not fit a float64 exactly
        t = [float(corner - self.onset_ns) for corner, _ in self.severity]
        return float(np.interp(float(t_ns - self.onset_ns), t, [s for _, s in self.severity]))

    def to_json(self) -> dict[str, Any]:
        """JSON form with severities as ``[t_ns, severity]`` pairs."""
        return {
            "kind": self.kind,
            "on": self.on,
            "layer": self.layer,
            "onset_ns": self.onset_ns,
            "cleared_ns": self.cleared_ns,
            "severity": [[t, s] for t, s in self.severity],
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class SignalTrace:
    """A signal worth drawing: `t_s` float64[n] since scenario start, `values` float64[n] in `unit`."""

    t_s: np.ndarray
    values: np.ndarray
    unit: str
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        if np.shape(self.t_s) != np.shape(self.values):
            raise ValueError(
                f"signal {self.label or self.unit!r}: t_s has shape {np.shape(self.t_s)}, "
                f"values {np.shape(self.values)}; they must match"
            )


@dataclass(frozen=True, slots=True)
class TimingStats:
    """A spread of times in seconds: how late steps began, or how unevenly they came."""

    count: int = 0
    p50_s: float = 0.0
    p99_s: float = 0.0
    max_s: float = 0.0

    @classmethod
    def of(cls, seconds: Sequence[float] | np.ndarray) -> TimingStats:
        """Summarise samples; quantiles are values that occurred, not interpolations between them."""
        values = np.asarray(seconds, dtype=np.float64)
        if values.size == 0:
            return cls()
        p50, p99 = np.quantile(values, [0.5, 0.99], method="higher")
        return cls(int(values.size), float(p50), float(p99), float(values.max()))

    def to_json(self) -> dict[str, Any]:
        """JSON form in seconds."""
        return {"count": self.count, "p50_s": self.p50_s, "p99_s": self.p99_s, "max_s": self.max_s}


@dataclass(frozen=True, slots=True)
class MatchRow:
    """How one expectation came out; the report's truth-versus-finding line."""

    expected_fault: str
    on: str
    outcome: str  # "found" | "not_diagnosed" | "wrong" | "missed" | "skipped"
    finding_id: str | None = None
    delay_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "expected_fault": self.expected_fault,
            "on": self.on,
            "outcome": self.outcome,
            "finding_id": self.finding_id,
            "delay_s": self.delay_s,
        }


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Everything one scenario left behind, judged."""

    name: str
    title: str
    seed: int
    clock: str
    t0_ns: int
    duration_s: float
    judgement: Judgement
    truth: tuple[FaultTrace, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    false_alarms: tuple[str, ...] = ()
    matches: tuple[MatchRow, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    signals: Mapping[str, SignalTrace] = field(default_factory=dict)
    lateness: TimingStats = field(default_factory=TimingStats)
    jitter: TimingStats = field(default_factory=TimingStats)
    wall_s: float = 0.0
    image_digest: str = ""
    link: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The scenario's verdict."""
        return self.judgement.verdict

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, most decisive first, in the order they were given."""
        return tuple(sorted(self.judgement.reasons, key=lambda r: -r.verdict))

    def to_json(self) -> dict[str, Any]:
        """JSON form for `record.json`; signals stay in the capture (Parquet), only their names are listed."""
        return {
            "name": self.name,
            "title": self.title,
            "verdict": self.verdict.label,
            "reasons": [r.to_json() for r in self.reasons],
            "seed": self.seed,
            "clock": self.clock,
            "t0_ns": self.t0_ns,
            "duration_s": self.duration_s,
            "wall_s": self.wall_s,
            "truth": [f.to_json() for f in self.truth],
            "findings": [finite(f) for f in self.findings],
            "false_alarms": list(self.false_alarms),
            "matches": [m.to_json() for m in self.matches],
            "measurements": [m.to_json() for m in self.measurements],
            "lateness": self.lateness.to_json(),
            "jitter": self.jitter.to_json(),
            "image_digest": self.image_digest,
            "link": {k: dict(v) for k, v in self.link.items()},
            "signals": sorted(self.signals),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A whole run: which rig, with which versions, on which machine, and how every scenario came out."""

    rig: str
    rig_digest: str
    seed: int
    clock: str
    started_utc: str
    versions: Mapping[str, str]
    host: Mapping[str, Any]
    results: tuple[ScenarioResult, ...]
    binding: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    wall_s: float = 0.0
    errors: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the scenarios; an error of the bench itself outranks them all."""
        whole = worst(r.verdict for r in self.results)
        return Verdict.ERROR if self.errors else whole

    def to_json(self) -> dict[str, Any]:
        """JSON form of `record.json` (architecture: verdict, seed, versions, rig, per scenario results)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict.label,
            "rig": self.rig,
            "rig_digest": self.rig_digest,
            "seed": self.seed,
            "clock": self.clock,
            "started_utc": self.started_utc,
            "wall_s": self.wall_s,
            "command": list(self.command),
            "binding": dict(self.binding),
            "versions": dict(self.versions),
            "host": finite(dict(self.host)),
            "errors": list(self.errors),
            "scenarios": [r.to_json() for r in self.results],
        }


def finite(value: Any) -> Any:
    """Make a value safe for strict JSON: NaN and infinities become null, numpy becomes plain Python.

    JSON has no NaN, and readers differ in what they make of one; null says "no value" to all of them.
    """
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    if isinstance(value, np.ndarray):
        return finite(value.tolist())
    if isinstance(value, np.generic):
        return finite(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
