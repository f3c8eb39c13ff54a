"""Every fault this room can tell from another, as directions in residual space.

Directions come from finite differences of the twin's own models at the present operating point. Sensor faults and wear
bend with size, so theirs are secants at the amplitude that fits best.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.diagnose.isolate import Hypothesis, explain
from twin.models.skid import Deviation, SkidModel

Floats = NDArray[np.float64]


class Causes:
    """Hypotheses about one skid.

    Parameters
    ----------
    model, names, roles
        The skid's expectations, the relations in use, role → point id.
    sensors
        Roles whose sensor may lie.
    spans, accuracy
        Per role: measuring span and class limit, SI.
    """

    def __init__(
        self,
        model: SkidModel,
        names: tuple[str, ...],
        roles: dict[str, str],
        sensors: tuple[str, ...],
        spans: dict[str, float],
        accuracy: dict[str, float],
    ) -> None:
        self.model, self.names, self.roles = model, names, roles
        self.sensors, self.spans, self.accuracy = sensors, spans, accuracy

    def slopes(self, values: dict[str, float]) -> Floats:
        """Finite-difference Jacobian ∂residual/∂reading, float64[m, sensors]."""
        return np.stack([self.secant(role, values, 0.004 * self.spans[role]) for role in self.sensors], axis=1)

    def secant(self, role: str, values: dict[str, float], amplitude: float) -> Floats:
        """Residual change per unit of a bias of `amplitude` in this reading, were the rest of it true."""
        if role not in values or math.isnan(values[role]):
            return np.zeros(len(self.names))
        true = dict(values)
        true[role] = values[role] - amplitude
        change = np.array(self.model.residuals(values, self.names)) - np.array(self.model.residuals(true, self.names))
        secant: Floats = np.nan_to_num(change / amplitude)
        return secant

    def hypotheses(self, values: dict[str, float], r: Floats, sigma: Floats) -> tuple[Hypothesis, ...]:
        """All faults this room knows how to tell apart, with directions re-linearised at their best amplitude."""
        made: list[Hypothesis] = []
        for role in self.sensors:
            span = self.spans[role]
            amplitude = 0.01 * span
            direction = self.secant(role, values, amplitude)
            for _ in range(3):
                h = Hypothesis(
                    role,
                    direction,
                    -0.8 * span,
                    0.8 * span,
                    0.0,
                    max(0.004 * span, 0.5 * self.accuracy[role]),
                )
                if not np.any(direction):
                    break
                fitted = explain(r, sigma, (h,)).amplitudes[0]
                if abs(fitted) > 1e-4 * span:
                    direction = self.secant(role, values, fitted)
            made.append(Hypothesis(role, direction, h.low, h.high, h.prior, h.minimum))
        zero = np.array(self.model.residuals(values, self.names))
        if self.model.pump is not None:
            wear = 0.2
            for _ in range(3):
                worn = np.array(self.model.residuals(values, self.names, Deviation(wear=wear)))
                direction = np.nan_to_num(zero - worn) / wear
                wear = min(1.2, max(0.05, explain(r, sigma, (Hypothesis("w", direction, 0.0, 1.3),)).amplitudes[0]))
            made.append(Hypothesis("impeller_wear", direction, 0.0, 1.3, 0.0, 0.06))
        if self.model.suction_pipe is not None:
            clogged = np.array(self.model.residuals(values, self.names, Deviation(clog_s2_m5=1.0e3)))
            made.append(Hypothesis("suction_clogging", np.nan_to_num(zero - clogged) / 1.0e3, 0.0, 1.0e6, 0.0, 300.0))
        made.extend(self._strangers())
        return tuple(made)

    def _strangers(self) -> list[Hypothesis]:
        """Deviations no listed fault makes: named by the part they point at, reported as unknown."""
        made = []
        for name, part in (
            ("system", "discharge line"),
            ("inventory", "water inventory"),
            ("valve", "valve stem"),
        ):
            if name in self.names:
                direction = np.array([1.0 if other == name else 0.0 for other in self.names])
                made.append(Hypothesis(f"unknown:{part}", direction, -math.inf, math.inf, 5.0))
        if self.model.motor is not None and "torque" in self.names:
            rated = self.model.motor_rated_rad_s
            amps = 0.25
            gain = {"torque": 1.0, "power": rated * 1.05, "current": amps}
            direction = np.array([gain.get(name, 0.0) for name in self.names])
            made.append(Hypothesis("unknown:shaft load", direction, -math.inf, math.inf, 5.0))
        return made

    def part(self, name: str) -> str:
        """Return the asset that an unlisted deviation points at."""
        part = name.partition(":")[2]
        if part == "discharge line" and self.model.discharge_pipe is not None:
            return str(self.model.discharge_pipe.id)
        if part == "valve stem" and self.model.valve is not None:
            return str(self.model.valve.id)
        if part == "shaft load":
            return self.model.motor_id or "motor"
        return self.roles.get("level", "tank").partition(".")[0]

    def label(self, name: str) -> str:
        """``fault@on`` of a hypothesis."""
        if name in self.sensors:
            return f"sensor_bias@{self.roles[name]}"
        if name.startswith("unknown:"):
            return f"unknown@{self.part(name)}"
        return f"{name}@{self.model.pump_id}"
