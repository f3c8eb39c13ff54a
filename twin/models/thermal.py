"""Two-mass thermal model of a motor, winding and frame: its constants.

    C_w dT_w = P_w − G_wf (T_w − T_f)
    C_f dT_f = P_f + G_wf (T_w − T_f) − G_fa(ω)(T_f − T_a)

The frame-to-air conductance falls from its rated value to 0.4 of it at standstill (shaft-mounted fan).
Constants are typical of a 15 kW totally enclosed fan-cooled frame 160 (time constants 3 min and 34 min) and
scale with rated power for neighbours; commissioning corrects the conductance within bounds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThermalConstants:
    """Heat capacities [J/K] and conductances [W/K]."""

    winding_j_k: float = 6000.0
    frame_j_k: float = 30000.0
    winding_frame_w_k: float = 25.0
    frame_air_w_k: float = 18.0
    standstill: float = 0.4

    @classmethod
    def for_power(cls, power_w: float) -> ThermalConstants:
        """Constants scaled from the 15 kW frame; losses and surface both grow about with power^0.8."""
        scale = (power_w / 15_000.0) ** 0.8
        return cls(6000.0 * scale, 30000.0 * scale, 25.0 * scale, 18.0 * scale)

    def frame_air(self, speed_ratio: float) -> float:
        """Frame-to-air conductance [W/K] at a fraction of rated speed (linear fan law)."""
        return self.frame_air_w_k * (self.standstill + (1.0 - self.standstill) * min(1.0, max(0.0, speed_ratio)))
