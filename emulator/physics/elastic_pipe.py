"""A pipe of a network whose water and wall are elastic: waves run along it (water hammer)."""

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_S
from emulator.physics.kernels.water_hammer import characteristics
from emulator.physics.pipe import Pipe
from emulator.physics.water import GRAVITY_M_S2

Floats = NDArray[np.float64]
SPEED_TOLERANCE = 0.15  # by which the wave may be slower or faster than asked, to pass whole reaches in whole ticks


class ElasticPipe:
    """Heads and flows at the points of one pipe, float64[reaches + 1] each."""

    def __init__(self, name: str, pipe: Pipe) -> None:
        """Cut the pipe into reaches a wave passes in a tick.

        Raises
        ------
        ValueError
            The pipe is too short for waves to be seen in ticks.

        """
        p = pipe.parameters
        self.pipe = pipe
        self.reaches = round(p.length_m / (p.wave_speed_m_s * TICK_S))
        speed = p.length_m / max(self.reaches, 1) / TICK_S
        if self.reaches < 2 or abs(speed / p.wave_speed_m_s - 1.0) > SPEED_TOLERANCE:
            raise ValueError(
                f"{name}.wave_speed_m_s = {p.wave_speed_m_s:g}: a wave passes {p.length_m:g} m in "
                f"{p.length_m / p.wave_speed_m_s:.3g} s, which is no whole number of at least two {TICK_S:g} s ticks; "
                "leave it out (a rigid pipe), or give a longer pipe"
            )
        self.impedance_s_m2 = speed / (GRAVITY_M_S2 * pipe.area_m2)
        self.h: Floats = np.zeros(self.reaches + 1)
        self.q: Floats = np.zeros(self.reaches + 1)

    def settle(self, h_start: float, h_end: float, flow: float) -> None:
        """Put the pipe into the steady flow between two heads."""
        self.h = np.linspace(h_start, h_end, self.reaches + 1)
        self.q = np.full(self.reaches + 1, flow)

    def travel(self, viscosity_m2_s: float) -> tuple[float, float]:
        """Carry the waves one tick on; return what arrives at the ends, h = C_start + B·q and h = C_end - B·q [m]."""
        p, n = self.pipe.parameters, self.reaches
        c = self.pipe.condition
        h, q = self.h.copy(), self.q.copy()
        resistance = (p.resistance_s2_m5 + c.added_resistance_s2_m5) / n
        start, end = characteristics(
            self.h, self.q, self.impedance_s_m2, resistance, c.blockage, p.length_m / n, p.diameter_m, p.roughness_m,
            viscosity_m2_s, h, q,
        )  # fmt: skip
        self.h, self.q = h, q
        return float(start), float(end)

    def end(self, h_start: float, q_start: float, h_end: float, q_end: float) -> None:
        """Take over what the network found at the ends."""
        self.h[0], self.q[0], self.h[-1], self.q[-1] = h_start, q_start, h_end, q_end
