"""The one shaft of a train: its angle, and what the machines on it felt during a block."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TWO_PI = 2.0 * np.pi


@dataclass(frozen=True, slots=True)
class ShaftTrace:
    """One block of a shaft's life, on the tick grid.

    Speed is piecewise linear between ticks, so the angle is an exact quadratic of time and continuous over
    blocks.

    Attributes
    ----------
    t0_ns : int
        Plant time of the block's start [ns].
    tick_s : float
        Tick [s].
    revs0, frac0 : int, float
        Whole turns and turn fraction in [0, 1) at ``t0_ns``.
    speed_rad_s : float64[k+1]
        Speed at the ticks [rad/s].
    cavitation_sigma, flow_ratio, radial_load_n, vane_force_n : float64[k]
        Per tick: NPSHa/NPSH3; Q/(n_r Q_b); static radial load per bearing [N]; amplitude of the vane-pass
        force [N].
    line_hz : float64[k+1], optional
        Frequency of the supply of the shaft's motor at the ticks [Hz]; None: 50 Hz.

    """

    t0_ns: int
    tick_s: float
    revs0: int
    frac0: float
    speed_rad_s: Floats
    cavitation_sigma: Floats
    flow_ratio: Floats
    radial_load_n: Floats
    vane_force_n: Floats
    line_hz: Floats | None = None


@dataclass(slots=True)
class ShaftAngle:
    """Turns as an integer and a fraction: after ten days the phase is as sharp as after ten seconds."""

    revs: int = 0
    frac: float = 0.0

    def advance(self, speed0_rad_s: float, speed1_rad_s: float, tick_s: float) -> None:
        """Add one tick of linearly changing speed."""
        turned = self.frac + 0.5 * (speed0_rad_s + speed1_rad_s) * tick_s / TWO_PI
        whole = int(np.floor(turned))
        self.revs += whole
        self.frac = turned - whole
