"""Grades of degradation of a public hydraulic rig (Helwig, Pignanelli, Schütze 2015) as a course over severity."""

from typing import Final

# values at equal steps of severity from 0 to 1
COOLER: Final = (1.0, 0.20, 0.03)
VALVE: Final = (1.0, 0.90, 0.80, 0.73)
PUMP: Final = (1.0, 3.0, 8.0)
PRECHARGE: Final = (1.0, 115.0 / 130.0, 100.0 / 130.0, 90.0 / 130.0)


def graded(severity: float, grades: tuple[float, ...]) -> float:
    """Return the value between grades at equal steps of severity; a grade itself is met exactly."""
    last = len(grades) - 1
    place = severity * last
    below = min(int(place + 1e-9), last - 1)
    share = place - below
    if abs(share - round(share)) < 1e-9:
        return grades[below + round(share)]
    return grades[below] + share * (grades[below + 1] - grades[below])
