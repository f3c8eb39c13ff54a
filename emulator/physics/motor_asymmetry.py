"""From a motor's condition and what its supply puts on the terminals to what the asymmetric kernel takes."""

import cmath
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels import motor_stage as k
from emulator.physics.kernels import motor_supply as v
from emulator.physics.terminal import SINE, Terminal

if TYPE_CHECKING:
    from emulator.physics.induction_motor import Supply
    from emulator.physics.motor_parameters import InductionMotorCondition, InductionMotorParameters

Floats = NDArray[np.float64]
SMALLEST_GAP = 0.95  # a rotor nearer than a twentieth of the gap rubs


def bar_resistance_ohm(rotor_resistance_ohm: float, broken: float, bars: int) -> float:
    """Return ΔR = R_r·3n/(N_b - 3n) [Ω], the extra resistance of the one equivalent rotor phase.

    Raises
    ------
    ValueError
        A third of the bars or more are broken: the equivalent phase is open.

    """
    if not 0.0 <= 3.0 * broken < bars:
        raise ValueError(f"broken_bars = {broken:g} must be at least 0 and less than a third of the {bars} bars")
    return rotor_resistance_ohm * 3.0 * broken / (bars - 3.0 * broken)


def asymmetry(p: "InductionMotorParameters", c: "InductionMotorCondition", rotor_resistance_ohm: float) -> Floats:
    """Return float64[10] as the kernel's names A_… say, for a condition and a rotor resistance [Ω] at temperature.

    Raises
    ------
    ValueError
        Too many broken bars, no air gap left, or a share of shorted turns outside [0, 0.5].

    """
    out = np.zeros(k.ASYMMETRY_SIZE)
    if not 0.0 <= c.shorted_turns <= 0.5 or c.short_resistance_ohm < 0.0:
        raise ValueError(f"shorted_turns = {c.shorted_turns:g} must be in [0, 0.5] and short_resistance_ohm at least 0")
    if min(c.static_eccentricity, c.dynamic_eccentricity) < 0.0 or (
        c.static_eccentricity + c.dynamic_eccentricity > SMALLEST_GAP
    ):
        raise ValueError(
            f"static_eccentricity + dynamic_eccentricity = {c.static_eccentricity + c.dynamic_eccentricity:g} "
            f"must be in [0, {SMALLEST_GAP}] of the gap; beyond, the rotor rubs"
        )
    out[k.A_BAR] = bar_resistance_ohm(rotor_resistance_ohm, c.broken_bars, p.rotor_bars)
    out[k.A_SHORTED], out[k.A_CONTACT] = c.shorted_turns, c.short_resistance_ohm
    out[k.A_STATIC], out[k.A_DYNAMIC] = c.static_eccentricity, c.dynamic_eccentricity
    out[k.A_SLOT], out[k.A_BARS] = p.slot_permeance, p.rotor_bars
    out[k.A_LOCKED] = 1.0 if c.blocked else 0.0
    out[k.A_SPOT_J_K], out[k.A_SPOT_W_K] = p.spot_heat_j_k, p.spot_winding_w_k
    return out


def supply_vector(supply: "Supply", turn: float, c: "InductionMotorCondition") -> Floats:
    """Return float64[24] as the kernel's names V_… say, for a tick that starts at a turn fraction of the supply."""
    terminal: Terminal = supply.terminal or SINE
    out = np.zeros(v.SUPPLY_SIZE)
    out[v.V_U0], out[v.V_U_SLOPE] = supply.voltage_v, supply.voltage_slope
    out[v.V_W0], out[v.V_W_SLOPE] = supply.speed_rad_s, supply.speed_slope
    out[v.V_ANGLE] = 2.0 * math.pi * turn
    negative = terminal.negative + cmath.rect(c.terminal_unbalance, 0.0)
    out[v.V_NEGATIVE_RE], out[v.V_NEGATIVE_IM] = negative.real, negative.imag
    out[v.V_FIFTH], out[v.V_SEVENTH] = terminal.fifth, terminal.seventh
    first, second = terminal.ripples
    out[v.V_RIPPLE_A], out[v.V_RIPPLE_A_W], out[v.V_RIPPLE_A_PHASE] = first
    out[v.V_RIPPLE_B], out[v.V_RIPPLE_B_W], out[v.V_RIPPLE_B_PHASE] = second
    out[v.V_LEG] = out[v.V_OPEN] = -1.0
    if terminal.leg is not None:
        out[v.V_LEG], out[v.V_LEG_LOSS], out[v.V_DC] = terminal.leg
    if terminal.pulses is not None:
        out[v.V_PULSED] = 1.0
        out[v.V_CARRIER_HZ], out[v.V_CARRIER_TURN], out[v.V_DC] = terminal.pulses
        out[v.V_MODULATION] = v.modulation(supply.voltage_v / (0.5 * terminal.pulses.dc_v))
    out[v.V_OPEN] = c.open_phase if c.open_phase >= 0 else terminal.open_phase
    out[v.V_CONNECTED] = 1.0 if supply.connected else 0.0
    return out
