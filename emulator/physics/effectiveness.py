"""Effectiveness of a heat exchanger by number of transfer units (Kays and London, Compact Heat Exchangers, ch. 2)."""

import math


def effectiveness(ntu: float, ratio: float, counter_flow: bool = True) -> float:
    """Return ε in [0, 1] = duty over the largest possible, ṁc_min (T_hot,in - T_cold,in).

    Parameters
    ----------
    ntu : float
        UA/C_min, not negative.
    ratio : float
        C_min/C_max in [0, 1].
    counter_flow : bool
        Streams against each other; otherwise side by side.

    """
    if not counter_flow:
        return -math.expm1(-ntu * (1.0 + ratio)) / (1.0 + ratio)
    gap = 1.0 - ratio
    if gap < 1e-9:  # the general form is 0/0 here
        return ntu / (1.0 + ntu)
    passed = math.exp(-ntu * gap)
    return -math.expm1(-ntu * gap) / (1.0 - ratio * passed)
