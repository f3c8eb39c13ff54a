"""Slow, obvious counterparts of a housing on its foundation, from the equations alone."""

import math

import numpy as np
from scipy.integrate import solve_ivp


def driven_acceleration(force, hz, mass, stiffness, damping):
    """Steady acceleration amplitude [m/s²] of M·x″ + c·x′ + k·x = F·cos(ωt), c = 2ζ√(kM) of the healthy spring."""
    w = 2.0 * math.pi * hz
    return abs(w * w * force / complex(stiffness - mass * w * w, damping * w))


def bilinear_acceleration(t, force_at, lead_s, mass, damping, seated, lifted):
    """Acceleration at times t of a mass on a spring that is softer above 0, from rest `lead_s` before t = 0."""

    def push(time):
        return force_at(max(time, 0.0))

    def slope(time, y):
        k = lifted if y[0] > 0.0 else seated
        return [y[1], (push(time) - damping * y[1] - k * y[0]) / mass]

    # steps much shorter than a swing keep what a switch inside one costs below 1e-6
    solved = solve_ivp(slope, (-lead_s, t[-1]), [0.0, 0.0], "DOP853", t, rtol=1e-10, atol=1e-16, max_step=5e-5)
    return np.array([slope(time, y)[1] for time, y in zip(t, solved.y.T, strict=True)])
