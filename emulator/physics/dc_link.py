"""Ripple of a drive's DC link: what the capacitor loses between two pulses of the rectifier."""

import math


def ripple_v(current_a: float, capacitance_f: float, peak_v: float, pulse_hz: float, angle_rad: float) -> float:
    """Return the peak-to-peak ripple [V] of a rectifier bridge with a capacitor behind it.

    From where the sine falls faster than the capacitor, sin φ₀ = I/(ω C V̂), the capacitor gives the load's current and
    its voltage falls by I t/C, until the next pulse takes over; a load too large for that takes the bare pulses.

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
    omega = angle_rad * pulse_hz
    rate = current_a / capacitance_f
    steep = rate / (omega * peak_v)
    bare = peak_v * (1.0 - math.cos(0.5 * angle_rad))
    if steep >= math.sin(min(0.5 * angle_rad, 0.5 * math.pi)):
        return bare
    leaves = math.asin(steep)
    low, high = 0.5 * angle_rad, angle_rad
    for _ in range(40):
        middle = 0.5 * (low + high)
        if math.cos(leaves) - steep * (middle - leaves) > math.cos(angle_rad - middle):
            low = middle
        else:
            high = middle
    return min(peak_v * (1.0 - math.cos(angle_rad - high)), bare)
