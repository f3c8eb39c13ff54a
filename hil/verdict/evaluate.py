"""Verdict = f(truth, findings, timing): the one place where a scenario is judged.

Nothing here reads a clock, a file or a socket; the same evidence always gives the same verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.record import FaultTrace, MatchRow, ScenarioResult, SignalTrace, TimingStats
from hil.verdict.declare import TimingLimits, declare, place
from hil.verdict.lattice import Judgement, Verdict
from hil.verdict.matching import Finding, Match, false_alarms, match
from hil.verdict.series import Blocks, Comparison, Series, compare_blocks, compare_readings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.verdict.measurements import Measurement
    from rigs.schema import Detect, Lossless, Recovered, Rig, Scenario, Stale

LOSS_FAULTS = frozenset({"communication_lost", "device_frozen", "source_time_frozen", "device_restart"})
"""Findings by which a twin says that it has no fresh values of a device."""

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bench itself saw of a scenario, beside truth and findings.

    Parameters
    ----------
    t0_ns : start of the scenario, UTC nanoseconds; truth and findings use the same scale
    offered, received : readings by point id, SI units (`hil.capture`); empty where nobody could look
    offered_blocks, received_blocks : waveforms by point id
    resolution : by point id, the largest difference encoding may cause [SI]; missing means float32 precision
    signals : what the report draws
    lateness, jitter : of the blocks; `limits` say when they spoil a wall-clock run
    errors : failures of the bench itself; one is enough for ``error``
    """

    t0_ns: int
    seed: int = 0
    clock: str = "lockstep"
    wall_s: float = 0.0
    offered: Mapping[str, Series] = field(default_factory=dict)
    received: Mapping[str, Series] = field(default_factory=dict)
    offered_blocks: Mapping[str, Blocks] = field(default_factory=dict)
    received_blocks: Mapping[str, Blocks] = field(default_factory=dict)
    resolution: Mapping[str, float] = field(default_factory=dict)
    signals: Mapping[str, SignalTrace] = field(default_factory=dict)
    lateness: TimingStats = field(default_factory=TimingStats)
    jitter: TimingStats = field(default_factory=TimingStats)
    limits: TimingLimits = field(default_factory=TimingLimits)
    image_digest: str = ""
    link: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def evaluate(
    scenario: Scenario,
    rig: Rig,
    truth: Sequence[FaultTrace],
    findings: Sequence[Finding],
    facts: Facts,
) -> ScenarioResult:
    """Judge one scenario; every expectation leaves at least one reason."""
    case = _Case(scenario, rig, tuple(truth), tuple(findings), facts)
    return case.run()


class _Case:
    def __init__(
        self,
        scenario: Scenario,
        rig: Rig,
        truth: tuple[FaultTrace, ...],
        findings: tuple[Finding, ...],
        facts: Facts,
    ) -> None:
        self.scenario, self.rig, self.facts = scenario, rig, facts
        self.truth, self.findings = truth, findings
        self.paced = facts.clock != "lockstep"
        self.measured = {m.name: m for m in declare(scenario, facts.limits, paced=self.paced)}
        self.late = self.paced and facts.lateness.max_s > facts.limits.lateness_s
        self.judgement = Judgement()
        self.matches: list[Match] = []

    def run(self) -> ScenarioResult:
        for error in self.facts.errors:
            self.judgement = self.judgement.add(Verdict.ERROR, error)
        self._timing()
        self._injected()
        for expectation in self.scenario.expect:
            match expectation.expect:
                case "detect":
                    self._detect(expectation)
                case "stale":
                    self._stale(expectation)
                case "recovered":
                    self._recovered(expectation)
                case "lossless":
                    self._lossless(expectation)
        alarms = self._alarms()
        facts = self.facts
        return ScenarioResult(
            name=self.scenario.scenario,
            title=self.scenario.title or self.scenario.scenario,
            seed=facts.seed,
            clock=facts.clock,
            t0_ns=facts.t0_ns,
            duration_s=self.scenario.duration / SECOND,
            judgement=self.judgement,
            truth=self.truth,
            findings=self.findings,
            false_alarms=tuple(str(f.get("id", f["fault"])) for f in alarms),
            matches=tuple(_row(m) for m in self.matches),
            measurements=tuple(self.measured.values()),
            signals=facts.signals,
            lateness=facts.lateness,
            jitter=facts.jitter,
            wall_s=facts.wall_s,
            image_digest=facts.image_digest,
            link=facts.link,
            notes=facts.notes,
        )

    # --- one method per kind of expectation -----------------------------------------------------------------

    def _timing(self) -> None:
        self._fill("lateness_max", self.facts.lateness.max_s)
        self._fill("jitter_p99", self.facts.jitter.p99_s)
        if self.late:
            self._say(
                Verdict.INCONC,
                f"the run fell {self.facts.lateness.max_s:.3g} s behind its clock; "
                f"what depends on time cannot be judged beyond {self.facts.limits.lateness_s:.3g} s",
            )

    def _injected(self) -> None:
        """Note faults the bench did not deliver: those are never the twin's failure."""
        seen = {(f.kind, f.on) for f in self.truth}
        for fault in self.truth:
            if fault.skipped:
                self._say(Verdict.INCONC, f"fault {fault.kind} on {fault.on} was not injected: {fault.skipped}")
        for spec in self.scenario.faults:
            due = spec.onset < self.scenario.duration and spec.severity > 0.0
            if due and (spec.kind, spec.on) not in seen:
                self._say(Verdict.ERROR, f"fault {spec.kind} on {spec.on} is in the scenario but never took effect")

    def _detect(self, expectation: Detect) -> None:
        found = match(expectation, self.truth, self.findings, self.facts.t0_ns)
        self.matches.append(found)
        name = f"{place(expectation)}.delay"
        what = f"{expectation.fault} on {expectation.on}"
        if found.truth is not None and found.truth.skipped:
            self._fill(name, None, "the fault was not injected", missing=Verdict.INCONC)
            return
        if found.outcome == "found":
            self._fill(name, found.delay_s)
            return
        seen = found.finding or {}
        others = ", ".join(map(str, seen.get("ambiguous", ())))
        said = {
            "ambiguous": f"{what} was one of several hypotheses, beside {seen.get('fault')} and {others}",
            "not_diagnosed": f"{what} was noticed but not diagnosed (finding unknown)",
            "wrong": f"{what} was taken for {seen.get('fault')} on {seen.get('on')}",
            "missed": f"{what} was not found",
        }[found.outcome]
        when = f" {found.delay_s:.3g} s after onset" if found.delay_s is not None else ""
        self._fill(name, None, said + when)

    def _stale(self, expectation: Stale) -> None:
        name = f"stale[{expectation.device}].delay"
        fault = self._fault_of(expectation.device)
        if fault is None or fault.skipped:
            self._fill(name, None, f"no fault acted on {expectation.device}", missing=Verdict.INCONC)
            return
        declared = [
            int(f["detected_ns"])
            for f in self.findings
            if f["on"] == expectation.device and f["fault"] in LOSS_FAULTS and int(f["detected_ns"]) >= fault.onset_ns
        ]
        delay = (min(declared) - fault.onset_ns) / SECOND if declared else None
        self._fill(name, delay, "" if declared else f"loss of {expectation.device} was never declared")

    def _recovered(self, expectation: Recovered) -> None:
        name = f"recovered[{expectation.device}].delay"
        fault = self._fault_of(expectation.device)
        if fault is None or fault.skipped or fault.cleared_ns is None:
            self._fill(name, None, f"no fault on {expectation.device} ended", missing=Verdict.INCONC)
            return
        back = self._back_after(expectation.device, fault.cleared_ns)
        if not back:
            note = f"the bench saw nothing of what the twin received from {expectation.device}"
            self._fill(name, None, note, missing=Verdict.INCONC)
            return
        delays = [b - fault.cleared_ns for b in back.values() if b is not None]
        if len(delays) < len(back):
            lost = [point for point, b in back.items() if b is None]
            note = f"{len(lost)} of {len(back)} points gave no good value again, {lost[0]} first"
            self._fill(name, None, note)
            return
        # The device is back when its last point is back.
        self._fill(name, max(delays) / SECOND)

    def _back_after(self, device: str, t_ns: int) -> dict[str, int | None]:
        """When each point of a device was good again; points that were never good at all are left out."""
        back: dict[str, int | None] = {}
        for point in self.rig.points_of(device):
            series = self.facts.received.get(point.id)
            blocks = self.facts.received_blocks.get(point.id)
            # a waveform's bad answers are readings without a number: only its blocks say that it is back
            if blocks is not None and blocks.t_ns.size:
                fresh = blocks.t_ns[blocks.t_ns >= t_ns]
                back[point.id] = int(fresh.min()) if fresh.size else None
            elif series is not None and series.good.any():
                back[point.id] = _first_good_after(series, t_ns)
        return back

    def _lossless(self, expectation: Lossless) -> None:
        devices = expectation.devices or tuple(d.id for d in self.rig.devices)
        total = Comparison()
        for device in devices:
            total += self._compare(device)
        self._fill("lossless.compared", float(total.compared), "" if total.compared else "nothing to compare")
        offenders = (
            ("misattributed", total.misattributed, total.first_wrong),
            ("gaps", total.gaps, total.first_gap),
        )
        for name, count, first in offenders:
            self._fill(f"lossless.{name}", float(count) if total.compared else None, first if count else "")

    def _compare(self, device: str) -> Comparison:
        facts, total = self.facts, Comparison()
        spec = self.rig.device(device)
        block_ns = self.rig.clock.block
        for point in self.rig.points_of(device):
            if point.id in facts.received_blocks:
                total += compare_blocks(point.id, facts.offered_blocks.get(point.id), facts.received_blocks[point.id])
            elif point.id in facts.received and point.id in facts.offered:
                received = facts.received[point.id]
                # Source times come through as they are. Other stamps tell when the request was made, and the image it
                # met may be a scan older; in lockstep the device clock stands still during a poll.
                exact = received.stamp == "source" or (received.stamp == "device_clock" and not self.paced)
                tolerance = 1_000_000 if exact else block_ns * 3 // 2
                total += compare_readings(
                    point.id,
                    facts.offered[point.id],
                    received,
                    resolution=facts.resolution.get(point.id, 0.0),
                    time_tolerance_ns=tolerance,
                    period_ns=spec.poll,
                )
        return total

    def _alarms(self) -> list[Finding]:
        alarms = false_alarms(self.findings, self.matches, self.truth, self.scenario.allow)
        names = ", ".join(f"{f['fault']} on {f['on']}" for f in alarms[:3])
        more = f" and {len(alarms) - 3} more" if len(alarms) > 3 else ""
        self._fill("false_alarms", float(len(alarms)), names + more)
        return alarms

    # --- bookkeeping ----------------------------------------------------------------------------------------

    def _fault_of(self, device: str) -> FaultTrace | None:
        on_device = [f for f in self.truth if f.on == device]
        return min(on_device, key=lambda f: f.onset_ns) if on_device else None

    def _fill(self, name: str, value: float | None, note: str = "", *, missing: Verdict | None = None) -> None:
        declared = self.measured[name]
        if missing is not None:
            declared = replace(declared, missing=missing)
        if self.late and name != "lossless.misattributed":
            # A late bench cannot accuse anybody of being late; wrong values stay wrong at any speed.
            declared = replace(declared, otherwise=Verdict.INCONC, missing=Verdict.INCONC)
        measured = declared.fill(value, note)
        self.measured[name] = measured
        self._say_measured(measured)

    def _say_measured(self, measured: Measurement) -> None:
        if measured.verdict is not Verdict.NONE:
            self._say(measured.verdict, measured.sentence + (" — marginal" if measured.marginal else ""))

    def _say(self, verdict: Verdict, text: str) -> None:
        self.judgement = self.judgement.add(verdict, text)


def _first_good_after(series: Series, t_ns: int) -> int | None:
    """When the first good value measured at or after `t_ns` was received; None if there was none."""
    when = series.received_ns if series.received_ns is not None else series.t_ns
    fresh = np.flatnonzero(series.good & (series.t_ns >= t_ns) & (when >= t_ns))
    return int(when[fresh].min()) if fresh.size else None


def _row(m: Match) -> MatchRow:
    skipped = m.truth is not None and m.truth.skipped
    found: dict[str, Any] = m.finding or {}
    return MatchRow(
        m.expectation.fault,
        m.expectation.on,
        "skipped" if skipped else m.outcome,
        str(found["id"]) if "id" in found else None,
        m.delay_s,
    )
