"""Relations watched over time: which are broken, since when, and what breaks them.

Frame by frame (one per second of source time, steady states only): residuals of the skid's relations, less
the commissioned offset, whitened, into a CUSUM bank (k=1, h=9: 1.7e8 healthy steps, five years, between alarms on a
channel; five steps to a 3σ change). An alarm starts a diagnosis on the mean of the newest frames.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.detect.baseline import Baseline
from twin.detect.charts import CusumBank, Whitener
from twin.diagnose.causes import Causes
from twin.diagnose.isolate import Explanation, Hypothesis, Isolation, explain, isolate
from twin.diagnose.shape import Shape, classify
from twin.diagnose.tolerances import REST_OF_CLASS, REST_OF_MODEL, model_tolerances
from twin.models.skid import NEEDS, UNITS, SkidModel, roles_of

if TYPE_CHECKING:
    from rigs.schema import Rig
    from twin.diagnose.ledger import Ledger

Floats = NDArray[np.float64]
SECOND = 1_000_000_000

CUSUM_K, CUSUM_H = 1.0, 9.0
MEAN_FRAMES = 5
LEAST_FRAMES = 8
DOUBT_FRAMES = 25
CLEAR_FRAMES = 12
CHANGE_OF_MIND = 8.0
NAMED_SIGMA = 3.0
"""The loudest relation must stand this far out before anything is said."""
HISTORY = 1200


@dataclass(slots=True)
class Frame:
    """One steady frame as kept for diagnosis."""

    t_ns: int
    values: dict[str, float]
    residual: Floats
    sigma: Floats


class ProcessMonitor:
    """Watches the relations of one skid.

    Parameters
    ----------
    rig
        The twin's view of the rig.
    ledger
        Where findings go.
    ranges, noise, accuracy
        Per role: (low, high), σ of one reading, class limit, all SI; roles without a sensor are absent.
    """

    def __init__(
        self,
        rig: Rig,
        ledger: Ledger,
        ranges: dict[str, tuple[float, float]],
        noise: dict[str, float],
        accuracy: dict[str, float],
    ) -> None:
        self.model = SkidModel(rig)
        self.roles = roles_of(rig)
        self.names = self.model.names(self.roles)
        self.ledger = ledger
        self.sensors = tuple(sorted(role for role in noise if any(role in NEEDS[name] for name in self.names)))
        self.spans = {role: high - low for role, (low, high) in ranges.items()}
        self.noise, self.accuracy = noise, accuracy
        self.causes = Causes(self.model, self.names, self.roles, self.sensors, self.spans, accuracy)
        table = model_tolerances(rig, self.model, self.spans)
        m = len(self.names)
        self._spans = np.array([table[name][0] for name in self.names])
        self._model = np.array([table[name][1] for name in self.names])
        self.baseline: Baseline | None = None
        self.frames_first = max(5, round(rig.twin.baseline))
        self.charts = CusumBank(m, CUSUM_K, CUSUM_H)
        self.whitener = Whitener(m)
        self.frames: deque[Frame] = deque(maxlen=HISTORY)
        self.active: dict[str, tuple[str, str]] = {}
        """Hypotheses now believed: name → (fault, on)."""
        self.unknown: tuple[str, str] | None = None
        self._commissioning: list[Floats] = []
        self._rest = np.zeros(m)
        self._noise = np.zeros(m)
        self.context: dict[str, Any] = {}
        """Evidence from elsewhere that belongs to hydraulic findings (high-frequency noise of the housings)."""
        self._suspicion = 0
        self._slow: dict[str, float] = {}
        self._quiet: dict[str, int] = {}
        self._rated = (
            (self.model.pump.speed_rad_s, self.model.pump.flow_m3_s) if self.model.pump is not None else (150.0, 0.02)
        )

    # --- one frame --------------------------------------------------------------------------------------

    def update(self, t_ns: int, values: dict[str, float], *, learn: bool = True) -> None:
        """Take one steady frame: role → SI value, NaN or absent where there is no believable reading.

        `learn` is False while something else (vibration, devices) is known to be wrong.
        """
        if not self.names:
            return
        speed = values.get("speed", math.nan) / self._rated[0]
        flow = values.get("flow", math.nan) / self._rated[1]
        if self.model.level_m is None and not math.isnan(values.get("level", math.nan)):
            self.model.level_m = values["level"]
        if self.model.dc_link_v is None and values.get("dc_link", math.nan) == values.get("dc_link", math.nan):
            self.model.dc_link_v = values["dc_link"]
        for role in ("t_winding", "t_water"):
            # Slow corrections: their last believable reading serves while the sensor does not.
            if not math.isnan(values.get(role, math.nan)):
                self._slow[role] = values[role]
        values = values | self._slow
        raw = np.array(self.model.residuals(values, self.names))
        if self.baseline is None:
            self._begin(values)
        assert self.baseline is not None
        expected, doubt = self.baseline.predict(
            speed if not math.isnan(speed) else 1.0, flow if not math.isnan(flow) else 0.95
        )
        sigma = np.sqrt(doubt**2 + self._rest**2 + self._noise**2)
        residual = raw - expected
        unexplained = self._unexplained(values, residual, sigma)
        z = self.whitener.update(unexplained) / sigma
        fresh = np.isnan(z) & ~np.isnan(unexplained)
        z = np.where(fresh, unexplained / sigma, z)
        alarm = self.charts.update(np.clip(z, -6.0, 6.0))
        if learn and not math.isnan(flow) and not math.isnan(speed) and self._may_learn(residual / sigma, speed, flow):
            self.baseline.learn(raw, speed, flow)
            self._commissioning.append(raw)
            if self.baseline.commissioned and len(self._commissioning) == self.frames_first:
                history = np.array(self._commissioning)
                self.whitener.learn(history)
                spread = np.nanstd(np.diff(history, axis=0), axis=0) / math.sqrt(2.0)
                self._noise = np.maximum(self._noise, np.nan_to_num(spread))
                self.charts.reset()
                return
        self.frames.append(Frame(t_ns, dict(values), residual, sigma))
        if self.active or self.unknown:
            self._follow(t_ns)
        if bool(alarm.any()):
            self._suspicion += 1
            self._diagnose(t_ns, alarm)
        else:
            self._suspicion = 0

    def interrupted(self) -> None:
        """Say that frames were left out (transient, standstill): the next innovation has no predecessor."""
        self.whitener.last[:] = np.nan

    def _begin(self, values: dict[str, float]) -> None:
        slopes = self.causes.slopes(values)
        noise = np.array([self.noise[role] for role in self.sensors])
        limit = np.array([self.accuracy[role] for role in self.sensors])
        class_sigma = np.sqrt(np.nansum((slopes * limit) ** 2, axis=1) / 3.0)
        self._noise = np.sqrt(np.nansum((slopes * noise) ** 2, axis=1))
        self._rest = REST_OF_CLASS * class_sigma + REST_OF_MODEL * self._model
        tolerance = np.sqrt(class_sigma**2 + self._model**2)
        self.baseline = Baseline(self._spans, tolerance, self._noise, self.frames_first)

    def _may_learn(self, z: Floats, speed: float, flow: float) -> bool:
        assert self.baseline is not None
        if self.active or self.unknown or not self.baseline.open_for(speed, flow):
            return False
        worst = float(np.nanmax(np.abs(z))) if np.any(~np.isnan(z)) else math.inf
        busy = float(max(self.charts.high.max(), self.charts.low.max()))
        return worst < 4.0 and busy < CUSUM_H

    # --- diagnosis --------------------------------------------------------------------------------------

    def _window(self, frames: int = MEAN_FRAMES) -> tuple[dict[str, float], Floats, Floats]:
        """Mean values, residuals and σ of the newest frames."""
        newest = list(self.frames)[-frames:]
        roles = sorted({role for frame in newest for role in frame.values})
        values = {}
        for role in roles:
            seen = [f.values[role] for f in newest if role in f.values and not math.isnan(f.values[role])]
            values[role] = sum(seen) / len(seen) if seen else math.nan
        stack = np.stack([frame.residual for frame in newest])
        count = np.maximum(1, (~np.isnan(stack)).sum(axis=0))
        mean = np.where(np.isnan(stack).all(axis=0), np.nan, np.nansum(stack, axis=0) / count)
        return values, mean, newest[-1].sigma

    def _diagnose(self, t_ns: int, alarm: NDArray[np.bool_]) -> None:
        if len(self.frames) < LEAST_FRAMES or self._suspicion < LEAST_FRAMES:
            return
        values, r, sigma = self._window()
        hypotheses = self.causes.hypotheses(values, r, sigma)
        outcome = isolate(r, sigma, hypotheses)
        if self.active:
            kept = isolate(r, sigma, hypotheses, tuple(sorted(self.active)))
            # What was said stands unless something else explains everything distinctly better.
            if kept.best is not None and (outcome.best is None or kept.best.cost < outcome.best.cost + CHANGE_OF_MIND):
                outcome = kept
        waited = self._suspicion >= DOUBT_FRAMES
        if outcome.best is not None and not self._worth_naming(outcome.best, hypotheses, sigma):
            return
        if outcome.best is None:
            loud = float(np.nanmax(np.abs(r / sigma))) >= NAMED_SIGMA
            if waited and loud and self.unknown is None:
                self._declare_unknown(t_ns, values, r, sigma, hypotheses)
            return
        if outcome.rivals and not waited:
            return
        by_name = {h.name: h for h in hypotheses}
        for name in outcome.best.names:
            if name not in self.active:
                self._declare(name, t_ns, outcome, by_name, r, sigma)
        for name in sorted(set(self.active) - set(outcome.best.names)):
            self._drop(name, t_ns)
        if self.unknown is not None:
            self.ledger.clear(*self.unknown, t_ns)
            self.unknown = None
        self.charts.reset()
        self._suspicion = 0

    def _worth_naming(self, best: Explanation, hypotheses: tuple[Hypothesis, ...], sigma: Floats) -> bool:
        """Whether every new fault of an explanation is large enough to be named, in its own unit and in σ."""
        by_name = {h.name: h for h in hypotheses}
        for name, amplitude in zip(best.names, best.amplitudes, strict=True):
            h = by_name[name]
            loudest = abs(amplitude) * float(np.nanmax(np.abs(h.direction) / sigma))
            if name not in self.active and (abs(amplitude) < h.minimum or loudest < NAMED_SIGMA):
                return False
        return True

    def _unexplained(self, values: dict[str, float], residual: Floats, sigma: Floats) -> Floats:
        """Residual less what the faults already known account for, so that the charts watch for the next one."""
        if not self.active:
            return residual
        known = tuple(h for h in self.causes.hypotheses(values, residual, sigma) if h.name in self.active)
        fit = explain(residual, sigma, known)
        rest = residual.copy()
        for h, amplitude in zip(known, fit.amplitudes, strict=True):
            rest -= amplitude * h.direction
        return rest

    def _declare(
        self,
        name: str,
        t_ns: int,
        outcome: Isolation,
        by_name: dict[str, Hypothesis],
        r: Floats,
        sigma: Floats,
    ) -> None:
        best = outcome.best
        assert best is not None
        amplitude = best.amplitudes[best.names.index(name)]
        evidence = self._evidence(r, sigma, best)
        shape = self._shape(by_name[name], [by_name[other] for other in best.names if other != name])
        onset_ns = self.frames[shape[1]].t_ns if shape is not None else t_ns - self._suspicion * SECOND
        severity = self._severity(name, amplitude)
        if name in self.sensors:
            fault, on = "sensor_bias", self.roles[name]
            span = self.spans[name]
            evidence["deviation_of_span"] = amplitude / span
            if shape is not None:
                kind = shape[0].kind
                fault = "sensor_drift" if kind == "drift" else "sensor_bias"
                evidence["shape"] = {"kind": kind, "better_by": min(1e6, shape[0].gain)}
                if kind == "drift":
                    evidence["drift_span_per_minute"] = 60.0 * shape[0].rate / span
            if self._stands_still(name, amplitude):
                fault = "sensor_stuck"
        elif name == "impeller_wear":
            fault, on = name, self.model.pump_id or "pump"
        elif name == "suction_clogging":
            fault, on = name, self.model.pump_id or "pump"
            evidence["added_resistance_s2_m5"] = amplitude
            evidence["npsh_margin"] = self.model.margin_of(self.frames[-1].values)
            evidence |= self.context
        else:
            fault, on = "unknown", self.causes.part(name)
            evidence["points_at"] = name.partition(":")[2]
        evidence["amplitude"] = amplitude
        rivals = tuple(sorted({self.causes.label(n) for e in outcome.rivals for n in e.names if n not in best.names}))
        self.active[name] = (fault, on)
        self._quiet[name] = 0
        self.ledger.raise_(
            fault,
            on,
            t_ns,
            onset_ns=onset_ns,
            severity=severity,
            confidence=outcome.share,
            evidence=evidence,
            ambiguous=rivals,
        )

    def _declare_unknown(
        self,
        t_ns: int,
        values: dict[str, float],
        r: Floats,
        sigma: Floats,
        hypotheses: tuple[Hypothesis, ...],
    ) -> None:
        fits = sorted((explain(r, sigma, (h,)) for h in hypotheses if np.any(h.direction)), key=lambda e: e.cost)
        near = tuple(self.causes.label(e.names[0]) for e in fits[:3])
        on = self.model.pump_id or self.model.motor_id or "plant"
        self.unknown = ("unknown", on)
        self.ledger.raise_(
            "unknown",
            on,
            t_ns,
            onset_ns=t_ns - self._suspicion * SECOND,
            confidence=0.5,
            evidence=self._evidence(r, sigma, fits[0] if fits else None),
            ambiguous=near,
        )

    def _follow(self, t_ns: int) -> None:
        """Refit what is believed; let go of what is no longer there."""
        values, r, sigma = self._window()
        known = tuple(h for h in self.causes.hypotheses(values, r, sigma) if h.name in self.active)
        if known:
            fitted = explain(r, sigma, known)
            for h, amplitude in zip(known, fitted.amplitudes, strict=True):
                z = abs(amplitude) * float(np.nanmax(np.abs(h.direction) / sigma))
                gone = abs(amplitude) < max(h.minimum, 0.0) or z < 2.0
                self._quiet[h.name] = self._quiet.get(h.name, 0) + 1 if gone else 0
                if not gone and h.name in self.active:
                    self.ledger.raise_(*self.active[h.name], t_ns, severity=self._severity(h.name, amplitude))
                if self._quiet[h.name] >= CLEAR_FRAMES:
                    self._drop(h.name, t_ns)
        if self.unknown is not None and float(np.nanmax(np.abs(r / sigma))) < 2.0:
            self._quiet["unknown"] = self._quiet.get("unknown", 0) + 1
            if self._quiet["unknown"] >= CLEAR_FRAMES:
                self.ledger.clear(*self.unknown, t_ns)
                self.unknown = None
        else:
            self._quiet["unknown"] = 0

    def _drop(self, name: str, t_ns: int) -> None:
        fault, on = self.active.pop(name)
        self.ledger.clear(fault, on, t_ns)
        self.charts.reset()

    # --- reasons ----------------------------------------------------------------------------------------

    def _shape(self, h: Hypothesis, others: list[Hypothesis]) -> tuple[Shape, int] | None:
        """Project the history on this hypothesis (beside the others) and see how it grew."""
        chosen = (h, *others)
        past = list(self.frames)[-400:]
        first = len(self.frames) - len(past)
        amplitude = np.full(len(past), np.nan)
        for i, frame in enumerate(past):
            seen = ~np.isnan(frame.residual)
            if np.any(h.direction[seen]):
                amplitude[i] = explain(frame.residual, frame.sigma, chosen).amplitudes[0]
        kept = np.flatnonzero(~np.isnan(amplitude))
        if kept.shape[0] < LEAST_FRAMES:
            return None
        t = np.array([past[i].t_ns for i in kept], dtype=np.float64) * 1e-9
        shape = classify(t - t[0], amplitude[kept])
        return None if shape is None else (shape, first + int(kept[shape.onset]))

    def _stands_still(self, role: str, amplitude: float) -> bool:
        """Whether the reading stays put while the rest of the machine says that the quantity moved."""
        since = [f for f in list(self.frames)[-60:] if role in f.values and not math.isnan(f.values[role])]
        if len(since) < LEAST_FRAMES:
            return False
        read = np.array([f.values[role] for f in since])
        true = np.empty(len(since))
        for i, frame in enumerate(since):
            direction = self.causes.secant(role, frame.values, amplitude or 0.01 * self.spans[role])
            if not np.any(direction):
                return False
            true[i] = (
                frame.values[role]
                - explain(frame.residual, frame.sigma, (Hypothesis(role, direction, -math.inf, math.inf),)).amplitudes[
                    0
                ]
            )
        half = len(since) // 2
        moved = abs(float(true[half:].mean() - true[:half].mean()))
        stayed = abs(float(read[half:].mean() - read[:half].mean()))
        return moved > 0.03 * self.spans[role] and stayed < 0.1 * moved

    def _severity(self, name: str, amplitude: float) -> float | None:
        """0..1 on the fault's own scale: 5 % of span for a sensor, functional failure for a machine."""
        if name in self.sensors:
            return min(1.0, abs(amplitude) / (0.05 * self.spans[name]))
        if name == "impeller_wear":
            return min(1.0, amplitude)
        if name == "suction_clogging":
            return self.model.clog_severity(self.frames[-1].values, amplitude)
        return None

    def _evidence(self, r: Floats, sigma: Floats, fit: Explanation | None) -> dict[str, Any]:
        rows = {
            name: {
                "residual": round(float(r[i]), 6),
                "sigma": round(float(sigma[i]), 6),
                "in_sigma": round(float(r[i] / sigma[i]), 2),
                "unit": UNITS[name],
            }
            for i, name in enumerate(self.names)
            if not np.isnan(r[i])
        }
        broken = [name for i, name in enumerate(self.names) if name in rows and abs(r[i] / sigma[i]) >= NAMED_SIGMA]
        evidence: dict[str, Any] = {
            "residuals": rows,
            "broken": broken,
            "intact": [n for n in rows if n not in broken],
        }
        if fit is not None:
            evidence["chi2_left"] = round(fit.rest, 2)
            evidence["degrees"] = fit.freedom
        return evidence

    def scores(self) -> dict[str, float]:
        """Newest residual of each relation in σ (for screens and asset conditions)."""
        if not self.frames:
            return {}
        newest = self.frames[-1]
        z = newest.residual / newest.sigma
        return {name: float(z[i]) for i, name in enumerate(self.names) if not np.isnan(z[i])}
