"""Heat balance of the motor: two observers, each driven by the other's sensor.

The frame observer takes the measured winding temperature and the expected losses; the winding observer takes the
measured frame temperature. A blocked fan warms the frame more than its losses explain and leaves the winding-to-frame
balance alone; a drifting frame sensor breaks both; a drifting winding sensor breaks the winding balance first.
Commissioning learns one factor on the heat of each node, within ±30 %, and keeps it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.diagnose.ledger import Ledger
    from twin.models.thermal import ThermalConstants

SECOND = 1_000_000_000
FORGET_S = 900.0
NOISE_K = 0.08
KNOWN_SHARE, UNKNOWN_SHARE = 0.03, 0.10
"""σ of the heat balance as a share of losses: at the commissioned operating point, and elsewhere."""
ALARM_SIGMA, CLEAR_SIGMA = 4.5, 2.0
SETTLE_SIGMA = 4.0
HOLD_FRAMES = 5
FAN_SHARE = 0.6
"""Conductance a fully blocked fan takes away, as a share (the rest is natural convection and radiation)."""


@dataclass(slots=True)
class Node:
    """One observed temperature: estimate, heat factor, doubt."""

    estimate: float = math.nan
    factor: float = 1.0
    doubt_k: float = 0.0
    over: int = 0
    since_ns: int = 0


class ThermalMonitor:
    """Watches winding and frame.

    Parameters
    ----------
    constants
        Thermal constants of the motor.
    rated_rad_s
        Rated speed, for the fan law.
    commission_s
        Time of steady running in which the heat factors are learned.
    """

    def __init__(
        self,
        constants: ThermalConstants,
        rated_rad_s: float,
        commission_s: float,
        motor_id: str,
        points: dict[str, str],
        ledger: Ledger,
    ) -> None:
        self.constants = constants
        self.rated_rad_s = rated_rad_s
        self.commission_s = commission_s
        self.motor_id, self.points, self.ledger = motor_id, points, ledger
        self.frame, self.winding = Node(), Node()
        self._learned_s = 0.0
        self._heat = (0.0, 0.0)
        self._known_point: tuple[float, float] | None = None
        self._errors: deque[tuple[int, float, float]] = deque(maxlen=90)
        self._kept: dict[str, float] = {}
        self._echo = 0.0
        self.active: tuple[str, str] | None = None

    def update(
        self,
        t_ns: int,
        dt_s: float,
        values: dict[str, float],
        losses: tuple[float, float] | None,
        *,
        steady: bool,
        learn: bool,
    ) -> None:
        """Take one frame: role → SI value; expected (winding, frame) losses [W], None at standstill or unknown."""
        blind = "t_winding" not in values or "t_frame" not in values
        t_w = values.get("t_winding", self.winding.estimate)
        t_f = values.get("t_frame", self.frame.estimate)
        t_a = self._hold(values, "t_ambient")
        if math.isnan(t_w) or math.isnan(t_f) or math.isnan(t_a):
            return
        c = self.constants
        speed = self._hold(values, "speed")
        ratio = (speed if not math.isnan(speed) else 0.0) / self.rated_rad_s
        if losses is not None:
            self._heat = losses
        elif not ratio > 0.02:
            self._heat = (0.0, 0.0)
        winding_w, frame_w = self._heat
        if math.isnan(self.frame.estimate):
            self.frame.estimate, self.winding.estimate = t_f, t_w
            return
        conductance = c.frame_air(ratio)
        total = winding_w + frame_w
        f, w = self.frame, self.winding
        gain_f = c.winding_frame_w_k * (t_w - f.estimate) + f.factor * frame_w + (f.factor - 1.0) * winding_w
        f.estimate += dt_s * ((gain_f - conductance * (f.estimate - t_a)) / c.frame_j_k + (t_f - f.estimate) / FORGET_S)
        gain_w = w.factor * winding_w - c.winding_frame_w_k * (w.estimate - t_f)
        w.estimate += dt_s * (gain_w / c.winding_j_k + (t_w - w.estimate) / FORGET_S)
        error_f, error_w = t_f - f.estimate, t_w - w.estimate
        if learn and steady and not blind and self._learned_s < self.commission_s and total > 50.0:
            self._commission(dt_s, error_f, error_w, total, winding_w, ratio)
            f.estimate += 0.2 * error_f
            w.estimate += 0.2 * error_w
            return
        if self._learned_s < self.commission_s:
            f.estimate += 0.1 * error_f
            w.estimate += 0.1 * error_w
            return
        share = self._share(ratio, total)
        f.doubt_k += dt_s * (share * max(total, 60.0) / c.frame_j_k - f.doubt_k / FORGET_S)
        w.doubt_k += dt_s * (
            share * max(winding_w, 60.0) / c.winding_j_k - w.doubt_k * (c.winding_frame_w_k / c.winding_j_k)
        )
        self._echo += dt_s * (error_f - self._echo) * c.winding_frame_w_k / c.winding_j_k
        if blind:
            f.over = w.over = 0
            return
        self._errors.append((t_ns, error_f, error_w))
        self._judge(t_ns, error_f, error_w, conductance * (t_f - t_a))

    def _commission(
        self, dt_s: float, error_f: float, error_w: float, total: float, winding_w: float, ratio: float
    ) -> None:
        # Integral action on the heat factors; gains place both poles of each loop near 1/(10 s).
        c = self.constants
        self.frame.factor += 0.01 * dt_s * error_f * c.frame_j_k / total
        self.winding.factor += 0.01 * dt_s * error_w * c.winding_j_k / max(50.0, winding_w)
        self.frame.factor = min(1.3, max(0.7, self.frame.factor))
        self.winding.factor = min(1.3, max(0.7, self.winding.factor))
        self._learned_s += dt_s
        self._known_point = (ratio, total)

    def _share(self, ratio: float, total: float) -> float:
        if self._known_point is None:
            return UNKNOWN_SHARE
        away = max(abs(ratio - self._known_point[0]), abs(total / self._known_point[1] - 1.0))
        return KNOWN_SHARE + (UNKNOWN_SHARE - KNOWN_SHARE) * min(1.0, away / 0.25)

    def _judge(self, t_ns: int, error_f: float, error_w: float, cooling_w: float) -> None:
        sigma_f = math.hypot(NOISE_K, self.frame.doubt_k)
        sigma_w = math.hypot(NOISE_K, self.winding.doubt_k)
        z_f, z_w = error_f / sigma_f, error_w / sigma_w
        for node, z in ((self.frame, z_f), (self.winding, z_w)):
            if abs(z) > ALARM_SIGMA:
                node.over += 1
            elif abs(z) < CLEAR_SIGMA:
                node.over = 0
                node.since_ns = t_ns
        if self.active is not None:
            if abs(z_f) < CLEAR_SIGMA and abs(z_w) < CLEAR_SIGMA:
                self.ledger.clear(*self.active, t_ns, 20 * SECOND)
                if not self.ledger.is_open(*self.active):
                    self.active = None
            elif (
                self.active[0] == "motor_fan_blocked" and z_w < -3.0 and abs(error_w + self._echo) < 0.5 * abs(error_w)
            ):
                # The winding balance broke as well, just as a false frame reading would break it.
                self.ledger.clear(*self.active, t_ns)
                self._declare(
                    "sensor_drift",
                    self.points["t_frame"],
                    t_ns,
                    None,
                    {"winding_in_sigma": round(z_w, 2)},
                    (),
                )
            elif (
                self.active[0] == "motor_fan_blocked" and abs(z_w) < CLEAR_SIGMA and self._echo > SETTLE_SIGMA * sigma_w
            ):
                # A false frame reading would by now have pulled the expected winding away from the measured one.
                settled = {"winding_would_differ_k": round(self._echo, 3), "winding_differs_k": round(error_w, 3)}
                self.ledger.settle(*self.active, confidence=0.95, evidence=settled)
            return
        evidence = {
            "frame_above_expected_k": round(error_f, 3),
            "winding_above_expected_k": round(error_w, 3),
            "frame_in_sigma": round(z_f, 2),
            "winding_in_sigma": round(z_w, 2),
        }
        if self.frame.over >= HOLD_FRAMES:
            rate = self._rate(1)
            fastest = FAN_SHARE * cooling_w / self.constants.frame_j_k
            evidence |= {"frame_rate_k_s": round(rate, 5), "blocked_fan_could_k_s": round(fastest, 5)}
            as_sensor = abs(error_w + self._echo)
            if error_f > 0.0 and rate <= 1.25 * fastest and abs(error_w) <= max(3.0 * sigma_w, as_sensor):
                severity = min(1.0, max(0.1, rate / (0.8 * fastest))) if fastest > 0.0 else None
                sensor = f"sensor_drift@{self.points['t_frame']}"
                doubtful = as_sensor < 2.0 * sigma_w and rate > 0.7 * fastest
                self._declare(
                    "motor_fan_blocked",
                    self.motor_id,
                    t_ns,
                    severity,
                    evidence,
                    (sensor,) if doubtful else (),
                )
            else:
                self._declare("sensor_drift", self.points["t_frame"], t_ns, None, evidence, ())
        elif self.winding.over >= HOLD_FRAMES and abs(z_f) < ALARM_SIGMA:
            self._declare("sensor_drift", self.points["t_winding"], t_ns, None, evidence, (f"unknown@{self.motor_id}",))

    def _declare(
        self,
        fault: str,
        on: str,
        t_ns: int,
        severity: float | None,
        evidence: dict[str, float],
        rivals: tuple[str, ...],
    ) -> None:
        node = self.winding if on == self.points["t_winding"] else self.frame
        self.active = (fault, on)
        self.ledger.raise_(
            fault,
            on,
            t_ns,
            onset_ns=node.since_ns or None,
            severity=severity,
            confidence=0.6 if rivals else 0.9,
            evidence=dict(evidence),
            ambiguous=rivals,
        )

    def _rate(self, column: int) -> float:
        """Growth of an error over the last half minute [K/s], least squares."""
        rows = list(self._errors)[-30:]
        if len(rows) < 5:
            return 0.0
        t = [1e-9 * (row[0] - rows[0][0]) for row in rows]
        e = [row[column] for row in rows]
        mean_t, mean_e = sum(t) / len(t), sum(e) / len(e)
        return sum((x - mean_t) * (y - mean_e) for x, y in zip(t, e, strict=True)) / sum((x - mean_t) ** 2 for x in t)

    def _hold(self, values: dict[str, float], role: str) -> float:
        value = values.get(role, math.nan)
        if not math.isnan(value):
            self._kept[role] = value
        return self._kept.get(role, math.nan)
