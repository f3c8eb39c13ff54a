"""Slow, obvious counterparts of the rendered vibration, from the equations alone."""

import math

import numpy as np


def impulse_response(t, modes, tau):
    """Acceleration after a unit impulse p(t) = (t/τ²)e^{−t/τ} at t = 0, by convolving p with h'' numerically.

    modes: (frequency_hz, damping, mass_kg). h'' of a mode is δ/m minus (2ζω·h' + ω²·h); the δ part passes p
    through.
    """
    fine = np.linspace(0.0, float(t[-1]), 400_001)
    step = fine[1] - fine[0]
    pulse = fine / tau**2 * np.exp(-fine / tau)
    total = np.zeros_like(fine)
    for frequency_hz, damping, mass in modes:
        w = 2.0 * math.pi * frequency_hz
        wd = w * math.sqrt(1.0 - damping**2)
        h = np.exp(-damping * w * fine) * np.sin(wd * fine) / (mass * wd)
        rate = np.exp(-damping * w * fine) * (np.cos(wd * fine) - damping * w / wd * np.sin(wd * fine)) / mass
        kernel = -(2.0 * damping * w * rate + w * w * h)
        size = 1 << (2 * fine.size - 1).bit_length()
        smooth = np.fft.irfft(np.fft.rfft(pulse, size) * np.fft.rfft(kernel, size), size)[: fine.size] * step
        # trapezium ends of the convolution sum
        smooth -= 0.5 * step * (pulse * kernel[0] + pulse[0] * kernel)
        total += smooth + pulse / mass
    return np.interp(t, fine, total)


def unbalance_velocity_mm_s(grade_mm_s, speed_hz, mass, support_mass, stiffness, damping, rated_hz):
    """Steady velocity of the housing [mm/s rms] by the textbook amplitude of a driven oscillator."""
    w = 2.0 * math.pi * speed_hz
    r = w / math.sqrt(stiffness / support_mass)
    force = mass * grade_mm_s * 1e-3 / (2.0 * math.pi * rated_hz) * w * w
    amplitude = force / stiffness / math.sqrt((1.0 - r * r) ** 2 + (2.0 * damping * r) ** 2)
    return amplitude * w / math.sqrt(2.0) * 1e3


def walk_psd(f, rate, sigma):
    """PSD of a unit-impulse train with normal intervals: f0(1−|Φ|²)/|1−Φ|² (Antoni & Randall)."""
    period = 1.0 / rate
    phi = np.exp(-2j * np.pi * f * period - 0.5 * (2.0 * np.pi * f * sigma * period) ** 2)
    return rate * (1.0 - np.abs(phi) ** 2) / np.abs(1.0 - phi) ** 2
