"""Paris–Erdogan crack growth, in closed form: da/dN = C(ΔK)^m with ΔK = YΔσ√(πa)."""

import math

MEGA = 1e6


class Paris:
    """A crack that grows from `start` to `limit` [m] in cycles at the nominal stress; X is the growth, a − start.

    Another stress amplitude is taken as (Δσ/Δσ0)^m times as many cycles, which is exact for this law.

    Parameters
    ----------
    c, m : float
        In m per cycle and MPa√m.
    stress_pa : float
        Δσ [Pa].
    geometry : float
        Y.
    start_m, limit_m : float
        Crack length at first and at failure.
    grown_m : float
        Growth at N = 0.

    """

    def __init__(
        self,
        c: float,
        m: float,
        stress_pa: float,
        geometry: float,
        start_m: float,
        limit_m: float,
        grown_m: float = 0.0,
    ) -> None:
        self.m = m
        self.start_m = start_m
        self.first_m = start_m + grown_m
        self.limit = limit_m - start_m
        self.rate = float(c * (geometry * stress_pa / MEGA * math.sqrt(math.pi)) ** m)  # da/dN = rate·a^(m/2)
        self.end = self.cycles(limit_m) if grown_m < self.limit else 0.0

    def cycles(self, length_m: float) -> float:
        """Return the cycles from the first length to `length_m` [m]."""
        if self.m == 2.0:
            return math.log(length_m / self.first_m) / self.rate
        q = 1.0 - 0.5 * self.m
        return float((length_m**q - self.first_m**q) / (q * self.rate))

    def value(self, tau: float) -> float:
        """Return the growth [m] after `tau` cycles."""
        if tau >= self.end:
            return self.limit
        if self.m == 2.0:
            return self.first_m * math.exp(self.rate * tau) - self.start_m
        q = 1.0 - 0.5 * self.m
        return float((self.first_m**q + q * self.rate * tau) ** (1.0 / q)) - self.start_m
