"""Asymptotic fouling: deposition against removal, R = R*(1 − e^(−t/τ)) (Kern and Seaton 1959)."""

import math


class Fouling:
    """A deposit from `start` towards `resistance`; it fails at the share `share` of it.

    Parameters
    ----------
    resistance : float
        R* [m²K/W].
    time_constant_s : float
        τ [s].
    share : float
        Failure at share·R*; 1 is never reached.
    start : float
        R at τ = 0 [m²K/W].

    """

    def __init__(self, resistance: float, time_constant_s: float, share: float, start: float = 0.0) -> None:
        self.resistance = resistance
        self.time_constant_s = time_constant_s
        self.start = start
        self.limit = share * resistance
        if start >= self.limit:
            self.end = 0.0
        elif share >= 1.0:
            self.end = math.inf
        else:
            self.end = time_constant_s * math.log((resistance - start) / (resistance - self.limit))

    def value(self, tau: float) -> float:
        """Return R [m²K/W] at τ [s]; it goes on growing beyond the limit."""
        return self.resistance + (self.start - self.resistance) * math.exp(-tau / self.time_constant_s)
