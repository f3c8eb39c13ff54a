"""Streaming filters: cascades of second-order sections that keep their state from block to block."""

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.biquad import biquad_cascade

Array = NDArray[np.float64]


def butterworth(order: int, cutoff_hz: float, rate_hz: float, *, high: bool) -> Array:
    """Design a Butterworth filter as second-order sections float64[ceil(order/2), 6], b0 b1 b2 1 a1 a2.

    Bilinear transform with the cutoff pre-warped (Oppenheim & Schafer §7.1.2). It is here and not taken from
    scipy.signal because importing that costs more than the whole start-up budget of a twin.

    Raises
    ------
    ValueError
        If the cutoff is not between 0 and half the sample rate.
    """
    if not 0.0 < cutoff_hz < rate_hz / 2:
        raise ValueError(f"cutoff {cutoff_hz:g} Hz must lie between 0 and half the sample rate {rate_hz:g} Hz")
    warped = math.tan(math.pi * cutoff_hz / rate_hz)
    sections = []
    for k in range(order // 2):
        pole = cmath.exp(1j * math.pi * (2 * k + order + 1) / (2 * order))
        # s² - 2 Re(p) s + 1 with s = z-domain (1 - z⁻¹)/(1 + z⁻¹) / warped
        damping = -2.0 * pole.real
        norm = 1.0 + damping * warped + warped * warped
        a1 = 2.0 * (warped * warped - 1.0) / norm
        a2 = (1.0 - damping * warped + warped * warped) / norm
        gain = (1.0 if high else warped * warped) / norm
        sections.append((gain, (-2.0 if high else 2.0) * gain, gain, 1.0, a1, a2))
    if order % 2:
        norm = 1.0 + warped
        gain = (1.0 if high else warped) / norm
        sections.append((gain, -gain if high else gain, 0.0, 1.0, (warped - 1.0) / norm, 0.0))
    return np.array(sections, dtype=np.float64)


def high_pass(rate_hz: float, cutoff_hz: float, order: int = 2) -> Array:
    """Sections of a Butterworth high-pass: takes away DC and the slow recovery of an IEPE supply."""
    return butterworth(order, cutoff_hz, rate_hz, high=True)


def band_pass(rate_hz: float, low_hz: float, high_hz: float, order: int = 4) -> Array:
    """Sections of a band-pass: a high-pass and a low-pass of the given order in series."""
    if not low_hz < high_hz:
        raise ValueError(f"band {low_hz:g} … {high_hz:g} Hz must have its lower edge first")
    return np.ascontiguousarray(
        np.vstack([butterworth(order, low_hz, rate_hz, high=True), butterworth(order, high_hz, rate_hz, high=False)])
    )


class BiquadCascade:
    """A cascade of biquads for one channel; any split of the input gives the same bits.

    Parameters
    ----------
    sos : float64[sections, 6], a0 = 1
    """

    __slots__ = ("sos", "state")

    def __init__(self, sos: Array) -> None:
        self.sos = np.ascontiguousarray(sos, dtype=np.float64)
        self.state: Array = np.zeros((self.sos.shape[0], 2))

    def reset(self, value: float = 0.0) -> None:
        """Forget the past, as if `value` had been at the input for ever (no transient from a DC offset)."""
        for section, state in zip(self.sos, self.state, strict=True):
            b0, b1, b2, _, a1, a2 = section
            settled = value * (b0 + b1 + b2) / (1.0 + a1 + a2)
            state[1] = b2 * value - a2 * settled
            state[0] = b1 * value - a1 * settled + state[1]
            value = settled

    def process(self, x: Array, out: Array) -> Array:
        """Filter x : float64[n] into out : float64[n] (may be x itself) and return out."""
        biquad_cascade(self.sos, self.state, x, out)
        return out
