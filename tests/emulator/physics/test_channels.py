import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from emulator.physics.channels import BankParameters, ChannelBank, ShaftBlock, Sources
from emulator.physics.rolling_bearing import RollingBearingParameters
from emulator.physics.shaft import TWO_PI, ShaftAngle
from emulator.sensors import transducers
from emulator.streams import Streams
from tests.oracles import channels as oracle
from tests.oracles.structure import unbalance_velocity_mm_s

RATE = 25_600.0
TICK_S = 0.01


class Shafts:
    """Consecutive blocks of shafts, each faster than the one before it, all on a ramp."""

    def __init__(self, count, hz=24.6, ramp=20.0, load=1500.0):
        self.count, self.hz, self.ramp, self.load = count, hz, ramp, load
        self.angles = [ShaftAngle() for _ in range(count)]
        self.tick = 0

    def speed(self, shaft, tick):
        return TWO_PI * (self.hz + 0.13 * shaft + self.ramp * tick * TICK_S)

    def step(self, ticks=4):
        first = self.tick
        speed = np.array([[self.speed(s, first + i) for i in range(ticks + 1)] for s in range(self.count)])
        block = ShaftBlock(
            first * 10_000_000, TICK_S, np.array([a.revs for a in self.angles], np.int64),
            np.array([a.frac for a in self.angles]), speed, np.full((self.count, ticks), self.load),
        )  # fmt: skip
        for s, angle in enumerate(self.angles):
            for i in range(ticks):
                angle.advance(speed[s, i], speed[s, i + 1], TICK_S)
        self.tick += ticks
        return block


def bank(count=3, width=0.5, seed=1, rate=RATE, heard=True, condition=None, **changes):
    given = {key: changes.pop(key) for key in ("chained", "orders", "scatter", "background_n") if key in changes}
    streams = Streams(seed)
    parameters = BankParameters.alike(count, streams=streams, **{"scatter": 1.0, **given})
    parameters = dataclasses.replace(parameters, **changes)
    sources = Sources()
    for i in range(count):
        for surface in ("outer", "inner"):
            source = sources.add(RollingBearingParameters(), surface, i, width)
            sources.hear(source, i)
            if heard:
                sources.hear(source, (i + 1) % count, 0.15, 180e-6)
    made = ChannelBank(parameters, sources, streams, "bank", rate)
    for name, value in (condition or {}).items():
        getattr(made.condition, name)[...] = value
    return made


def run(made, shafts, blocks=2, cuts=(), threads=1, ticks=4):
    out = []
    for _ in range(blocks):
        n0, count = made.enter(shafts.step(ticks))
        edges = [0, *sorted(int(c * count) for c in cuts), count]
        out += [made.render(n0 + a, b - a, threads) for a, b in itertools.pairwise(edges)]
    return np.concatenate(out)


def close(ours, theirs, tolerance=1e-5):
    assert np.abs(ours - theirs).max() <= tolerance * np.abs(theirs).max()


def peaks_to(made, channel, n):
    """Closed form of all impacts a channel heard, from the times and sizes the bank noted."""
    p, events = made.parameters, made._events
    group, lane = channel // 16, channel % 16
    t, y = np.arange(n) / made.rate_hz, np.zeros(n)
    for e in range(events.start[group], events.start[group + 1]):
        if events.lane[e] == lane:
            struck = events.sample[e] / made.rate_hz - events.late[e]
            tau = p.contact_s[events.kind[e]]
            y += events.impulse[e] * oracle.rung(
                p.mode_hz[channel], p.mode_damping[channel], p.mode_mass_kg[channel], tau, t - struck
            )
    return y


# --- bits -------------------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0, 1), max_size=6), st.integers(1, 3))
def test_no_cut_and_no_number_of_threads_shows_in_the_bits(cuts, threads):
    whole = run(bank(37), Shafts(37))
    assert_array_equal(whole, run(bank(37), Shafts(37), cuts=cuts, threads=threads))


@pytest.mark.slow_without_jit
def test_the_length_of_blocks_does_not_show_in_the_bits():
    assert_array_equal(run(bank(), Shafts(3), 2, ticks=6), run(bank(), Shafts(3), 12, ticks=1))


@pytest.mark.slow_without_jit
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1023))
def test_it_goes_on_bit_for_bit_from_anywhere_amid_an_impact_too(at):
    whole = run(bank(), Shafts(3))
    first, shafts = bank(), Shafts(3)
    n0, count = first.enter(shafts.step())
    first.render(n0, at)
    saved = first.save()
    first.render(n0 + at, count - at)  # what the first does afterwards is not the copy's affair
    second = bank()
    second.restore(saved)
    rest = [second.render(n0 + at, count - at)]
    n0, count = second.enter(shafts.step())
    rest.append(second.render(n0, count))
    assert_array_equal(whole[at:], np.concatenate(rest))


@pytest.mark.slow_without_jit
def test_saving_just_after_an_impact_keeps_its_ring():
    made, shafts = bank(background_n=0.0), Shafts(3)
    n0, _ = made.enter(shafts.step())
    struck = int(made._events.sample[made._events.kind == 1][0])
    made.render(n0, struck + 1 - n0)
    saved = made.save()
    assert np.abs(saved["_state"].z).max() > 0.0
    other = bank(background_n=0.0)
    other.restore(saved)
    assert_array_equal(made.render(struck + 1, 50), other.render(struck + 1, 50))


@pytest.mark.slow_without_jit
def test_a_channel_does_not_depend_on_how_many_there_are():
    assert_array_equal(run(bank(40, heard=False), Shafts(40))[:, :3], run(bank(3, heard=False), Shafts(3)))


@pytest.mark.slow_without_jit
def test_a_fast_neighbour_does_not_show_in_a_slow_channel():
    def orders_at(speeds, cuts=()):
        made = ChannelBank(
            BankParameters.alike(len(speeds), orders=40, background_n=0.0, line=np.full((len(speeds), 40), 0.1 + 0.2j)),
            Sources(), Streams(1), "bank",
        )  # fmt: skip
        shafts = Shafts(len(speeds))
        shafts.speed = lambda s, tick: TWO_PI * (speeds[s] + 3.0 * tick * TICK_S)
        return run(made, shafts, cuts=cuts)

    mixed = orders_at([10.0, 150.0, 25.0, 50.0])  # every stride there is
    assert_array_equal(mixed[:, :1], orders_at([10.0]))
    assert_array_equal(mixed[:, :3], orders_at([10.0, 150.0, 25.0])[:, :3])
    assert_array_equal(mixed, orders_at([10.0, 150.0, 25.0, 50.0], cuts=(0.001, 0.17, 0.171, 0.5)))


@pytest.mark.slow_without_jit
def test_samples_go_where_they_are_wanted():
    one, other, shafts = bank(), bank(), Shafts(3)
    block = shafts.step()
    n0, count = one.enter(block)
    other.enter(block)
    out = np.empty((count, 3), np.float32)
    assert one.render(n0, count, out=out) is out
    assert_array_equal(out, other.render(n0, count))
    with pytest.raises(ValueError, match="out must be a contiguous float32 array of shape"):
        one.render(*one.enter(shafts.step()), out=out[:1])


@pytest.mark.slow_without_jit
def test_no_spall_is_the_same_as_no_bearing():
    without = ChannelBank(BankParameters.alike(3, scatter=1.0, streams=Streams(1)), Sources(), Streams(1), "bank")
    assert_array_equal(run(bank(width=0.0), Shafts(3)), run(without, Shafts(3)))


@pytest.mark.slow_without_jit
def test_another_seed_is_another_noise():
    assert np.abs(run(bank(), Shafts(3)) - run(bank(seed=2), Shafts(3))).max() > 0.0


# --- numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("start_hz", [6.0, 24.6, 48.0, 90.0])  # strides 8, 4, 2 and 1
def test_orders_follow_the_shaft_angle_and_the_structure(start_hz):
    made = bank(2, width=0.0, chained=False, background_n=0.0, orders=40, noise_density=np.zeros(2),
                order_line=np.outer([1.0, 2.0], 0.3 * np.exp(1j * np.arange(40.0))))  # fmt: skip
    ours, p = run(made, Shafts(2, hz=start_hz, ramp=0.0), 2)[:, 1], made.parameters
    t = np.arange(ours.size) / RATE
    hz = start_hz + 0.13
    theirs = oracle.orders(
        hz * t, TWO_PI * hz * np.ones_like(t), p.rated_speed_rad_s[1], p.mode_hz[1], p.mode_damping[1],
        p.mode_mass_kg[1], p.order_line[1], p.order_standing_n[1], p.order_growing_n[1],
    )  # fmt: skip
    close(ours, theirs)


@pytest.mark.slow_without_jit
def test_a_ramp_turns_the_orders_by_the_exact_angle():
    made = bank(1, width=0.0, chained=False, background_n=0.0, heard=False, noise_density=np.zeros(1))
    ours = run(made, Shafts(1, ramp=40.0), 3)[:, 0]
    t = np.arange(ours.size) / RATE
    p, omega = made.parameters, TWO_PI * (24.6 + 40.0 * t)
    theirs = oracle.orders(
        24.6 * t + 20.0 * t * t, omega, p.rated_speed_rad_s[0], p.mode_hz[0], p.mode_damping[0], p.mode_mass_kg[0],
        p.order_line[0], p.order_standing_n[0], p.order_growing_n[0],
    )  # fmt: skip
    close(ours, theirs, 3e-4)  # amplitudes are exact at ticks and linear in between, here through a resonance


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("grade", "velocity"), [(6.3, 0.22761), (2.5, 0.0903), (250.0, 9.032)])
def test_unbalance_shakes_the_housing_as_the_closed_form_says(grade, velocity):
    parameters = BankParameters.alike(1, orders=1, unbalance_grade_mm_s=grade, background_n=0.0, chained=False)
    hz = math.sqrt(2.0e7 / 50.0) / TWO_PI
    parameters = dataclasses.replace(
        parameters, noise_density=np.zeros(1), mode_hz=np.array([[hz]]), mode_damping=np.array([[0.05]]),
        mode_mass_kg=np.array([[50.0]]),
    )  # fmt: skip
    x = run(ChannelBank(parameters, Sources(), Streams(1), "bank"), Shafts(1, hz=1480 / 60, ramp=0.0), 3, ticks=10)
    amplitude = np.abs(x).max()
    measured = amplitude / (TWO_PI * 1480 / 60) / math.sqrt(2) * 1e3
    assert measured == pytest.approx(velocity, rel=1e-3)
    assert measured == pytest.approx(unbalance_velocity_mm_s(grade, 1480 / 60, 40, 50, 2e7, 0.05, 1480 / 60), rel=1e-3)


@pytest.mark.slow_without_jit
def test_impacts_ring_from_their_exact_fractional_time():
    made = bank(3, 1.3, chained=False, background_n=0.0, orders=0, noise_density=np.zeros(3))
    ours = run(made, Shafts(3), 1, ticks=10)
    assert len(np.unique(np.round(made._events.late * RATE, 3))) > 20  # they do strike between samples
    for channel in range(3):
        close(ours[:, channel], peaks_to(made, channel, ours.shape[0]))


@pytest.mark.slow_without_jit
def test_the_broadband_force_drives_the_modes_as_impulses_between_samples():
    made = bank(1, 0.0, chained=False, orders=0, heard=False, noise_density=np.zeros(1))
    ours, p = run(made, Shafts(1, ramp=0.0), 1, ticks=2)[:, 0], made.parameters
    n = np.arange(ours.size)
    draws, _ = oracle.both_noises(n, made._structure.key0[0, 0], made._structure.key1[0, 0])
    late = ((((n & 0xFFFF) * 40503) >> 8) & 7) / 8 / RATE
    level = p.background_n[0] * (TWO_PI * 24.6 / p.rated_speed_rad_s[0]) ** 1.5 / math.sqrt(2 * RATE)
    theirs = np.zeros(n.size)
    for i in n:
        t = (n - i) / RATE + late[i]
        shape = oracle.rung(p.mode_hz[0], p.mode_damping[0], p.mode_mass_kg[0], p.contact_s[2], t[i:])
        theirs[i:] += level * draws[i] * shape
    close(ours, theirs)


@pytest.mark.slow_without_jit
def test_the_sensor_chain_agrees_with_the_slow_one():
    limit = 25.0
    changes = {"full_scale": np.full(3, limit), "bits": 0}
    condition = {"gain": 1.1, "offset": 0.7, "noise": 50.0}
    ours = run(bank(width=1.5, condition=condition, **changes), Shafts(3), 1)[:, 1]
    true = bank(width=1.5, chained=False, noise_density=np.zeros(3))
    x = run(true, Shafts(3), 1)[:, 1].astype(float)
    p, n = true.parameters, ours.size
    x = oracle.symmetric(transducers.mount_fir(transducers.MOUNTS["stud"], RATE), x)
    x = 1.1 * oracle.high_pass(x, transducers.IEPE_TAU_S, RATE) + 0.7
    key = true._structure.key0[0, 1], true._structure.key1[0, 1]
    density = 50.0 * bank(3).parameters.noise_density[1]
    _, white = oracle.both_noises(np.arange(n), *key)
    poles = transducers.flicker_poles(1.0, transducers.IEPE_CORNER_HZ, RATE)
    x += density * (math.sqrt(RATE / 2) * white + oracle.flicker(n, poles, *key))
    x = oracle.symmetric(transducers.anti_alias_fir(), x)
    assert np.abs(x).max() > limit  # it does clip
    close(ours, oracle.overload(x, limit, 1 / (transducers.IEPE_TAU_S * RATE)))
    assert p.channels == 3


@pytest.mark.slow_without_jit
def test_codes_are_whole_steps_and_lost_bits_make_them_coarse():
    fine = run(bank(), Shafts(3), 1)
    coarse = run(bank(condition={"bits_lost": 6}), Shafts(3), 1)
    step = 2 * 50 * transducers.STANDARD_GRAVITY / 2**16
    assert step == pytest.approx(1.526e-3 * transducers.STANDARD_GRAVITY, rel=1e-3)
    assert_allclose(fine / step, np.rint(fine / step), atol=1e-3)
    assert np.unique(coarse).size < np.unique(fine).size / 8
    assert np.abs(coarse - fine).max() <= 0.5 * (64 + 1) * step * 1.001


@pytest.mark.slow_without_jit
def test_a_spall_grows_the_signal_of_its_own_channel_only():
    levels = []
    for width in (0.0, 0.3, 0.9, 2.7):
        made = bank(3, 0.0, heard=False)
        made.sources.width_mm[2] = width  # outer race of the second
        levels.append(run(made, Shafts(3)).std(axis=0))
    levels = np.array(levels)
    assert np.all(np.diff(levels[:, 1]) > 0)
    assert_array_equal(levels[0, [0, 2]], levels[-1, [0, 2]])


@pytest.mark.slow_without_jit
def test_conditions_change_at_blocks_and_factor_one_changes_nothing():
    made, shafts = bank(width=0.0), Shafts(3)
    run(made, shafts, 1)
    made.condition.orders[:, 0] = 60.0
    changed = run(made, shafts, 1)
    same = run(bank(width=0.0, condition={"orders": 1.0}), Shafts(3), 2)
    assert_array_equal(same, run(bank(width=0.0), Shafts(3), 2))
    assert changed.std() > 1.5 * same[changed.shape[0] :].std()


@pytest.mark.slow_without_jit
def test_a_standing_shaft_is_quiet_and_finite():
    x = run(bank(), Shafts(3, hz=0.0, ramp=0.0), 2)
    assert np.all(np.isfinite(x))
    assert x.std() < 0.05


@pytest.mark.slow_without_jit
def test_rates_that_do_not_divide_a_tick_follow_too():
    made = bank(rate=20_480.3)
    x = run(made, Shafts(3), 3, cuts=(0.3, 0.31))
    assert_array_equal(x, run(bank(rate=20_480.3), Shafts(3), 3))
    assert x.shape[0] == math.ceil(0.12 * 20_480.3)


# --- refusals ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"mode_hz of channel 0 .* must be above 0"):
        bank(mode_hz=np.full((3, 5), -1.0))
    with pytest.raises(ValueError, match="must be below half the rate"):
        bank(rate=10_000.0)
    with pytest.raises(ValueError, match="must not be negative"):
        Sources().hear(0, 0, 1.0, -1e-6)
    with pytest.raises(ValueError, match="outer, inner, ball or cage"):
        Sources().add(RollingBearingParameters(), "race", 0)
    with pytest.raises(ValueError, match=r"call enter\(\) first"):
        bank().render(0, 1)


def test_samples_must_follow():
    made, shafts = bank(), Shafts(3)
    n0, count = made.enter(shafts.step())
    with pytest.raises(ValueError, match="the next sample of this bank is 0"):
        made.render(n0 + 1, 5)
    with pytest.raises(ValueError, match="are not in this block"):
        made.render(n0, count + 1)
    with pytest.raises(ValueError, match="the next sample of this bank is 0"):
        made.enter(shafts.step())
    with pytest.raises(ValueError, match="1 shafts, the channels listen to 3"):
        bank().enter(Shafts(1).step())
