"""The book of findings: opens, refreshes and closes episodes, and tells what changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twin.finding import CATEGORY_OF, Finding


class Ledger:
    """Findings by (fault, on); at most one open episode each. Ids count episodes and nothing else."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Finding] = {}
        self._closed: list[Finding] = []
        self._episodes: dict[tuple[str, str], int] = {}
        self._changed: dict[str, Finding] = {}
        self._absent_since: dict[tuple[str, str], int] = {}

    @property
    def findings(self) -> list[Finding]:
        """All findings so far, oldest first."""
        return sorted([*self._closed, *self._open.values()], key=lambda f: (f.detected_ns, f.id))

    @property
    def open(self) -> list[Finding]:
        """Findings that still hold, oldest first."""
        return sorted(self._open.values(), key=lambda f: (f.detected_ns, f.id))

    def is_open(self, fault: str, on: str) -> bool:
        """Whether this fault is open on this thing."""
        return (fault, on) in self._open

    def raise_(
        self,
        fault: str,
        on: str,
        t_ns: int,
        *,
        onset_ns: int | None = None,
        severity: float | None = None,
        confidence: float = 1.0,
        evidence: dict[str, Any] | None = None,
        ambiguous: tuple[str, ...] = (),
    ) -> Finding:
        """Open this finding, or keep it open; evidence of a finding already open is kept as first stated.

        A later severity more than 0.1 away counts as a change worth telling.
        """
        key = (fault, on)
        self._absent_since.pop(key, None)
        known = self._open.get(key)
        if known is not None:
            if severity is not None and known.severity is not None and abs(severity - known.severity) > 0.1:
                known = replace(known, severity=severity)
                self._open[key] = known
                self._changed[known.id] = known
            return known
        number = self._episodes.get(key, 0) + 1
        self._episodes[key] = number
        finding = Finding(
            id=f"{fault}:{on}:{number}",
            fault=fault,
            on=on,
            category=CATEGORY_OF[fault],
            state="open",
            detected_ns=t_ns,
            onset_ns=onset_ns,
            severity=severity,
            confidence=confidence,
            evidence=evidence or {},
            ambiguous=ambiguous,
        )
        self._open[key] = finding
        self._changed[finding.id] = finding
        return finding

    def settle(self, fault: str, on: str, *, confidence: float, evidence: dict[str, Any]) -> None:
        """Say that later evidence has ruled out every other explanation of an open finding."""
        known = self._open.get((fault, on))
        if known is not None and known.ambiguous:
            known = replace(known, ambiguous=(), confidence=confidence, evidence=known.evidence | evidence)
            self._open[fault, on] = known
            self._changed[known.id] = known

    def clear(self, fault: str, on: str, t_ns: int, hold_ns: int = 0) -> None:
        """Say that the fault is not seen now; it is closed once that has lasted `hold_ns`."""
        key = (fault, on)
        known = self._open.get(key)
        if known is None:
            return
        since = self._absent_since.setdefault(key, t_ns)
        if t_ns - since >= hold_ns:
            del self._open[key]
            self._absent_since.pop(key, None)
            ended = known.closed(t_ns)
            self._closed.append(ended)
            self._changed[ended.id] = ended

    def take_changes(self) -> list[Finding]:
        """Hand over what opened, changed or closed since the last call, in order of happening."""
        changed = list(self._changed.values())
        self._changed.clear()
        return changed
