"""What really happened: the fault timeline and the true states, kept where no twin can look."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO


@dataclass(slots=True)
class FaultTruth:
    """The life of one fault. Times are plant time [ns]; `severity` holds (t_ns, s) at every change."""

    id: int
    kind: str
    on: str
    layer: str
    params: dict[str, Any]
    onset_ns: int
    cleared_ns: int | None = None
    severity: list[tuple[int, float]] = field(default_factory=list)
    inserted: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for records and the control API."""
        return {
            "id": self.id, "kind": self.kind, "on": self.on, "layer": self.layer, "params": self.params,
            "onset_ns": self.onset_ns, "cleared_ns": self.cleared_ns, "inserted": self.inserted,
            "severity": [list(s) for s in self.severity],
        }  # fmt: skip


class TruthLog:
    """Collects faults; given a path, writes them and, once a second of plant time, true states as JSON lines.

    A severity change is noted when it moves by at least one percent, and always at the onset and the end.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.faults: list[FaultTruth] = []
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path else None

    def severity(self, fault: FaultTruth, t_ns: int, severity: float) -> None:
        """Note a fault's severity at plant time `t_ns` [ns]."""
        last = fault.severity[-1][1] if fault.severity else 0.0
        if severity == last or (severity not in (0.0, 1.0) and last != 0.0 and abs(severity - last) < 0.01):
            return
        if not fault.severity:
            fault.onset_ns = t_ns
            self.faults.append(fault)
        fault.severity.append((t_ns, severity))
        fault.cleared_ns = t_ns if severity == 0.0 else None
        self._line(
            t_ns=t_ns,
            event="severity",
            fault=fault.id,
            kind=fault.kind,
            on=fault.on,
            layer=fault.layer,
            severity=severity,
        )

    def insertion(self, kind: str, on: str, t_ns: int, detail: str = "") -> None:
        """Note that a protocol or link fault really touched something on the wire."""
        for fault in self.faults:
            if fault.kind == kind and fault.on == on and fault.cleared_ns is None:
                fault.inserted += 1
        self._line(t_ns=t_ns, event="insertion", kind=kind, on=on, detail=detail)

    def state(self, t_ns: int, states: dict[str, float]) -> None:
        """Note the plant's true states."""
        self._line(t_ns=t_ns, event="state", **states)

    def life(self, t_ns: int, parts: dict[str, dict[str, Any]]) -> None:
        """Note damage, severity and true remaining life of every part that ages."""
        self._line(t_ns=t_ns, event="life", parts=parts)

    def note(self, t_ns: int, event: str, **entry: Any) -> None:
        """Note an event of the plant's life: cause, effect, trip, failure, repair."""
        self._line(t_ns=t_ns, event=event, **entry)

    def command(self, t_ns: int, point: str, value: Any) -> None:
        """Note a command that came over the wire or from the scenario."""
        self._line(t_ns=t_ns, event="command", point=point, value=value)

    def close(self) -> None:
        """Finish the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _line(self, **entry: Any) -> None:
        if self._file:
            self._file.write(json.dumps(entry, default=float, allow_nan=False) + "\n")
