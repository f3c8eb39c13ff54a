import dataclasses
import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters, spall_width_mm
from emulator.physics.rotor import RotorCondition
from emulator.streams import Streams
from rigs.assets.rolling_bearing import RollingBearing as BearingPlate
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
    """600 runs of 2 s at σ = 2 %, lines and valleys; one bin scatters by 4 %, the thirty stay within ±10 %."""
    p = RollingBearingParameters(slip=0.0, slip_sigma=0.02)
    hz, span, runs = 25.0, 2.0, 600
    rate = p.outer_order * hz
    f = rate * np.array([0.5, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5])
    f = np.concatenate([f + d for d in (-2.0, 0.0, 2.0)])
    power = np.zeros(f.size)
    times, _ = train(int(runs * span), drive(hz, ticks=100), p)
    for run in range(runs):
        t = times[(times >= run * span) & (times < (run + 1) * span)] - run * span
        # Hann taper: lines are some Hz wide, its side lobes are not
        weight = np.sqrt(8 / 3) * np.sin(np.pi * t / span) ** 2
        power += np.abs(np.exp(-2j * np.pi * np.outer(f, t)) @ weight) ** 2 / span / runs
    fine = np.linspace(-1.0, 1.0, 41)
    window = np.abs(np.sinc(span * fine) / (1 - (span * fine) ** 2 + 1e-12)) ** 2
    expected = np.array([np.sum(walk_psd(x + fine, rate, 0.02) * window) / window.sum() for x in f])
    assert_allclose(power / expected, 1.0, atol=0.1)
    assert np.mean(power / expected) == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow_without_jit
def test_jitter_lowers_a_line_without_widening_it(drive):
    """Line 5 at σ_τ/T = 2 %: amplitude × exp(−½(2πkσ)²) = 0.8209."""
    p = RollingBearingParameters(slip=0.0, slip_sigma=0.02, slip_law="jitter")
    rate = p.outer_order * 25.0
    times, _ = train(60, drive(25.0, ticks=100), p)
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


def test_a_line_of_random_walk_slip_is_as_wide_as_its_formula():
    """πk²(σ/T)²·f0: line 5 at 2 % of a 6205 at 1797 rpm falls to half its height 3.37 Hz off."""
    rate = CWRU_6205.outer_order * 1797 / 60
    half = math.pi * 25 * 0.02**2 * rate
    assert half == pytest.approx(3.37, abs=5e-3)
    assert walk_psd(5 * rate + half, rate, 0.02) / walk_psd(5 * rate, rate, 0.02) == pytest.approx(0.5, abs=0.02)


def events(bearing, shaft, blocks):
    """Times [s] and impulses [N·s] of everything a bearing does."""
    times, impulses = [], []
    for _ in range(blocks):
        trace = shaft.step()
        hits = bearing.impacts(trace)
        times.append(trace.t0_ns * 1e-9 + hits.tick * trace.tick_s + hits.offset_s)
        impulses.append(hits.impulse_n_s)
    return np.concatenate(times), np.concatenate(impulses)


def bearing_of(**fields):
    return RollingBearing(RollingBearingParameters(slip=0.0, slip_sigma=0.0, scatter=0.0, **fields), Streams(1), "b")


def share(times, impulses, hz):
    """Line of a train of impulses at a frequency, of its sum of sizes."""
    return abs(np.exp(-2j * np.pi * hz * times) @ impulses) / np.abs(impulses).sum()


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(
    ("surface", "order", "sideband"),
    [("outer", "outer_order", None), ("inner", "inner_order", 1.0), ("ball", "ball_order", "cage_order")],
)
def test_each_surface_has_its_line_and_the_sidebands_of_what_carries_it(drive, surface, order, sideband):
    bearing = bearing_of(**SMOOTH)
    setattr(bearing.condition, f"{surface}_spall_mm", 0.3)
    p, hz, blocks = bearing.parameters, 25.0, 200
    times, impulses = events(bearing, drive(hz), blocks)
    exits = impulses > 0
    centre = getattr(p, order) * hz
    step = (getattr(p, sideband) if isinstance(sideband, str) else sideband or 0.37) * hz

    def seen(f):
        return share(times[exits], impulses[exits], f)

    assert seen(centre) > 0.9 * share(times[exits], impulses[exits], 0.0)
    for f in (centre - step, centre + step):
        assert seen(f) > 0.3 if sideband else seen(f) < 0.01
    assert seen(centre + 0.37 * step) < 0.02


def test_the_line_of_a_ball_is_twice_its_spin_and_not_once(drive):
    bearing = bearing_of(load_zone=1e6, **SMOOTH)
    bearing.condition.ball_spall_mm = 0.3
    times, _ = events(bearing, drive(25.0), 100)
    twice = 25.0 * bearing.parameters.ball_order
    assert times.size / 2 == pytest.approx(10.0 * twice, abs=2)
    exits = times[1::2]
    assert share(exits, np.ones(exits.size), twice) > 0.99
    assert share(exits, np.ones(exits.size), 0.5 * twice) < 0.01


@pytest.mark.parametrize("p", [CWRU_6205, CWRU_6203, MFPT])
def test_with_the_outer_ring_driven_ball_pass_rates_stay_and_the_cage_and_the_modulated_race_change(p):
    """Rates depend on the relative speed of the rings alone; what is swapped is who stands in the load zone."""
    turned = dataclasses.replace(p, outer_turns=True)
    assert turned.outer_order == p.outer_order
    assert turned.inner_order == p.inner_order
    assert turned.cage_order + p.cage_order == pytest.approx(1.0, rel=1e-12)
    assert turned.inner_order == pytest.approx(p.balls * turned.cage_order, rel=1e-12)


def test_with_the_outer_ring_driven_its_spall_goes_through_the_load_zone(drive):
    p = RollingBearingParameters(scatter=0.0, outer_turns=True, **SMOOTH)
    times, outer = train(20, drive(25.0), p, surface="outer")
    _, inner = train(20, drive(25.0), p, surface="inner")
    assert np.ptp(inner) == 0.0
    assert np.mean(outer == 0.0) == pytest.approx(0.5, abs=0.1)
    assert times.size == pytest.approx(2.0 * 25.0 * p.outer_order, rel=0.02)


def test_dents_one_per_ball_are_struck_at_once_and_fewer_in_turn(drive):
    def dented(marks):
        bearing = bearing_of(load_zone=1e6)
        bearing.condition.brinell_mm, bearing.condition.brinell_marks = 0.5, float(marks)
        return events(bearing, drive(25.0), 20)

    rate = 25.0 * RollingBearingParameters().outer_order
    together, sizes = dented(0)
    assert together.size == pytest.approx(9 * rate * 2.0, abs=10)
    assert np.unique(np.round(together, 9)).size == pytest.approx(rate * 2.0, abs=2)
    for k in (1, 5, 10, 20):
        assert share(together, sizes, k * rate) > 0.99
    apart, _ = dented(4)
    gaps = np.diff(np.sort(apart))
    assert gaps == pytest.approx(np.full(gaps.size, 1 / (4 * rate)), rel=1e-6)


def test_dents_are_struck_where_the_race_is_loaded(drive):
    bearing = bearing_of()
    bearing.condition.brinell_mm = 0.5
    _, impulses = events(bearing, drive(25.0), 5)
    assert (impulses > 0).all()
    assert impulses.max() == pytest.approx(0.3 * 12e-3 * 0.5**1.2)
    assert np.unique(np.round(impulses, 9)).size == 3  # of nine marks five lie under load, in pairs


def test_a_washboard_is_a_comb_of_ball_pass_lines_about_the_ridge_rate(drive):
    bearing = bearing_of()
    bearing.condition.flute_mm, bearing.condition.flute_pitch_mm = 0.3, 1.5
    p = bearing.parameters
    times, impulses = events(bearing, drive(25.0), 20)
    ridges = round(1e3 * math.pi * (p.pitch_diameter_m + p.ball_diameter_m) / 1.5)
    assert ridges == 98
    rate = 25.0 * p.outer_order
    comb = [share(times, impulses, k * rate) for k in range(1, 16)]
    assert 1 + int(np.argmax(comb)) == round(ridges / p.balls)
    assert all(share(times, impulses, (k + 0.5) * rate) < 0.02 for k in range(1, 16))


def test_overload_raises_impacts_friction_and_zone_and_lowers_life(drive):
    def measured(factor, widening):
        bearing = bearing_of(**SMOOTH)
        c = bearing.condition
        c.inner_spall_mm, c.load_factor, c.zone_widening = 0.3, factor, widening
        _, impulses = events(bearing, drive(25.0), 50)
        exits = impulses[1::2]
        return exits.max(), np.mean(exits == 0.0), bearing.friction_torque_nm(1500.0), bearing.life_h(1500.0, 150.0)

    healthy, over = measured(1.0, 0.0), measured(3.0, 1.0)
    assert over[0] == pytest.approx(3 * healthy[0], rel=1e-2)
    assert healthy[1] == pytest.approx(0.5, abs=0.02)
    assert over[1] == 0.0
    assert over[2] == pytest.approx(3 * healthy[2])
    assert over[3] == pytest.approx(healthy[3] / 27)


def test_a_creeping_ring_lowers_every_line_by_its_ppm(drive):
    def first_and_last(creep, surface):
        bearing = bearing_of(load_zone=1e6, **SMOOTH)
        setattr(bearing.condition, f"{surface}_spall_mm", 0.3)
        bearing.condition.creep = creep
        return events(bearing, drive(25.0), 50)[0][::2]

    for surface in ("cage", "outer", "inner", "ball"):
        tight, loose = first_and_last(0.0, surface), first_and_last(5e-4, surface)
        n = min(tight.size, loose.size)
        gap = np.diff(loose[:n]).mean() / np.diff(tight[:n]).mean()
        assert gap - 1 == pytest.approx(5e-4, rel=2e-3)


def test_misalignment_loads_heats_and_ages_the_bearing():
    bearing = bearing_of()
    cold, life = bearing.friction_torque_nm(1500.0), bearing.life_h(1500.0, 150.0)
    bearing.rotors = (RotorCondition(offset_m=0.5e-3), RotorCondition(distortion_n=100.0))
    assert bearing.friction_torque_nm(1500.0) == pytest.approx(cold * 1800 / 1500)
    assert bearing.excess_torque_nm(1500.0) == pytest.approx(cold * 300 / 1500)
    assert bearing.life_h(1500.0, 150.0) == pytest.approx(life * (1500 / 1800) ** 3)


def test_a_healthy_bearing_takes_nothing_in_excess_and_stays_on_its_axis():
    bearing = bearing_of()
    bearing.rotors = (RotorCondition(),)
    assert bearing.excess_torque_nm(1500.0) == 0.0
    assert bearing.film_lack == 0.0
    assert bearing.off_axis_m(1.6e-5) == 1.6e-5


def test_the_depth_of_a_spall_lets_an_unbalanced_rotor_off_its_axis():
    bearing = bearing_of()
    bearing.condition.outer_spall_mm = 0.4
    depth = 0.4e-3**2 / (4 * 7.94e-3)
    assert bearing.added_play_m == pytest.approx(depth)
    assert bearing.off_axis_m(1e-5) == pytest.approx(1e-5 + 0.25 * depth * 1e-5 / (1e-5 + depth))
    assert bearing.off_axis_m(0.0) == 0.0
    bearing.condition.outer_spall_mm = 4.0
    assert bearing.added_play_m == 50e-6
    bearing.condition.fit_m = 2e-5
    assert bearing.off_axis_m(0.0) == 2e-5


def test_film_lack_runs_from_kappa_2_to_0_1_on_a_logarithm():
    bearing = bearing_of()
    for kappa, lack in ((4.0, 0.0), (2.0, 0.0), (math.sqrt(0.2), 0.5), (0.1, 1.0), (0.01, 1.0), (0.0, 1.0)):
        bearing.condition.viscosity_ratio = kappa
        assert bearing.film_lack == pytest.approx(lack, abs=1e-12)


def test_save_and_restore_of_dents_ridges_and_creep_continue_with_the_same_bits(drive):
    def damaged():
        bearing = RollingBearing(RollingBearingParameters(), Streams(4), "b")
        c = bearing.condition
        c.brinell_mm, c.flute_mm, c.creep, c.inner_spall_mm = 0.5, 0.2, 3e-4, 1.0
        return bearing

    first, shaft = damaged(), drive(lambda t: 100 + 30 * t)
    for _ in range(3):
        first.impacts(shaft.step())
    second = RollingBearing(RollingBearingParameters(), Streams(4), "b")
    second.restore(first.save())
    trace = shaft.step()
    for name in ("tick", "offset_s", "impulse_n_s", "sharp"):
        assert getattr(second.impacts(trace), name).tobytes() == getattr(first.impacts(trace), name).tobytes()


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("balls", 2, "must be 3 or more"),
        ("ball_diameter_m", 0.03, "is too large: the balls would not fit"),
        ("pitch_diameter_m", -1.0, "must be above 0"),
        ("load_zone", 0.0, "must be above 0"),
        ("slip", 0.5, "must lie in"),
        ("element", "needle", "must be ball or roller"),
    ],
)
def test_a_bearing_that_cannot_be_is_refused(field, value, rule):
    with pytest.raises(ValueError, match=rf"rolling_bearing\.{field} = .* {rule}"):
        RollingBearingParameters(**{field: value})


def test_a_nameplate_gives_its_geometry_and_ratings():
    plate = BearingPlate(
        id="b", kind="rolling_bearing", designation="6203", balls=8, ball_diameter="0.2656 inch",
        pitch_diameter="1.122 inch", dynamic_load="9.56 kN", static_load="4.75 kN", bore="17 mm", rotating_ring="outer",
    )  # fmt: skip
    p = RollingBearingParameters.of(plate)
    assert p.outer_order == pytest.approx(CWRU_6203.outer_order, rel=1e-12)
    assert (p.dynamic_load_n, p.static_load_n, p.bore_m, p.outer_turns) == (9560.0, 4750.0, 0.017, True)


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
