"""The 4–20 mA current loop and who reads it: what a current means, and when a sensor counts as failed.

NAMUR NE 43: a living transmitter stays in 3.8…20.5 mA; 3.6 mA and below, or 21 mA and above, mean failure, which the
reader declares only when it has lasted. What lies between is neither good nor failed.
"""

from typing import Final

LIVE_MA: Final = (3.8, 20.5)
FAILED_MA: Final = (3.6, 21.0)
DECLARED_AFTER_S: Final = 4.0


def current_ma(fraction: float) -> float:
    """Return the loop current [mA] of a fraction of span, 4 + 16·u."""
    return 4.0 + 16.0 * fraction


def fraction_of(current: float) -> float:
    """Return the fraction of span that a current [mA] means."""
    return (current - 4.0) / 16.0


class LoopReader:
    """The input card: judges each reading of the current, and remembers how long it has been failing."""

    def __init__(self) -> None:
        self.failing_s = 0.0

    def status(self, current: float, elapsed_s: float) -> str:
        """Return "good", "uncertain" or "bad" for a current [mA] that stood for the last `elapsed_s` [s]."""
        if FAILED_MA[0] < current < FAILED_MA[1]:
            self.failing_s = 0.0
            return "good" if LIVE_MA[0] <= current <= LIVE_MA[1] else "uncertain"
        self.failing_s += elapsed_s
        # sums of scans are not exact: a microsecond short of four seconds is four seconds
        return "bad" if self.failing_s >= DECLARED_AFTER_S - 1e-6 else "uncertain"
