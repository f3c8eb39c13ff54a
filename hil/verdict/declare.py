"""The measurements of a scenario, declared from its expectations before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil.verdict.lattice import Verdict
from hil.verdict.measurements import Measurement

if TYPE_CHECKING:
    from rigs.schema import Detect, Scenario

MARGIN = 0.8
"""Share of a limit from which on a passing value is called marginal."""


@dataclass(frozen=True, slots=True)
class TimingLimits:
    """When a wall-clock run can no longer judge.

    Parameters
    ----------
    lateness_s
        Largest lateness of a block; beyond it the next block was already due.
    jitter_s
        99th percentile of the spread of block starts; None judges lateness only.
    """

    lateness_s: float = 0.1
    jitter_s: float | None = None


def declare(scenario: Scenario, limits: TimingLimits, *, paced: bool) -> tuple[Measurement, ...]:
    """List what will be measured, with units and limits.

    Parameters
    ----------
    paced
        True when the run follows a wall clock; in lockstep nothing can be late, so timing is only reported.
    """
    out: list[Measurement] = []
    for expectation in scenario.expect:
        match expectation.expect:
            case "detect":
                out.append(_delay(f"{place(expectation)}.delay", expectation.within))
            case "stale":
                out.append(_delay(f"stale[{expectation.device}].delay", expectation.within))
            case "recovered":
                out.append(_delay(f"recovered[{expectation.device}].delay", expectation.within))
            case "lossless":
                out.append(Measurement("lossless.compared", "1", low=1.0, otherwise=Verdict.INCONC))
                out.append(Measurement("lossless.misattributed", "1", low=0.0, high=0.0))
                out.append(Measurement("lossless.gaps", "1", low=0.0, high=float(expectation.gaps)))
    alarms = [e.maximum for e in scenario.expect if e.expect == "silent"]
    out.append(
        Measurement("false_alarms", "1", low=0.0, high=float(min(alarms)))
        if alarms
        else Measurement("false_alarms", "1", report_only=True)
    )
    out.append(
        Measurement(
            "lateness_max",
            "s",
            high=limits.lateness_s if paced else None,
            marginal_high=limits.lateness_s * MARGIN if paced else None,
            otherwise=Verdict.INCONC,
            report_only=not paced,
        )
    )
    out.append(
        Measurement(
            "jitter_p99",
            "s",
            high=limits.jitter_s if paced else None,
            otherwise=Verdict.INCONC,
            report_only=not paced or limits.jitter_s is None,
        )
    )
    return tuple(out)


def place(expectation: Detect) -> str:
    """Name a detection: ``detect[bearing_outer_race@pump1_de]``."""
    return f"detect[{expectation.fault}@{expectation.on}]"


def _delay(name: str, within_ns: int) -> Measurement:
    limit = within_ns * 1e-9
    # What should have happened and did not is a failure, not a missing number.
    return Measurement(name, "s", low=0.0, high=limit, marginal_high=MARGIN * limit, missing=Verdict.FAIL)
