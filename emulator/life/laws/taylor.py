"""Tool wear: Taylor's life V·T^n = C_T, and flank wear in three stages over it."""

import math

from emulator.life.laws.base import root

BREAK_IN, STEADY, LAST = 0.2, 0.5, 0.3  # shares of the limit
BREAK_IN_TIME, LAST_POWER = 0.03, 8.0


def life_s(speed_m_s: float, n: float, constant_m_s: float) -> float:
    """Return the tool's life [s] at a cutting speed; the constant is the speed of a life of one minute."""
    return float(60.0 * (constant_m_s / speed_m_s) ** (1.0 / n))


class Taylor:
    """Flank wear VB [m] from break-in through steady wear to the rapid end, VB(T) = limit.

    VB/limit = 0.2(1 − e^(−x/0.03)) + 0.5x + 0.3x⁸ with x = t/T: smooth, always growing, and the limit at x = 1. The
    exponents are a fit by eye of published wear curves; the life is Taylor's.

    Parameters
    ----------
    life : float
        T [s] at the nominal cutting speed.
    limit_m, start_m : float
        VB at failure, and at τ = 0.

    """

    def __init__(self, life: float, limit_m: float, start_m: float = 0.0) -> None:
        self.life = life
        self.limit = limit_m
        self.used = 0.0
        self.end = life
        if start_m > 0.0:
            self.used = root(self, start_m, life)
            self.end = life - self.used

    def value(self, tau: float) -> float:
        """Return VB [m] after `tau` [s] of cutting at the nominal speed."""
        x = min((self.used + tau) / self.life, 1.0)
        break_in = -math.expm1(-x / BREAK_IN_TIME) / -math.expm1(-1.0 / BREAK_IN_TIME)
        return float(self.limit * (BREAK_IN * break_in + STEADY * x + LAST * x**LAST_POWER))
