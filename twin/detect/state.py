"""Operating state of the machine train: it gates every other judgement.

``off`` and ``start`` and ``stop`` follow the drive, ``transient`` means that speed, flow or valve moved
within the last seconds, ``steady`` that algebraic relations may be trusted.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

OperatingState = Literal["off", "start", "steady", "transient", "stop", "unknown"]

SLOPES = {"speed": 0.004, "flow": 0.006, "position": 0.004, "frequency": 0.004}
"""Largest change per second, as a share of rated value, that still counts as steady."""
LOOK_BACK = 4
SETTLE_S = 6


class StateMachine:
    """Turns frames of relative values into an operating state.

    Parameters
    ----------
    scales
        Rated value of each role in `SLOPES`, SI.
    """

    def __init__(self, scales: dict[str, float]) -> None:
        self.scales = scales
        self.state: OperatingState = "unknown"
        self.steady_frames = 0
        self._past: deque[dict[str, float]] = deque(maxlen=LOOK_BACK + 1)
        self._quiet = 0

    def update(
        self, values: dict[str, float], ignore: frozenset[str] = frozenset(), frame_s: float = 1.0
    ) -> OperatingState:
        """Take the frame's values (role to SI value); `ignore` names roles whose sensor is not to be believed."""
        relative = {
            role: values.get(role, math.nan) / scale for role, scale in self.scales.items() if role not in ignore
        }
        slopes = {role: self._slope(role, value, frame_s) for role, value in relative.items()}
        self._past.append(relative)
        moving = [role for role, slope in slopes.items() if not math.isnan(slope) and abs(slope) > SLOPES[role]]
        turning = next(
            (relative[r] for r in ("speed", "frequency") if not math.isnan(relative.get(r, math.nan))),
            math.nan,
        )
        slope = next(
            (slopes[r] for r in ("speed", "frequency") if not math.isnan(slopes.get(r, math.nan))),
            0.0,
        )
        running = values.get("running", math.nan)
        self._quiet = 0 if moving else self._quiet + 1
        if math.isnan(turning):
            self.state = "unknown"
        elif turning < 0.02:
            self.state = "off"
        elif running == 0.0:
            self.state = "stop"
        elif abs(slope) > SLOPES["speed"] and turning < 0.45:
            self.state = "start" if slope > 0.0 else "stop"
        elif self._quiet * frame_s < SETTLE_S:
            self.state = "transient"
        else:
            self.state = "steady"
        self.steady_frames = self.steady_frames + 1 if self.state == "steady" else 0
        return self.state

    def _slope(self, role: str, value: float, frame_s: float) -> float:
        """Change per second of the last frames: mean of the newest two less mean of the oldest two."""
        series = [past.get(role, math.nan) for past in self._past] + [value]
        if len(series) < LOOK_BACK or any(math.isnan(x) for x in series):
            return math.nan
        return (0.5 * (series[-1] + series[-2]) - 0.5 * (series[0] + series[1])) / ((len(series) - 2) * frame_s)
