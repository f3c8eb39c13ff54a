"""Thermal replica of a motor: the overload relay that trips on current and time (IEC 60255-149)."""

import math
from dataclasses import dataclass

RESET = 0.9


def trip_time_s(time_constant_s: float, current_a: float, before_a: float, limit_a: float) -> float:
    """Return t = τ ln((I² - I_p²)/(I² - (k I_B)²)) [s]; infinite if the current never trips.

    Parameters
    ----------
    time_constant_s : τ.
    current_a, before_a : current now, and the steady current that went before.
    limit_a : k·I_B, the greatest current that never trips.

    """
    if abs(current_a) <= limit_a:
        return math.inf
    if abs(before_a) >= limit_a:
        return 0.0
    return time_constant_s * math.log((current_a**2 - before_a**2) / (current_a**2 - limit_a**2))


@dataclass(slots=True)
class ThermalReplica:
    """First-order image of the winding's rise, in shares of the one at which it trips.

    Attributes
    ----------
    limit_a : k·I_B [A]; 0: no protection.
    time_constant_s : τ.
    level : the image, 1 is the trip; NaN takes the steady state of the first current it sees.
    tripped : held until the image has cooled to `RESET`.

    """

    limit_a: float
    time_constant_s: float = 2400.0
    level: float = 0.0
    tripped: bool = False

    def advance(self, current_a: float, dt_s: float) -> float | None:
        """Take a current [A rms] for `dt_s`; return the instant within it at which the relay trips [s], or None."""
        if self.limit_a <= 0.0:
            return None
        final = (current_a / self.limit_a) ** 2
        before = min(final, 1.0) if math.isnan(self.level) else self.level
        self.level = final + (before - final) * math.exp(-dt_s / self.time_constant_s)
        if self.tripped:
            self.tripped = self.level > RESET
            return 0.0 if self.tripped else None
        if self.level < 1.0:
            return None
        self.tripped = True
        return max(self.time_constant_s * math.log((final - before) / (final - 1.0)), 0.0) if before < 1.0 else 0.0
