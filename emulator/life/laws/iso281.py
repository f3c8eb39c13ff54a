"""Life of a rolling bearing: L10 = (C/P)^p million turns (ISO 281), spread as Weibull, then a growing spall."""

import math

from emulator.life.laws.base import Law

MILLION = 1e6
LN_10_9 = math.log(10.0 / 9.0)


def l10_turns(capacity_n: float, equivalent_n: float, contact: str = "ball") -> float:
    """Return the turns that nine bearings of ten reach: exponent 3 for balls, 10/3 for rollers."""
    return float(MILLION * (capacity_n / equivalent_n) ** (3.0 if contact == "ball" else 10.0 / 3.0))


def l10_hours(capacity_n: float, equivalent_n: float, speed_rpm: float, contact: str = "ball") -> float:
    """Return the same life in hours at a constant speed [rpm]."""
    return l10_turns(capacity_n, equivalent_n, contact) / (60.0 * speed_rpm)


def life_ratio(p: float, weibull: float) -> float:
    """Return the life that a share p of bearings does not reach, over L10: (ln(1/(1−p))/ln(10/9))^(1/β)."""
    return float((-math.log1p(-p) / LN_10_9) ** (1.0 / weibull))


class Iso281(Law):
    """One bearing: fatigue until its own life L, then a spall from 0 to full over `propagation`·L turns.

    X is turns over L; the spall begins at X = 1, the end is X = 1 + propagation.

    Parameters
    ----------
    l10 : float
        Turns.
    weibull : float
        β.
    draw : float
        Uniform in (0, 1): which bearing this is.
    propagation : float
        Length of the spall's growth over L.
    used : float
        X at 0 turns.

    """

    def __init__(self, l10: float, weibull: float, draw: float, propagation: float, used: float = 0.0) -> None:
        self.life = l10 * life_ratio(draw, weibull)
        self.used = used
        self.limit = 1.0 + propagation
        self.end = max(self.limit - used, 0.0) * self.life

    def value(self, tau: float) -> float:
        """Return X after `tau` turns."""
        return min(self.used + tau / self.life, self.limit)
