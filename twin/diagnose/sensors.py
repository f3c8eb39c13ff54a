"""Findings about single points: stuck, saturated, noisy, dropping out, swapped, jumping, bad.

Frame by frame the checks of `detect.point_checks` are turned into findings. While one of them holds, the point's
readings take part in nothing else.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twin.detect.point_checks import SENSOR_FAILURES, PointChecks

if TYPE_CHECKING:
    from twin.detect.point_info import PointInfo
    from twin.diagnose.ledger import Ledger

SECOND = 1_000_000_000
BAD_AFTER_NS = 3 * SECOND
SENSOR_BAD_AFTER_NS = 5 * SECOND
"""A gap the device blames on the sensor is told when it ends, or once it has lasted this long."""
DROPOUT_MEMORY_NS = 60 * SECOND
NO_DATA = 0x809B0000
WAITING = 0x80320000
COMMUNICATION = frozenset({0x80050000, 0x800A0000, 0x80310000, 0x80AE0000})
JUMP_OF_SPAN = 0.004
FASTEST_K_S = {"ambient_temperature": 0.005, "water_temperature": 0.004, "temperature": 0.012}
"""Fastest honest change: weather; all the motor's power into a cubic metre of water; friction into a housing."""
RATE_S = 40
SWAPS = 3
ODD_READINGS = 4


@dataclass(slots=True)
class _Watched:
    info: PointInfo
    checks: PointChecks
    tail: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=8))
    gaps: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=16))
    gap_since_ns: int | None = None
    gap_status: int = 0
    minute: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=RATE_S * 3))
    too_fast: int = 0
    odd_since_ns: int = 0
    offset: float = 0.0
    """Sum of the jumps believed to be the sensor's own, SI."""


class SensorMonitor:
    """Watches every scalar point of a rig."""

    def __init__(self, infos: dict[str, PointInfo], ledger: Ledger) -> None:
        self.ledger = ledger
        self._points = {
            name: _Watched(
                info,
                PointChecks(
                    info.low,
                    info.high,
                    info.sigma,
                    info.of_reading,
                    info.wire,
                    info.factor,
                    info.unit_factor,
                    info.offset,
                    enough_repeats=info.repeats if info.sensor else 0,
                ),
            )
            for name, info in sorted(infos.items())
            if not info.waveform
        }

    def add(self, point: str, t_ns: int, value: float | None, status: int, *, calm: bool) -> float | None:
        """Take one reading (None when there is no number); return it if it may be used."""
        watched = self._points[point]
        if value is None:
            watched.checks.add_bad(t_ns, status)
            if watched.gap_since_ns is None:
                watched.gap_since_ns, watched.gap_status = t_ns, status & 0xFFFF0000
            return None
        if watched.gap_since_ns is not None:
            if watched.gap_status in SENSOR_FAILURES or watched.gap_status == NO_DATA:
                watched.gaps.append((watched.gap_since_ns, t_ns))
            watched.gap_since_ns = None
        usable = watched.checks.add(t_ns, value, calm=calm)
        if usable is not None:
            watched.tail.append((t_ns, usable))
            self._jump(watched, t_ns)
            usable -= watched.offset
            watched.minute.append((t_ns, usable))
        return usable

    def judge(self, t_ns: int, *, running: bool, offline: frozenset[str]) -> set[str]:
        """Raise and clear findings at the end of a frame; return the points that must not be used now."""
        unusable: set[str] = set()
        noisy: list[tuple[float, str]] = []
        for name, w in self._points.items():
            c = w.checks
            if w.info.device in offline:
                w.gap_since_ns = None
                continue
            if self._quality(name, w, t_ns):
                unusable.add(name)
            if self._swap(name, w, t_ns) or self._outside(name, w, t_ns):
                unusable.add(name)
            if self._stuck(name, w, t_ns, running=running):
                unusable.add(name)
            self._too_fast(name, w, t_ns)
            if w.info.sensor and c.noisy_windows >= 2:
                noisy.append((c.noise_ratio, name))
            elif c.noisy_windows == 0 and c.noise_ratio < 1.6:
                self.ledger.clear("sensor_noise", name, t_ns, 5 * SECOND)
        self._noise(noisy, t_ns)
        return unusable

    def frozen_out(self, point: str) -> bool:
        """Whether the point is at this moment repeating one value for longer than noise allows."""
        watched = self._points.get(point)
        return (
            watched is not None
            and watched.info.repeats > 0
            and watched.checks.repeats >= min(4, watched.info.repeats // 4 + 1)
        )

    def noise_open(self, point: str) -> bool:
        """Whether the point is known to be noisy."""
        return self.ledger.is_open("sensor_noise", point)

    # --- one check each ---------------------------------------------------------------------------------

    def _quality(self, name: str, w: _Watched, t_ns: int) -> bool:
        blamed = w.gap_status in SENSOR_FAILURES or w.gap_status == NO_DATA
        while w.gaps and w.gaps[0][1] < t_ns - DROPOUT_MEMORY_NS:
            w.gaps.popleft()
        lost_s = sum(min(end, t_ns) - start for start, end in w.gaps) * 1e-9
        if w.gaps and (len(w.gaps) >= 2 or lost_s >= 0.9) and w.info.sensor:
            self.ledger.raise_(
                "sensor_dropout",
                name,
                t_ns,
                onset_ns=w.gaps[0][0],
                evidence={
                    "gaps": len(w.gaps),
                    "lost_s": round(lost_s, 2),
                    "in_last_s": DROPOUT_MEMORY_NS // SECOND,
                    "longest_s": round(max(e - s for s, e in w.gaps) * 1e-9, 2),
                },
            )
        elif not w.gaps and w.gap_since_ns is None:
            self.ledger.clear("sensor_dropout", name, t_ns)
        if w.gap_since_ns is None:
            if not any(w.checks.odd):
                self.ledger.clear("bad_quality", name, t_ns, 3 * SECOND)
            return False
        silent = t_ns - w.gap_since_ns
        intermittent = blamed and w.info.sensor
        if w.gap_status != WAITING and silent >= (SENSOR_BAD_AFTER_NS if intermittent else BAD_AFTER_NS):
            self.ledger.raise_(
                "sensor_dropout" if intermittent else "bad_quality",
                name,
                t_ns,
                onset_ns=w.gap_since_ns,
                evidence={"status": f"0x{w.checks.quality:08X}", "silent_s": round(silent * 1e-9, 2)},
            )
        return True

    def _swap(self, name: str, w: _Watched, t_ns: int) -> bool:
        c = w.checks
        if c.swapped >= SWAPS:
            raw, decoded = c.swap_example
            self.ledger.raise_(
                "word_swap",
                name,
                t_ns,
                onset_ns=c.swap_since_ns,
                evidence={
                    "received": raw,
                    "with_words_exchanged": decoded,
                    "typical": sorted(c.recent)[len(c.recent) // 2],
                },
            )
            return True
        if c.swapped == 0:
            self.ledger.clear("word_swap", name, t_ns, 2 * SECOND)
        return False

    def _outside(self, name: str, w: _Watched, t_ns: int) -> bool:
        """Judge impossible readings: always the same one is saturation, all over the place is bad."""
        c = w.checks
        if sum(c.odd) >= ODD_READINGS:
            fault = "sensor_saturation" if c.implausible >= ODD_READINGS and c.repeats_wild else "bad_quality"
            other = "bad_quality" if fault == "sensor_saturation" else "sensor_saturation"
            if not self.ledger.is_open(other, name):
                self.ledger.raise_(
                    fault,
                    name,
                    t_ns,
                    onset_ns=w.odd_since_ns or t_ns,
                    evidence={
                        "range": [w.info.low, w.info.high],
                        "impossible_readings": sum(c.odd),
                        "of_last": len(c.odd),
                    },
                )
            return True
        if not any(c.odd):
            w.odd_since_ns = 0
        elif not w.odd_since_ns:
            w.odd_since_ns = t_ns
        return sum(c.odd) > 0

    def _stuck(self, name: str, w: _Watched, t_ns: int, *, running: bool) -> bool:
        c = w.checks
        if not running or not c.sticks() or c.last is None:
            if c.repeats < 2:
                for fault in ("sensor_stuck", "sensor_saturation"):
                    self.ledger.clear(fault, name, t_ns, 2 * SECOND)
            return False
        held = c.last.value
        if held - w.info.low < 0.005 * w.info.span and w.info.low >= 0.0:
            return False  # a quantity that is simply zero
        jump = held - c.before_repeat
        at_end = held >= w.info.high - 1e-6 * w.info.span
        clipped = at_end or abs(jump) > max(8.0 * w.info.sigma, 0.004 * w.info.span)
        evidence = {
            "value": held,
            "repeats": c.repeats,
            "since_s": round((t_ns - c.repeat_since_ns) * 1e-9, 2),
            "noise_sigma_expected": w.info.sigma,
            "jump_at_start": jump,
        }
        fault = "sensor_saturation" if clipped else "sensor_stuck"
        other = "sensor_stuck" if clipped else "sensor_saturation"
        if not self.ledger.is_open(other, name):
            self.ledger.raise_(fault, name, t_ns, onset_ns=c.repeat_since_ns, evidence=evidence)
        return True

    def _too_fast(self, name: str, w: _Watched, t_ns: int) -> None:
        """Call a sensor drifting when a slow quantity moves faster than its physics allows."""
        limit = FASTEST_K_S.get(w.info.quantity)
        if limit is None or not w.info.slow:
            return
        rows = [(t, v) for t, v in w.minute if t > t_ns - RATE_S * SECOND]
        edge = len(rows) // 4
        if edge < 5 or rows[-1][0] - rows[0][0] < 0.9 * RATE_S * SECOND:
            return
        old, new = rows[:edge], rows[-edge:]
        dt_s = 1e-9 * (sum(t for t, _ in new) - sum(t for t, _ in old)) / edge
        rate = (sum(v for _, v in new) - sum(v for _, v in old)) / edge / dt_s
        w.too_fast = w.too_fast + 1 if abs(rate) > limit else 0
        if w.too_fast >= 5:
            self.ledger.raise_(
                "sensor_drift",
                name,
                t_ns,
                onset_ns=rows[0][0],
                confidence=0.8,
                evidence={
                    "rate_k_per_s": round(rate, 5),
                    "fastest_honest_k_per_s": limit,
                    "drift_span_per_minute": 60.0 * rate / w.info.span,
                },
            )
        elif abs(rate) < 0.5 * limit:
            self.ledger.clear("sensor_drift", name, t_ns, 30 * SECOND)

    def _noise(self, noisy: list[tuple[float, str]], t_ns: int) -> None:
        if not noisy:
            return
        worst = max(noisy)[0]
        for ratio, name in noisy:
            # A noisy sensor inside a control loop shakes its neighbours: only the loudest are to blame.
            if ratio < 0.6 * worst and not self.ledger.is_open("sensor_noise", name):
                continue
            c = self._points[name].checks
            self.ledger.raise_(
                "sensor_noise",
                name,
                t_ns,
                onset_ns=c.noise_since_ns,
                severity=min(1.0, max(0.0, (ratio - 1.0) / 9.0)),
                evidence={
                    "sigma_ratio": round(ratio, 2),
                    "healthy_sigma": math.sqrt(c.healthy_variance),
                    "sigma_expected": self._points[name].info.sigma,
                },
            )

    def _jump(self, w: _Watched, t_ns: int) -> None:
        """Catch steps of sensors too slow to step: two readings before against two after."""
        if not w.info.slow or len(w.tail) < 5 or w.checks.repeats > 0:
            return
        rows = list(w.tail)[-5:]
        if rows[-1][0] - rows[0][0] > 7 * SECOND:
            return
        before = 0.5 * (rows[0][1] + rows[1][1])
        after = 0.5 * (rows[3][1] + rows[4][1])
        size = after - before
        # The slowest honest change of a lagged element still moves between the outer readings.
        inside = abs(rows[1][1] - rows[0][1]) + abs(rows[4][1] - rows[3][1])
        if abs(size) < max(JUMP_OF_SPAN * w.info.span, 12.0 * w.info.sigma) or inside > 0.3 * abs(size):
            return
        w.tail.clear()
        w.offset += size
        onset = rows[2][0]
        if abs(w.offset) < max(0.5 * JUMP_OF_SPAN * w.info.span, 3.0 * w.info.accuracy):
            w.offset = 0.0
            self.ledger.clear("sensor_bias", w.info.id, t_ns)
            return
        self.ledger.raise_(
            "sensor_bias",
            w.info.id,
            t_ns,
            onset_ns=onset,
            severity=min(1.0, abs(w.offset) / (0.05 * w.info.span)),
            evidence={
                "jump": size,
                "deviation_of_span": w.offset / w.info.span,
                "within_s": (rows[4][0] - rows[0][0]) * 1e-9,
                "reason": "the element lags too much for an honest step",
            },
        )
