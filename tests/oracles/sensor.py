"""Slow, obvious counterparts of sensor dynamics, from the textbook."""

import math

import numpy as np


def one_pole_steps(inputs, tau, dt, substeps=2000):
    """Response of a lag to an input linear between scans, by tiny steps; settled at the first input."""
    y, before, out = inputs[0], inputs[0], []
    for now in inputs:
        for i in range(substeps):
            x = before + (now - before) * (i + 0.5) / substeps
            y += (x - y) * dt / substeps / tau
        before = now
        out.append(y)
    return out


def lag_amplitude(tau, hz):
    """Amplitude of a first-order lag, 1/√(1+(ωτ)²)."""
    return 1.0 / math.hypot(1.0, 2.0 * math.pi * hz * tau)


def swap(bits):
    """Exchange the 16-bit halves of a 32-bit pattern."""
    return (bits >> 16) | ((bits & 0xFFFF) << 16)


def amplitude(x, hz, rate=25_600.0):
    """Amplitude of the sine at `hz` in `x`, by least squares beside a constant."""
    t = np.arange(x.size) / rate
    basis = np.stack([np.cos(2 * np.pi * hz * t), np.sin(2 * np.pi * hz * t), np.ones(x.size)], axis=1)
    return float(np.hypot(*np.linalg.lstsq(basis, x, rcond=None)[0][:2]))
