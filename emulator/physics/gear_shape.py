"""From the state of a gearbox to the numbers of its mesh: stiffness, errors and lines of one block."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emulator.physics.gear_data import GearboxCondition, GearboxParameters
from emulator.physics.gear_oil import friction_factor
from emulator.physics.kernels import gearbox as k
from emulator.physics.mesh import MeshBlock
from emulator.physics.shaft import ShaftTrace

Floats = NDArray[np.float64]
HARMONICS = 5
HEALTHY_FORM = np.array([1.0, 0.20, 0.08, 0.03, 0.01])
PARABOLA = 4.0 / (math.pi * np.arange(1, HARMONICS + 1)) ** 2  # of (2u - 1)²: metal goes where teeth slide most
EDGE_RUN_OUT_M = 30e-6
EDGE_FORM_M = 1.5e-6
EDGE_CONTACT = 0.1
STEPS_PER_PERIOD = 15.0


class MeshTick(NamedTuple):
    """One tick of the mesh: mean force at its ends [N], oil temperature [K] and film at its start."""

    force0_n: float
    force1_n: float
    oil_k: float
    film_ratio: float


def mesh_block(
    p: GearboxParameters,
    c: GearboxCondition,
    errors: tuple[Floats, ...],
    ticks: list[MeshTick],
    trace: ShaftTrace,
) -> MeshBlock:
    """Return the mesh of one block."""
    mean = p.stiffness_n_m * (1.0 - 0.3 * c.misalignment)
    swing = 2.0 * p.stiffness_swing * mean
    ratio = p.contact_ratio + EDGE_CONTACT * c.misalignment
    low = mean - (ratio - 1.0) * swing  # so that the mean over a pitch is the mean
    cos, sin = math.cos(p.pressure_angle_rad), math.sin(p.pressure_angle_rad)
    pitch = math.pi * p.module_m * cos
    a = np.zeros(k.P_SIZE)
    a[k.P_MASS] = p.mesh_mass_kg
    a[k.P_LOW], a[k.P_HIGH] = low, low + swing
    a[k.P_RATIO], a[k.P_RAMP], a[k.P_PITCH] = ratio, p.ramp, pitch
    # dε/da = -1/(p_b sin α): gears further apart have fewer teeth in contact
    a[k.P_SPREAD] = 1.0 / (pitch * sin)
    a[k.P_CRACK], a[k.P_LOST], a[k.P_LOST_GAP] = c.crack, c.lost_tooth, p.lost_tooth_gap_m
    a[k.P_PIT], a[k.P_PIT_TEETH] = c.pit_depth_m, float(c.pit_teeth)
    a[k.P_OUT1], a[k.P_OUT2] = c.eccentricity_in_m, c.eccentricity_out_m
    a[k.P_EDGE1] = a[k.P_EDGE2] = EDGE_RUN_OUT_M * c.misalignment
    kappa = np.array([tick.film_ratio for tick in ticks])
    starved = np.array([friction_factor(x, p.film_reference) for x in kappa])
    film = 0.7 + 0.3 * np.minimum(kappa / p.film_reference, 1.0)  # a thick film damps
    damping = 2.0 * p.mesh_damping * film * math.sqrt(mean * p.mesh_mass_kg)
    warm = np.array([tick.oil_k for tick in ticks]) - 293.15
    play = p.backlash_m * c.backlash_gain + p.backlash_m_k * warm + 2.0 * c.wear_m
    turning = np.minimum(np.abs(trace.speed_rad_s[:-1]) / p.speed_rad_s, 2.0)
    drive_n = np.array([ticks[0].force0_n, *(tick.force1_n for tick in ticks)])
    form = p.profile_error_m * HEALTHY_FORM + c.wear_m * PARABOLA
    form[1] += EDGE_FORM_M * c.misalignment
    natural = math.sqrt(a[k.P_HIGH] / p.mesh_mass_kg)
    heavy = np.array([
        p.mass_in_kg * (p.balance_grade_mm_s * 1e-3 / p.speed_rad_s + c.eccentricity_in_m),
        p.mass_out_kg * (p.balance_grade_mm_s * 1e-3 / (p.speed_rad_s * p.speed_ratio) + c.eccentricity_out_m),
    ])  # fmt: skip
    outs = np.array([c.eccentricity_in_m, c.eccentricity_out_m])
    return MeshBlock(
        p=a,
        error1=errors[0],
        error2=errors[1],
        form=form,
        drive_n=drive_n,
        damping=damping,
        play_m=np.maximum(play, 0.2 * p.backlash_m),
        noise_m_s2=p.noise_m_s2 * (0.05 + turning) * starved,
        longest_s=2.0 * math.pi / natural / STEPS_PER_PERIOD,
        am=math.pi * a[k.P_SPREAD] * outs / math.tan(math.pi * (ratio - 1.0)),
        fm=2.0 * math.pi * outs / pitch,
        burst=c.crack + c.lost_tooth,
        lines_n=lines(p, form, a, drive_n, trace.speed_rad_s, p.mesh_damping),
        heavy=heavy,
    )


def lines(p: GearboxParameters, form: Floats, a: Floats, drive_n: Floats, speed_rad_s: Floats, zeta: float) -> Floats:
    """Return the mesh force by harmonic [N], float64[k+1, m]: the linear answer to tooth form and stiffness.

    |F_m| = m_e (mΩ)² u_m / |1 - r² + 2jζr|, u_m = e_m + (F̄/k̄)·k_m/k̄, k_m of a trapezoid that is high for ε-1.
    """
    m = np.arange(1, HARMONICS + 1)
    mean = a[k.P_LOW] + (a[k.P_RATIO] - 1.0) * (a[k.P_HIGH] - a[k.P_LOW])
    swing = 2.0 * (a[k.P_HIGH] - a[k.P_LOW]) * np.abs(np.sin(math.pi * m * (a[k.P_RATIO] - 1.0))) / (math.pi * m)
    moved = form[None, :] + np.abs(drive_n)[:, None] / mean * swing[None, :] / mean
    omega = np.abs(speed_rad_s)[:, None] * p.teeth_in * m[None, :]
    natural = math.sqrt(mean / p.mesh_mass_kg)
    r = omega / natural
    return np.asarray(p.mesh_mass_kg * omega**2 * moved / np.abs(1.0 - r**2 + 2j * zeta * r))
