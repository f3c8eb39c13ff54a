"""Centrifugal pump from its data sheet: head, shaft power, NPSH and cavitation margin.

The data sheet gives shut-off head H0, best point (Q_b, H_b, η_b) at rated speed n0. With n_r = n/n0::

    H = H0·n_r² − a2·Q²,   a2 = (H0 − H_b)/Q_b²         (affinity laws leave a2 without a speed factor)
    η = η_b·(2x − x²),     x = Q/(n_r·Q_b)
    P = ρ g Q H/η = ρ g n_r Q_b H/(η_b (2 − x))          (finite at shut-off)
    NPSH3 = n_r²·NPSH3_b·(0.6 + 0.4 x²)                  (parabola through the data-sheet value at x = 1)

Reference: Gülich, Centrifugal Pumps, 3rd ed., §§ 4.1, 4.5, 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.models.water import GRAVITY


@dataclass(frozen=True, slots=True)
class PumpCurve:
    """Data sheet of one pump at rated speed, SI."""

    speed_rad_s: float
    flow_m3_s: float
    head_m: float
    shutoff_head_m: float
    efficiency: float
    npsh_required_m: float

    @property
    def a2(self) -> float:
        """Curvature of the head curve [s²/m⁵]."""
        return (self.shutoff_head_m - self.head_m) / self.flow_m3_s**2

    def head(self, flow_m3_s: float, speed_rad_s: float) -> float:
        """Head [m] at flow and speed; negative beyond the curve's end."""
        return self.shutoff_head_m * (speed_rad_s / self.speed_rad_s) ** 2 - self.a2 * flow_m3_s**2

    def flow(self, head_m: float, speed_rad_s: float) -> float:
        """Flow [m³/s] that gives `head_m` at speed; 0 when the pump cannot reach that head."""
        spare = self.shutoff_head_m * (speed_rad_s / self.speed_rad_s) ** 2 - head_m
        return (spare / self.a2) ** 0.5 if spare > 0.0 else 0.0

    def shaft_power(self, flow_m3_s: float, speed_rad_s: float, density_kg_m3: float) -> float:
        """Shaft power [W] at flow and speed; 0 at standstill."""
        n_r = speed_rad_s / self.speed_rad_s
        if n_r <= 0.0:
            return 0.0
        x = min(1.8, flow_m3_s / (n_r * self.flow_m3_s))
        head = self.head(flow_m3_s, speed_rad_s)
        return density_kg_m3 * GRAVITY * n_r * self.flow_m3_s * head / (self.efficiency * (2.0 - x))

    def npsh_required(self, flow_m3_s: float, speed_rad_s: float) -> float:
        """Suction head [m] at which the pump has lost 3 % of its head."""
        n_r = max(1e-6, speed_rad_s / self.speed_rad_s)
        x = flow_m3_s / (n_r * self.flow_m3_s)
        return n_r**2 * self.npsh_required_m * (0.6 + 0.4 * x * x)
