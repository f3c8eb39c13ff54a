import itertools
import math

import numpy as np
import pytest
from scipy.special import jv

from emulator.physics.gear_data import GearboxParameters
from emulator.physics.gear_oil import friction_factor, iso_4406, viscosity_m2_s
from emulator.physics.gear_shape import mesh_block
from emulator.physics.gearbox import EARS, Gearbox
from emulator.physics.housing import sample_grid
from emulator.physics.kernels.gearbox import line_spectrum, mesh_at, run_mesh
from emulator.physics.machine import ShaftLoad
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.gearbox import Gearbox as Nameplate
from tests.emulator.gears import EVEN, RATED, Brake, Stand, lines

P = GearboxParameters()


# --- torque, power, heat ------------------------------------------------------------------------------------


def test_it_is_a_load_of_its_shaft():
    assert isinstance(Stand().gear, ShaftLoad)


def test_torque_and_inertia_are_reflected_by_the_ratio():
    stand = Stand(200.0)
    gear = stand.gear
    gear.oil_k = P.reference_k
    torque, slope, curvature = gear.load(RATED)
    assert torque == pytest.approx(200.0 * 23 / 67 / 0.985, rel=1e-12)
    assert (slope, curvature) == (0.0, 0.0)
    assert gear.inertia_kg_m2 == pytest.approx(P.inertia_in_kg_m2 + (23 / 67) ** 2 * (P.inertia_out_kg_m2 + 0.2))


def test_slope_and_curvature_are_those_of_the_torque():
    gear = Stand(10.0, square=0.05).gear
    (low, _, _), (mid, slope, curvature), (high, _, _) = (gear.load(RATED + d) for d in (-1.0, 0.0, 1.0))
    assert slope == pytest.approx(0.5 * (high - low), rel=1e-9)
    assert curvature == pytest.approx(high - 2.0 * mid + low, rel=1e-6)


def test_at_rated_power_the_oil_settles_at_the_balance_of_loss_and_air():
    gear = Stand(P.power_w * P.efficiency / (RATED * P.speed_ratio)).gear
    assert gear.signals()["input_power_w"] == pytest.approx(11_000.0, rel=1e-6)
    assert gear.loss_w == pytest.approx(0.015 * 11_000.0, rel=1e-6)
    assert gear.oil_k - 293.15 == pytest.approx(165.0 / 12.0, rel=1e-6)


def test_a_load_that_drives_back_loses_as_well():
    gear = Stand(-200.0).gear
    gear.oil_k = P.reference_k
    assert gear.load(RATED)[0] == pytest.approx(-200.0 * 23 / 67 * 0.985, rel=1e-12)
    assert gear.loss_w > 0.0


@pytest.mark.parametrize("level", ["F0", "F1", "F2"])
def test_input_is_output_and_loss_and_what_is_stored_over_starts_and_stops(level):
    stand = Stand(20.0, square=0.03, settled=None, level=level, ambient_k=268.15)
    stand.gear.condition.eccentricity_in_m = 150e-6
    for _ in range(40):
        stand.step(lambda t: RATED * max(math.sin(math.pi * t / 2.0), 0.0))
    balances = stand.gear.balances()
    assert balances["energy"].came_in > 5e3
    assert {name: abs(b.residual) < 1e-9 for name, b in balances.items()} == {"energy": True, "heat": True}


def test_the_account_agrees_with_the_torque_the_shaft_feels():
    stand, work = Stand(20.0, square=0.03), 0.0
    gear = stand.gear

    def at(t):
        return RATED * (1.0 + 0.2 * math.sin(t))

    for i in range(200):
        w0, w1 = stand.speed, at((i + 1) * 0.01)
        stand.step(at, ticks=1)
        w = 0.5 * (w0 + w1)
        work += (gear.load(w)[0] + gear.inertia_kg_m2 * (w1 - w0) / 0.01) * w * 0.01
    assert gear.balances()["energy"].came_in == pytest.approx(work, rel=1e-4)


def test_the_mesh_force_accelerates_both_gears_alike():
    force = P.mesh_force_n(80.0, 150.0)
    r1, r2 = P.base_radii_m
    alpha1 = (80.0 - force * r1) / P.inertia_in_kg_m2
    alpha2 = (force * r2 - 150.0) / P.inertia_out_kg_m2
    assert r1 * alpha1 == pytest.approx(r2 * alpha2, rel=1e-9)


def test_cold_oil_drags_and_makes_pressure():
    warm, cold = Stand().gear, Stand().gear
    cold.oil_k = 253.15
    assert cold.load(RATED)[0] > warm.load(RATED)[0] + 1.0
    assert cold.oil_pressure_pa == P.relief_pa
    assert 1.5e5 < warm.oil_pressure_pa < 2.5e5


def test_oil_of_grade_220_has_220_at_forty_degrees():
    assert viscosity_m2_s(220.0, 313.15) == pytest.approx(220e-6, rel=1e-9)
    assert viscosity_m2_s(220.0, 373.15) == pytest.approx(18.96e-6, rel=1e-3)
    falling = [viscosity_m2_s(220.0, t) for t in (230.0, 253.0, 293.0, 353.0, 450.0)]
    assert falling == sorted(falling, reverse=True)


def test_friction_rises_only_where_the_film_is_thinner_than_the_reference():
    assert friction_factor(5.0, 3.2) == friction_factor(3.2, 3.2) == 1.0
    assert friction_factor(0.0, 3.2) == pytest.approx(4.0)


@pytest.mark.parametrize(("count", "code"), [(0.0, 0), (0.02, 1), (5001.0, 19), (10_000.0, 20), (70_000.0, 23)])
def test_particle_counts_have_iso_codes(count, code):
    assert iso_4406(count) == code


# --- kinematics ---------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_gear_mesh_output_and_hunting_tooth_are_where_the_teeth_put_them():
    stand = Stand()
    signals = stand.gear.signals()
    assert signals["input_speed_rad_s"] / (2 * np.pi) == pytest.approx(24.6667, abs=5e-5)
    assert signals["output_speed_rad_s"] / (2 * np.pi) == pytest.approx(8.46766, abs=5e-6)
    force = stand.run(["mesh_force_n"], 3.0)[0][-2 * 51200 :]
    spectrum = np.abs(np.fft.rfft((force - force.mean()) * np.hanning(force.size)))
    near = spectrum[: 2 * 700]
    assert np.argmax(near) / 2.0 == pytest.approx(567.333, abs=0.5)
    # the same two teeth meet after 67 turns and not before: hunting tooth frequency f1/67
    block = mesh_block(
        stand.gear.parameters, stand.gear.condition, stand.gear._errors, stand.gear._ticks(stand.trace), stand.trace
    )
    errors = [mesh_at(turn, 0.013, block.p, block.error1, block.error2, block.form)[1] for turn in range(135)]
    assert errors[67:134] == pytest.approx(errors[:67], abs=1e-15)
    assert len({round(e, 15) for e in errors[:67]}) == 67
    assert pytest.approx(0.368159, abs=5e-7) == 1480 / 60 / 67


def test_mesh_stiffness_has_its_mean_and_its_swing():
    stand = Stand()
    stand.step()
    block = mesh_block(P, stand.gear.condition, stand.gear._errors, stand.gear._ticks(stand.trace), stand.trace)
    grid = (np.arange(23 * 2000) + 0.5) / (23 * 2000)
    k = np.array([mesh_at(0, f, block.p, block.error1, block.error2, block.form)[0] for f in grid[:10000]])
    assert k[: 2000 * 5].mean() == pytest.approx(8e8, rel=1e-3)
    assert (k.max() - k.min()) / 2.0 == pytest.approx(0.12 * 8e8, rel=1e-9)
    assert np.mean(k > 0.5 * (k.max() + k.min())) == pytest.approx(0.65, abs=1e-3)


def test_an_eccentric_pinion_changes_how_long_two_pairs_carry():
    stand = Stand()
    stand.gear.condition.eccentricity_in_m = 150e-6
    stand.step()
    block = mesh_block(P, stand.gear.condition, stand.gear._errors, stand.gear._ticks(stand.trace), stand.trace)
    double = []
    for centre in (0.0, 0.5):  # gears furthest apart, and closest
        turns = (centre + (np.arange(4000) + 0.5) / 4000 / 23 - 0.5 / 23) % 1.0
        k = np.array([mesh_at(0, f, block.p, block.error1, block.error2, block.form)[0] for f in turns])
        double.append(np.mean(k > 0.5 * (k.max() + k.min())))
    spread = 150e-6 / (math.pi * 3e-3 * math.cos(math.radians(20)) * math.sin(math.radians(20)))
    # the window is one pitch wide, over which the run-out turns on a little: hence the tolerance
    assert double[1] - double[0] == pytest.approx(2.0 * spread, rel=0.1)


@pytest.mark.slow_without_jit
def test_the_key_phase_comes_once_a_turn():
    pulse = Stand().run(["key_phase"], 3.0, speed=EVEN)[0]
    rises = np.flatnonzero((pulse[1:] == 1.0) & (pulse[:-1] == 0.0)) + 1
    assert set(np.diff(rises[2:])) == {2048}


# --- the mesh as an oscillator ------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("torque", [-150.0, 20.0, 200.0, 300.0])
def test_levels_agree_on_transmitted_power(torque):
    stand = Stand(torque)
    force = stand.run(["mesh_force_n"], 1.0)[0]
    power = force[25600:].mean() * P.base_radii_m[0] * RATED
    churned = stand.gear._drag(RATED)[0] * RATED  # cold oil drags the wheels, not the teeth
    assert power == pytest.approx(stand.gear.signals()["input_power_w"] - churned, rel=0.01)


@pytest.mark.slow_without_jit
def test_a_stiff_even_mesh_only_carries_the_load():
    stand = Stand(stiffness_swing=0.0, profile_error_m=0.0, pitch_error_m=0.0)
    force = stand.run(["mesh_force_n"], 0.3)[0]
    assert force[5000:] == pytest.approx(stand.gear.force_n, rel=1e-4)


@pytest.mark.slow_without_jit
def test_a_slow_change_of_stiffness_gives_the_linear_answer():
    stand = Stand(stiffness_swing=0.0, pitch_error_m=0.0, profile_error_m=2e-6, settled=EVEN)
    force = stand.run(["mesh_force_n"], 1.4, speed=EVEN)[0][-51200:]
    omega = EVEN * 23
    r = omega / math.sqrt(8e8 / P.mesh_mass_kg)
    expected = P.mesh_mass_kg * omega**2 * 2e-6 / abs(1 - r * r + 2j * 0.05 * r)
    assert lines(force, 575.0)[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow_without_jit
def test_half_the_step_moves_the_loss_of_contact_by_less_than_a_sample():
    found = []
    for part in (1.0, 0.5):
        stand = Stand(60.0)
        stand.gear.condition.pit_depth_m, stand.gear.condition.pit_teeth = 25e-6, 1
        stand.step(RATED, 6)
        b = mesh_block(P, stand.gear.condition, stand.gear._errors, stand.gear._ticks(stand.trace), stand.trace)
        first, lead = sample_grid(stand.trace, 1e6)
        revs, frac = np.zeros(7, np.int64), (RATED * 0.01 * np.arange(7) / (2 * np.pi)) % 1.0
        revs[:] = np.floor(RATED * 0.01 * np.arange(7) / (2 * np.pi))
        state = np.array([b.drive_n[0] / 8e8, 0.0, 1.0, 0.0])
        force, contact = np.empty(first[-1]), np.empty(first[-1])
        run_mesh(
            first, lead, 0.01, 1e6, stand.trace.speed_rad_s, revs, frac, b.drive_n, b.damping, b.play_m,
            b.longest_s * part if part < 1.0 else 1e-6, b.p, b.error1, b.error2, b.form, state, force, contact,
        )  # fmt: skip
        found.append((np.flatnonzero(np.diff(contact)), state[3], force))
    (coarse, lost, _), (fine, lost_fine, _) = found
    assert lost == lost_fine > 0
    assert np.max(np.abs(coarse - fine)) <= 1  # µs


@pytest.mark.slow_without_jit
def test_light_load_rattles_and_heavy_load_does_not():
    gears = {}
    for torque in (2.0, 200.0):
        stand = Stand(torque, profile_error_m=6e-6)
        stand.run(["mesh_force_n"], 0.5)
        gears[torque] = stand.gear._mesh._rates[51200.0].state[3]
    assert gears[200.0] == 0
    assert gears[2.0] > 100


# --- vibration ----------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_any_cut_into_calls_and_any_block_gives_the_same_bits():
    whole = Stand(seed=3).run([*EARS, "mesh_force_n", "key_phase"], 0.4, rate=25600.0)
    small = Stand(seed=3).run([*EARS, "mesh_force_n", "key_phase"], 0.4, rate=25600.0, ticks=4)
    assert np.array_equal(whole, small)
    cut = Stand(seed=3)
    parts = []
    for _ in range(4):
        cut.step()
        n0, n1 = cut.range(25600.0)
        edges = [n0, n0 + 1, n0 + 700, n1]
        parts += [cut.gear.waveform(EARS[1], cut.trace, a, b - a, 25600.0) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), whole[1])


@pytest.mark.slow_without_jit
def test_restored_anywhere_it_goes_on_bit_for_bit():
    one, other = Stand(), Stand(seed=1, torque_nm=5.0)
    one.gear.condition.crack = 0.4
    one.run(EARS, 0.3, speed=lambda t: RATED * (0.6 + t))
    one.step()
    n0, n1 = one.range(51200.0)
    one.gear.waveform(EARS[0], one.trace, n0, 1000, 51200.0)
    other.gear.restore(one.gear.save())
    other.gear.driven[0] = Brake(200.0)
    rest = [s.gear.waveform(EARS[0], one.trace, n0 + 1000, n1 - n0 - 1000, 51200.0) for s in (one, other)]
    assert np.array_equal(*rest)
    assert other.gear.signals() == one.gear.signals()
    other.t_ns, other.angle, other.speed = one.t_ns, one.angle.__class__(one.angle.revs, one.angle.frac), one.speed
    again = [s.run(["mesh_force_n", EARS[0]], 0.2) for s in (one, other)]
    assert np.array_equal(*again)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_averaging_over_turns_leaves_noise_by_the_root_of_their_number(seed):
    pair = [
        Stand(seed=s, pitch_error_m=0.0, settled=EVEN).run([EARS[0]], 1.0, speed=EVEN)[0] for s in (seed, seed + 100)
    ]
    noise = (pair[0] - pair[1])[9 * 2048 :]  # all that turns with the shafts cancels
    average = noise[: 16 * 2048].reshape(16, 2048).mean(axis=0)
    assert average.std() / noise.std() == pytest.approx(1.0 / 4.0, rel=0.05)
    assert noise.std() / math.sqrt(2.0) == pytest.approx(
        P.noise_m_s2 * (0.05 + EVEN / RATED) * math.sqrt(25600.0), rel=0.02
    )


def rendered(am=(0.0, 0.0), fm=(0.0, 0.0)):
    ticks, rate = 100, 51200.0
    stand = Stand(settled=EVEN)
    stand.step(EVEN, ticks)
    first, lead = sample_grid(stand.trace, rate)
    turns = EVEN * 0.01 * np.arange(ticks + 1) / (2 * np.pi)
    amplitude = np.zeros((ticks + 1, 1)) + 1.0
    out = np.empty(first[-1])
    line_spectrum(
        first, lead, 0.01, rate, stand.trace.speed_rad_s, np.floor(turns + 1e-12).astype(np.int64), turns % 1.0,
        amplitude, np.zeros(1), 23, 67, np.array(am), np.array(fm), 0.0, out,
    )  # fmt: skip
    return lines(out, [550.0, 575.0, 600.0])


@pytest.mark.slow_without_jit
def test_amplitude_modulation_has_sidebands_of_half_its_depth():
    below, carrier, above = rendered(am=(0.3, 0.0))
    assert (below / carrier, above / carrier) == (pytest.approx(0.15, rel=1e-3), pytest.approx(0.15, rel=1e-3))


@pytest.mark.slow_without_jit
def test_frequency_modulation_has_sidebands_of_bessel():
    below, carrier, above = rendered(fm=(0.2, 0.0))
    assert 20 * np.log10(above / carrier) == pytest.approx(-19.96, abs=5e-3)
    assert above / carrier == pytest.approx(jv(1, 0.2) / jv(0, 0.2), rel=1e-3)
    assert below == pytest.approx(above, rel=1e-6)


@pytest.mark.slow_without_jit
def test_the_line_spectrum_and_the_oscillator_agree_at_the_mesh_frequency():
    force = {}
    for level in ("F1", "F2"):
        x = Stand(level=level, settled=EVEN, pitch_error_m=0.0).run(["mesh_force_n"], 1.4, speed=EVEN)[0][-51200:]
        force[level] = lines(x, 575.0)[0]
    assert force["F1"] == pytest.approx(force["F2"], rel=0.35)


# --- what it refuses and what it bears ----------------------------------------------------------------------


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("speed", [0.0, -RATED, 1e-9])
@pytest.mark.parametrize("ambient", [253.15, 323.15])
def test_standing_reversed_cold_or_hot_it_stays_finite(speed, ambient):
    stand = Stand(30.0, settled=None, ambient_k=ambient)
    x = stand.run([*EARS, "mesh_force_n"], 0.2, speed=speed)
    assert np.all(np.isfinite(x))
    assert all(math.isfinite(v) for v in stand.gear.signals().values())
    stand.gear.settle(speed)
    assert all(math.isfinite(v) for v in stand.gear.signals().values())


@pytest.mark.parametrize(
    ("name", "value"),
    [("efficiency", 1.2), ("contact_ratio", 2.3), ("backlash_m", 0.0), ("heat_j_k", -1.0), ("ramp", 0.5)],
)
def test_what_no_gearbox_can_be_is_refused_with_its_place(name, value):
    plate = Nameplate(id="gear7", kind="gearbox", power="11 kW", speed="1480 rpm")
    with pytest.raises(ValueError, match=rf"^gear7\.{name} = {value} must be "):
        Gearbox.build(plate, {name: value}, Site(Streams(1)))


def test_a_nameplate_alone_makes_the_gearbox_of_the_book():
    plate = Nameplate(id="gear7", kind="gearbox", power="11 kW", speed="1480 rpm")
    gear = Gearbox.build(plate, {"pitch_error_m": 0.0}, Site(Streams(1)))
    assert gear.parameters.speed_ratio == 23 / 67
    assert gear.parameters.inertia_in_kg_m2 == pytest.approx(7.0e-4, rel=0.01)
    assert gear.parameters.mesh_mass_kg == pytest.approx(P.mesh_mass_kg, rel=0.02)


def test_a_waveform_that_is_not_there_is_refused():
    stand = Stand()
    with pytest.raises(ValueError, match="no block has been stepped yet"):
        stand.gear.waveform(EARS[0], None, 0, 10, 51200.0)
    stand.step()
    with pytest.raises(ValueError, match="there are: radial_h_m_s2"):
        stand.gear.waveform("radial_x", stand.trace, 0, 10, 51200.0)
    with pytest.raises(ValueError, match="are not in this block"):
        stand.gear.waveform(EARS[0], stand.trace, 9000, 10, 51200.0)
