"""Spindle drive: speed control with a torque limit, solved in closed form; the change of regime is located."""

import math
from typing import NamedTuple


class Turn(NamedTuple):
    """One stretch of time: speed at its end [rad/s], and what it took [J]; `turned` [rad]."""

    speed_rad_s: float
    turned: float
    motor_j: float
    friction_j: float
    cut_j: float
    torque_square: float  # ∫T² dt [N² m² s]


def advance(
    speed: float, wanted: float, dt_s: float, inertia: float, gain: float, drag: float, cut_nm: float, limit_nm: float
) -> Turn:
    """Advance J dω/dt = T - T_cut - D ω with T = K (ω_ref - ω) cut at ±limit, over `dt_s` of constant T_cut and ω_ref.

    Both regimes are linear, so speed, angle and energies are exact; the energies close to rounding.
    """
    left, w = dt_s, speed
    turned = motor = square = friction = 0.0
    for _ in range(4):
        if left <= 0.0:
            break
        free = gain * (wanted - w)
        bound = math.copysign(limit_nm, free)
        held = abs(free) > limit_nm * (1.0 + 1e-12)
        rate = (drag if held else gain + drag) / inertia
        final = (bound - cut_nm) / drag if held else (gain * wanted - cut_nm) / (gain + drag)
        dt = left
        if held:
            edge = wanted - bound / gain  # the speed at which the limit lets go
            share = (edge - final) / (w - final) if w != final else 0.0
            if 0.0 < share < 1.0:
                dt = min(left, -math.log(share) / rate)
        faded = -math.expm1(-rate * dt)
        a, b = final, w - final
        one = a * dt + b * faded / rate
        two = a * a * dt + 2.0 * a * b * faded / rate + b * b * -math.expm1(-2.0 * rate * dt) / (2.0 * rate)
        end = a + b * (1.0 - faded)
        if held and dt < left:
            end = edge
        turned += one
        friction += drag * two
        motor += bound * one if held else gain * (wanted * one - two)
        square += bound * bound * dt if held else gain * gain * (wanted * wanted * dt - 2.0 * wanted * one + two)
        w, left = end, left - dt
    return Turn(w, turned, motor, friction, cut_nm * turned, square)
