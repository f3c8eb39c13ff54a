import math

import numpy as np
import pytest
from scipy.integrate import quad

from emulator.physics.housing import sample_grid
from emulator.physics.kernels import spindle as k
from emulator.physics.milling import (
    Cut,
    flank_wear_m,
    floor_m,
    kienzle_n,
    stability_limit_m,
    tool_life_s,
    torque_over_turn,
)
from emulator.physics.nc_program import Axis, Program
from emulator.physics.shaft import ShaftTrace

WORST_RPM = 4485.1
LIMIT_M = 1.1771e-3


def test_a_chip_costs_what_kienzle_says():
    assert kienzle_n(2100.0, 0.25, 2e-3, 0.2e-3) == pytest.approx(1256.1, abs=0.05)
    assert kienzle_n(2100.0, 0.25, 2e-3, 0.0) == 0.0


@pytest.mark.parametrize(("v", "minutes"), [(200.0, 5.0625), (150.0, 16.0), (0.0, math.inf)])
def test_an_edge_lasts_as_long_as_taylor_says(v, minutes):
    assert tool_life_s(Cut(), v / 60.0) / 60.0 == pytest.approx(minutes, rel=1e-12)


def test_wear_has_three_stages_and_ends_at_the_limit():
    life = np.linspace(0.0, 1.0, 2001)
    wear = np.array([flank_wear_m(x) for x in life])
    assert flank_wear_m(0.0) == 0.0
    assert flank_wear_m(1.0) == pytest.approx(0.3e-3)
    slope = np.diff(wear) / np.diff(life)
    first, middle, last = slope[50], slope[1000], slope[1900]
    assert first > 4.0 * middle
    assert last > 2.0 * middle
    assert np.all(slope > 0.0)
    assert flank_wear_m(1.5) > flank_wear_m(1.01) > 0.3e-3


def test_the_mean_torque_is_the_integral_over_the_engaged_teeth():
    cut = Cut()
    one, _ = quad(lambda phi: (0.1 * math.sin(phi)) ** 0.75, 0.0, math.pi / 2.0)
    expected = 4.0 * 2100.0 * 1e3 * one / (2.0 * math.pi) * 5e-3  # per metre of depth
    assert torque_over_turn(cut, 0.1e-3, (0.0,) * 4).mean() == pytest.approx(expected, rel=1e-4)


def test_a_short_tooth_leaves_its_chip_to_the_next():
    whole = torque_over_turn(Cut(), 0.1e-3, (0.0,) * 4)
    short = torque_over_turn(Cut(), 0.1e-3, (0.0, 0.0, 0.0, -0.1e-3))
    assert short.max() == pytest.approx(whole.max() * 2.0**0.75, rel=1e-6)
    quarter = short.reshape(4, -1).max(axis=1)
    assert sorted(quarter / whole.max()) == pytest.approx([0.0, 1.0, 1.0, 2.0**0.75], abs=1e-6)


def test_the_floor_of_stability_is_the_published_one():
    assert floor_m(2e7, 0.03, 1.05e9) == pytest.approx(LIMIT_M, abs=5e-8)


def decay(depth_m, rpm, ticks=100):
    """Free vibration of one edge in one direction, linear chips; rms in the second and last quarter."""
    p = np.zeros(k.P_SIZE)
    natural = 2.0 * math.pi * 800.0
    mass = 2e7 / natural**2
    p[k.P_MASS], p[k.P_DAMPING], p[k.P_LINEAR] = mass, 2.0 * 0.03 * mass * natural, 1.05e9
    p[k.P_STIFF_X] = p[k.P_STIFF_Y] = 2e7
    omega, slots = rpm * math.pi / 30.0, 256
    none = np.zeros(ticks)
    trace = ShaftTrace(0, 0.01, 0, 0.0, np.full(ticks + 1, omega), none, none, none, none)
    first, lead = sample_grid(trace, 25600.0)
    frac = omega * 0.01 * np.arange(ticks) / (2.0 * math.pi) % 1.0
    rest = -depth_m * 0.1e-3 * 1.05e9 / 2e7
    surface, hold, out = np.full(4 * slots, rest), np.full(4, rest), np.empty((3, first[-1]))
    state = np.array([rest + 1e-7, 0.0, 0.0, 0.0])
    each = np.ones(ticks)
    k.run_cut(
        first, lead, 0.01, 25600.0, trace.speed_rad_s, frac, depth_m * each, 0.1e-3 * each, none, 0.01 * each, 40e-6,
        slots, p, np.zeros(4), surface, hold, state, out,
    )  # fmt: skip
    n = first[-1] // 4
    return out[0, n : 2 * n].std(), out[0, 3 * n :].std()


@pytest.mark.slow_without_jit
def test_at_the_worst_speed_less_than_the_limit_decays_and_more_grows():
    early, late = decay(0.95 * LIMIT_M, WORST_RPM)
    assert late < 0.2 * early
    early, late = decay(1.05 * LIMIT_M, WORST_RPM)
    assert late > 5.0 * early
    early, late = decay(LIMIT_M, WORST_RPM)
    assert late == pytest.approx(early, rel=0.05)


@pytest.mark.slow_without_jit
def test_off_the_worst_speed_the_same_depth_is_stable():
    early, late = decay(1.05 * LIMIT_M, 4700.0)
    assert late < 0.2 * early


@pytest.mark.slow_without_jit
def test_half_the_time_step_moves_the_vibration_by_less_than_a_ten_thousandth():
    # the surface grid stays; a finer one is tested by the limit above
    assert decay(1.0e-3, WORST_RPM, 20)[1] == pytest.approx(decay_fine(1.0e-3), rel=1e-4)


def decay_fine(depth_m):
    original = k.run_cut

    def finer(*args):
        args = list(args)
        args[10] = 5e-6
        return original(*args)

    k.run_cut = finer
    try:
        return decay(depth_m, WORST_RPM, 20)[1]
    finally:
        k.run_cut = original


def test_a_standing_spindle_has_no_lobes():
    assert stability_limit_m(Cut(), 2e7, 0.03, 800.0, 0.0, 4e9) == floor_m(2e7, 0.03, 4e9)


def test_the_limit_has_lobes():
    limits = [stability_limit_m(Cut(), 2e7, 0.03, 800.0, rpm * math.pi / 30.0, 3.1e9) for rpm in (5000, 6000, 7000)]
    assert limits[1] > 3.0 * limits[0]
    assert limits[1] > 3.0 * limits[2]


def test_the_axis_lags_by_speed_over_gain_and_loses_its_play_at_a_reversal():
    axis = Axis()
    for _ in range(100):
        axis.move(0.04, 0.01, 50.0, 30e-6)
    assert axis.command_m - axis.drive_m == pytest.approx(0.04 / 50.0, rel=1e-9)
    assert axis.drive_m - axis.table_m == pytest.approx(15e-6, rel=1e-9)
    for _ in range(100):
        axis.move(-0.04, 0.01, 50.0, 30e-6)
    assert axis.table_m - axis.drive_m == pytest.approx(15e-6, rel=1e-9)


def test_the_axis_does_not_depend_on_the_step():
    ends = []
    for parts in (1, 10):
        axis = Axis()
        for velocity in (0.04, -0.04, 0.01):
            for _ in range(parts):
                axis.move(velocity, 0.03 / parts, 50.0, 100e-6)
        ends.append((axis.command_m, axis.drive_m, axis.table_m))
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Cut(exit_turn=0.7), "cut.exit_turn"),
        (lambda: Cut(teeth=0), "cut.teeth"),
        (lambda: Program(load_s=0.0), "program.load_s"),
    ],
)
def test_what_cannot_cut_is_refused(make, name):
    with pytest.raises(ValueError, match=rf"spindle\.{name} = .* must be"):
        make()
