"""A finding: something the twin noticed, named, timed and supported by numbers.

All times are integer nanoseconds of *source* time (UTC). ``evidence`` holds plain JSON values only:
numbers, strings, lists and dicts of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Category = Literal["condition", "sensor", "data", "device", "link"]
State = Literal["open", "closed"]

CATEGORY_OF: dict[str, Category] = {
    "bearing_outer_race": "condition",
    "bearing_inner_race": "condition",
    "bearing_ball": "condition",
    "bearing_cage": "condition",
    "imbalance": "condition",
    "suction_clogging": "condition",
    "impeller_wear": "condition",
    "motor_fan_blocked": "condition",
    "unknown": "condition",
    "sensor_bias": "sensor",
    "sensor_drift": "sensor",
    "sensor_stuck": "sensor",
    "sensor_noise": "sensor",
    "sensor_dropout": "sensor",
    "sensor_saturation": "sensor",
    "word_swap": "sensor",
    "data_gap": "data",
    "bad_quality": "data",
    "source_time_frozen": "data",
    "device_frozen": "device",
    "device_restart": "device",
    "clock_offset": "device",
    "communication_lost": "link",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault on one thing, from the moment it was detected to the moment it was gone.

    Parameters
    ----------
    id
        Stable name of this episode: ``fault:on:number``; the same batches always give the same ids.
    fault, on
        What, and on which asset, point or device id.
    detected_ns, onset_ns, closed_ns
        When the evidence sufficed, when it is believed to have begun, when it was gone.
    severity
        0..1 where the fault has a natural scale, else None.
    confidence
        0..1, posterior share among the hypotheses that were weighed.
    ambiguous
        Other ``fault@on`` hypotheses within odds of ten of this one.
    """

    id: str
    fault: str
    on: str
    category: Category
    state: State
    detected_ns: int
    onset_ns: int | None = None
    closed_ns: int | None = None
    severity: float | None = None
    confidence: float = 1.0
    evidence: dict[str, Any] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()

    def closed(self, t_ns: int) -> Finding:
        """Return this finding, ended at `t_ns`."""
        return replace(self, state="closed", closed_ns=t_ns)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; numbers that JSON cannot carry become None."""
        return {
            "id": self.id,
            "fault": self.fault,
            "on": self.on,
            "category": self.category,
            "state": self.state,
            "detected_ns": self.detected_ns,
            "onset_ns": self.onset_ns,
            "closed_ns": self.closed_ns,
            "severity": plain(self.severity),
            "confidence": plain(self.confidence),
            "evidence": plain(self.evidence),
            "ambiguous": list(self.ambiguous),
        }


def plain(value: Any) -> Any:
    """Turn numpy scalars, arrays and tuples into JSON values; NaN and infinities into None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
