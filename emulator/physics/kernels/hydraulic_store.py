"""What a hydraulic power unit holds, and how its lines answer the pump's pulsation."""

import math

from emulator.kernel import kernel
from emulator.physics.kernels import hydraulic_power_unit as h
from emulator.physics.kernels.hydraulic_power_unit import gas_pressure, gas_temperature, orifice


@kernel
def _volume_energy(volume, pressure, beta):
    ratio = 1.0 + pressure / beta
    return volume * ratio * (beta * math.log1p(pressure / beta) - pressure / ratio)


@kernel
def stored(s, p):
    """Return (energy [J], oil [m³ at tank pressure]) held in lines, accumulator, cylinder and moving mass."""
    beta = p[h.P_BETA]
    cap_m3 = p[h.P_V_CAP] + p[h.P_AREA_CAP] * s[h.S_PLACE]
    rod_m3 = p[h.P_V_ROD] + p[h.P_AREA_ROD] * (p[h.P_STROKE] - s[h.S_PLACE])
    energy = (
        _volume_energy(p[h.P_V_PUMP], s[h.S_PUMP], beta) + _volume_energy(p[h.P_V_SUPPLY], s[h.S_SUPPLY], beta)
        + _volume_energy(cap_m3, s[h.S_CAP], beta) + _volume_energy(rod_m3, s[h.S_ROD], beta)
        + _volume_energy(p[h.P_V_RETURN], s[h.S_RETURN], beta)
        + p[h.P_GAS_MR] / (h.KAPPA - 1.0) * gas_temperature(s, p) + p[h.P_AIR] * s[h.S_GAS_M3]
        + 0.5 * p[h.P_MASS] * s[h.S_SPEED] * s[h.S_SPEED]
    )  # fmt: skip
    oil = (
        p[h.P_V_PUMP] * (1.0 + s[h.S_PUMP] / beta) + p[h.P_V_SUPPLY] * (1.0 + s[h.S_SUPPLY] / beta)
        + cap_m3 * (1.0 + s[h.S_CAP] / beta) + rod_m3 * (1.0 + s[h.S_ROD] / beta)
        + p[h.P_V_RETURN] * (1.0 + s[h.S_RETURN] / beta) + p[h.P_GAS_V0] - s[h.S_GAS_M3]
    )  # fmt: skip
    return energy, oil


@kernel
def ripple(s, p, flow, w):
    """Return the amplitude of pump and supply pressure [Pa] for a flow ripple [m³/s] at ``w`` [rad/s].

    Lines are compliances, filter and accumulator neck resistances at the present state.
    """
    if w <= 0.0 or flow == 0.0:
        return 0.0, 0.0
    pg = gas_pressure(s, p)
    gas = s[h.S_GAS_M3] / (h.KAPPA * (pg + p[h.P_AIR]))
    stop = min(max((p[h.P_GAS_V0] - s[h.S_GAS_M3]) / (h.STOP_SHARE * p[h.P_GAS_V0]), 0.0), 1.0)
    _, neck = orifice(s[h.S_SUPPLY] - pg, p[h.P_NECK] * stop)
    behind = 1j * w * p[h.P_V_SUPPLY] / p[h.P_BETA]
    if neck > 0.0:
        behind += 1.0 / (1.0 / neck + 1.0 / (1j * w * gas))
    admittance = 1j * w * p[h.P_V_PUMP] / p[h.P_BETA] + p[h.P_LEAK]
    if s[h.S_PUMP] > 0.0:
        _, slope = orifice(s[h.S_PUMP], p[h.P_RELIEF] * s[h.S_RELIEF])
        admittance += slope
    if s[h.S_PUMP] <= s[h.S_SUPPLY]:
        return flow / abs(admittance), 0.0
    admittance += 1.0 / (1.0 / p[h.P_FILTER] + 1.0 / behind)
    pump = flow / abs(admittance)
    return pump, pump / abs(1.0 + behind / p[h.P_FILTER])
