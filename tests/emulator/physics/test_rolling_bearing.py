import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters, spall_width_mm
from emulator.streams import Streams
from tests.oracles.structure import walk_psd

CWRU_6205 = RollingBearingParameters(ball_diameter_m=0.3126 * 25.4e-3, pitch_diameter_m=1.537 * 25.4e-3)
CWRU_6203 = RollingBearingParameters(balls=8, ball_diameter_m=0.2656 * 25.4e-3, pitch_diameter_m=1.122 * 25.4e-3)
MFPT = RollingBearingParameters(balls=8, ball_diameter_m=0.235 * 25.4e-3, pitch_diameter_m=1.245 * 25.4e-3)


def orders(p):
    return p.outer_order, p.inner_order, p.ball_order, p.cage_order


SMOOTH = {"rough_above_mm": 100.0}


def train(blocks, drive, parameters, surface="outer", seed=1, width_mm=0.5):
    """Entry times [s] and exit impulses [N·s] of one surface over many blocks."""
    bearing = RollingBearing(parameters, Streams(seed), "b")
    setattr(bearing.condition, f"{surface}_spall_mm", width_mm)
    times, impulses = [], []
    for _ in range(blocks):
        trace = drive.step()
        hits = bearing.impacts(trace)
        entry = hits.sharp == 0
        times.append(trace.t0_ns * 1e-9 + hits.tick[entry] * trace.tick_s + hits.offset_s[entry])
        impulses.append(hits.impulse_n_s[np.roll(entry, 1)])
    return np.concatenate(times), np.concatenate(impulses)


def test_published_multipliers_of_three_bearings_are_reproduced():
    assert_allclose(orders(CWRU_6205), (3.5848, 5.4152, 4.7135, 0.39828), atol=2e-4)
    assert_allclose(orders(CWRU_6203), (3.0530, 4.9469, 3.9874, 0.3817), atol=3e-4)
    assert_allclose((25 * MFPT.outer_order, 25 * MFPT.inner_order), (81.125, 118.875), atol=1e-3)


def test_line_frequencies_of_a_6205_at_1797_rpm():
    f = 1797 / 60
    assert_allclose(np.array(orders(CWRU_6205)) * f, (107.364, 162.186, 141.168, 11.929), atol=1e-2)


@pytest.mark.parametrize("p", [CWRU_6205, CWRU_6203, MFPT])
def test_outer_and_inner_orders_add_up_to_the_number_of_balls(p):
    assert_allclose(p.outer_order + p.inner_order, p.balls, rtol=1e-12)
    assert_allclose(p.outer_order, p.balls * p.cage_order, rtol=1e-12)


def test_exit_delay_of_a_half_millimetre_spall():
    assert CWRU_6205.exit_delay_s(0.533e-3, 1797 / 60) * 1e3 == pytest.approx(0.151, abs=5e-4)


def test_friction_torque_and_loss():
    bearing = RollingBearing(RollingBearingParameters(), Streams(1), "b")
    torque = bearing.friction_torque_nm(1500.0)
    assert torque == pytest.approx(0.0281, abs=5e-5)
    assert torque * 1450 * 2 * math.pi / 60 == pytest.approx(4.27, abs=5e-3)


def test_spall_width_follows_severity():
    assert spall_width_mm(0.0) == 0.0
    assert spall_width_mm(1e-9) == pytest.approx(0.2)
    assert spall_width_mm(1.0) == pytest.approx(4.0)
    widths = [spall_width_mm(s) for s in np.linspace(0, 1, 11)]
    assert all(a < b for a, b in itertools.pairwise(widths))


def test_a_bearing_without_a_spall_is_silent(drive):
    times, _ = train(5, drive(), RollingBearingParameters(), width_mm=0.0)
    assert times.size == 0


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("surface", "order"), [("outer", "outer_order"), ("inner", "inner_order"), ("ball", "ball_order")]
)
def test_the_number_of_impacts_in_a_ramp_is_order_times_revolutions(drive, seed, surface, order):
    p = RollingBearingParameters(slip=0.0, load_zone=50.0)
    ramp = drive(lambda t: 2 * math.pi * (10 + 1.5 * t))
    times, _ = train(100, ramp, p, surface=surface, seed=seed)
    revolutions = ramp.angle.revs + ramp.angle.frac
    expected = getattr(p, order) * revolutions
    assert abs(times.size - expected) <= 4 * math.sqrt(expected) * p.slip_sigma + 1


def test_impacts_fall_where_the_shaft_angle_says(drive):
    p = RollingBearingParameters(slip=0.0, slip_sigma=0.0)
    a, b = 2 * math.pi * 20, 2 * math.pi * 8
    times, _ = train(20, drive(lambda t: a + b * t), p)
    passages = (a * times + 0.5 * b * times**2) / (2 * math.pi) * p.outer_order
    assert_allclose(np.diff(passages), 1.0, atol=1e-9)


def test_the_cage_lags_more_when_the_bearing_is_hardly_loaded():
    bearing = RollingBearing(RollingBearingParameters(), Streams(1), "b")
    light, nominal = bearing.slip(np.array([100.0, 1500.0]))
    assert nominal == pytest.approx(0.004)
    assert light > nominal


@pytest.mark.slow_without_jit
def test_random_walk_slip_gives_the_spectrum_of_a_renewal_process(drive):
    """600 runs of 2 s at σ = 2 %, lines and valleys; one bin scatters by 4 %, thirty of them by ±12 %."""
    p = RollingBearingParameters(slip=0.0, slip_sigma=0.02)
    hz, span, runs = 25.0, 2.0, 600
    rate = p.outer_order * hz
    f = rate * np.array([0.5, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5])
    f = np.concatenate([f + d for d in (-2.0, 0.0, 2.0)])
    power = np.zeros(f.size)
    times, _ = train(int(runs * span / 0.1), drive(hz), p)
    for run in range(runs):
        t = times[(times >= run * span) & (times < (run + 1) * span)] - run * span
        # Hann taper: lines are some Hz wide, its side lobes are not
        weight = np.sqrt(8 / 3) * np.sin(np.pi * t / span) ** 2
        power += np.abs(np.exp(-2j * np.pi * np.outer(f, t)) @ weight) ** 2 / span / runs
    fine = np.linspace(-1.0, 1.0, 41)
    window = np.abs(np.sinc(span * fine) / (1 - (span * fine) ** 2 + 1e-12)) ** 2
    expected = np.array([np.sum(walk_psd(x + fine, rate, 0.02) * window) / window.sum() for x in f])
    assert_allclose(power / expected, 1.0, atol=0.15)
    assert np.mean(power / expected) == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow_without_jit
def test_jitter_lowers_a_line_without_widening_it(drive):
    """Line 5 at σ_τ/T = 2 %: amplitude × exp(−½(2πkσ)²) = 0.8209."""
    p = RollingBearingParameters(slip=0.0, slip_sigma=0.02, slip_law="jitter")
    rate = p.outer_order * 25.0
    times, _ = train(600, drive(25.0), p)
    times = times[times < math.floor(times[-1] * rate) / rate]
    line = abs(np.exp(-2j * np.pi * 5 * rate * times).sum()) / times.size
    assert line == pytest.approx(0.8209, abs=4 * math.sqrt((1 - 0.8209**2) / times.size))


def test_an_inner_spall_goes_through_the_load_zone_and_an_outer_one_stays(drive):
    p = RollingBearingParameters(scatter=0.0, **SMOOTH)
    _, outer = train(20, drive(), p, surface="outer")
    _, inner = train(20, drive(), p, surface="inner")
    assert np.ptp(outer) == 0.0
    assert inner.min() == 0.0
    assert np.mean(inner == 0.0) == pytest.approx(0.5, abs=0.1)


def test_impulse_grows_with_width_to_the_power_1_2_and_with_load(drive):
    p = RollingBearingParameters(scatter=0.0, **SMOOTH)
    one = train(2, drive(), p, width_mm=1.0)[1][0]
    assert one == pytest.approx(p.impulse_n_s)
    assert train(2, drive(), p, width_mm=2.0)[1][0] == pytest.approx(one * 2**1.2)
    assert train(2, drive(load=3000.0), p, width_mm=1.0)[1][0] == pytest.approx(2 * one)


@pytest.mark.parametrize("ticks", [1, 5, 20])
def test_the_length_of_a_block_does_not_move_an_impact(drive, ticks):
    ten = train(20, drive(lambda t: 100 + 30 * t), RollingBearingParameters())[0]
    other = train(200 // ticks, drive(lambda t: 100 + 30 * t, ticks=ticks), RollingBearingParameters())[0]
    assert_allclose(other, ten, atol=1e-12, rtol=0)


def test_a_standing_shaft_makes_no_impacts_and_a_reversed_one_does(drive):
    assert train(5, drive(0.0), RollingBearingParameters())[0].size == 0
    assert train(5, drive(-25.0), RollingBearingParameters())[0].size > 30


def test_save_and_restore_continue_with_the_same_bits(drive):
    first = RollingBearing(RollingBearingParameters(), Streams(4), "b")
    first.condition.outer_spall_mm = 0.5
    shaft = drive()
    for _ in range(3):
        first.impacts(shaft.step())
    second = RollingBearing(RollingBearingParameters(), Streams(4), "b")
    second.restore(first.save())
    trace = shaft.step()
    assert second.impacts(trace).offset_s.tobytes() == first.impacts(trace).offset_s.tobytes()
    assert second.condition.outer_spall_mm == 0.5


def test_an_unknown_slip_law_is_refused():
    with pytest.raises(ValueError, match="slip_law = 'none' must be 'walk' or 'jitter'"):
        RollingBearing(RollingBearingParameters(slip_law="none"), Streams(1), "b")


def test_a_block_asked_for_twice_is_the_same_block(drive):
    bearing = RollingBearing(RollingBearingParameters(), Streams(1), "b")
    bearing.condition.inner_spall_mm = 1.0
    trace = drive().step()
    assert bearing.impacts(trace) is bearing.impacts(trace)


def test_a_wide_spall_is_rough_ground_between_entry_and_exit(drive):
    p = RollingBearingParameters()
    bearing = RollingBearing(p, Streams(1), "b")
    bearing.condition.outer_spall_mm = 2.0
    hits = bearing.impacts(drive(25.0).step())
    entries = np.flatnonzero(hits.sharp == 0)
    assert np.diff(entries).tolist() == [10] * (entries.size - 1)
    after = hits.offset_s[entries[0] : entries[0] + 10] - hits.offset_s[entries[0]]
    assert (after[1:] > 0).all()
    assert after.max() <= 2 * p.exit_delay_s(2e-3, 25.0) * (1 + 1e-9)
