"""Ripple of a drive's DC link: what the capacitor loses between two pulses of the rectifier."""

import math


def ripple_v(current_a: float, capacitance_f: float, peak_v: float, pulse_hz: float, angle_rad: float) -> float:
    """Return the peak-to-peak ripple [V] of a rectifier bridge with a capacitor behind it.

    From a peak on the capacitor gives the load's current, V̂ - I t/C, until the next pulse V̂ cos ω(T - t) takes over;
    where the sine itself falls more slowly than that, the bridge conducts all the time.

    Parameters
    ----------
    current_a : taken from the link [A].
    capacitance_f : of the link [F].
    peak_v : crest of the rectified line voltage [V].
    pulse_hz : pulses a second: 6 per period of the mains, 2 when a phase is lost.
    angle_rad : angle of the mains that one pulse spans: π/3, or π.

    """
    if current_a <= 0.0 or peak_v <= 0.0:
        return 0.0
    period = 1.0 / pulse_hz
    rate = current_a / capacitance_f
    low, high = 0.5 * period, period
    if rate * low >= peak_v * (1.0 - math.cos(0.5 * angle_rad)):
        return peak_v * (1.0 - math.cos(0.5 * angle_rad))
    for _ in range(40):
        middle = 0.5 * (low + high)
        if peak_v - rate * middle > peak_v * math.cos(angle_rad * (1.0 - middle / period)):
            low = middle
        else:
            high = middle
    return rate * high
