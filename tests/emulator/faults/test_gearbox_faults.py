"""What each gear fault does to what can be heard and measured; its signature must emerge from the mesh."""

import dataclasses

import numpy as np
import pytest

from emulator.faults.base import registry
from emulator.physics.gear_data import GearboxCondition
from tests.emulator.gears import EVEN, RATED, Stand, lines

pytestmark = pytest.mark.slow_without_jit

FAULTS = {
    "gear_tooth_crack": {},
    "gear_pitting": {},
    "gear_wear": {},
    "gear_eccentricity": {},
    "gear_misalignment": {},
    "gear_lost_tooth": {},
    "gear_low_oil": {},
    "gear_backlash": {},
}
TURN = 2048  # samples


def faulty(kind, severity, params=None, torque=200.0, quantity="mesh_force_n", seconds=1.4, **more):
    """Return a stand with a fault, and its last second of a waveform at 25 turns a second."""
    stand = Stand(torque, settled=EVEN, **more)
    registry()[kind](params or {}).apply(stand.gear, severity, 0)
    stand.gear.settle(EVEN)
    return stand, stand.run([quantity], seconds, speed=EVEN)[0][-51200:]


def orders(x, *order):
    return lines(x, 25.0 * np.array(order, float))


HEALTHY = {}


def healthy(quantity="mesh_force_n"):
    if quantity not in HEALTHY:
        HEALTHY[quantity] = faulty("gear_wear", 0.0, quantity=quantity)
    return HEALTHY[quantity]


@pytest.mark.parametrize("kind", FAULTS)
def test_severity_zero_is_no_fault_and_takes_it_back(kind):
    fault, stand = registry()[kind](FAULTS[kind]), Stand()
    fault.apply(stand.gear, 0.0, 0)
    assert stand.gear.condition == GearboxCondition()
    fault.apply(stand.gear, 0.7, 0)
    once = dataclasses.replace(stand.gear.condition)
    assert once != GearboxCondition()
    fault.apply(stand.gear, 0.7, 10)
    assert stand.gear.condition == once
    fault.apply(stand.gear, 0.0, 20)
    assert stand.gear.condition == GearboxCondition()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_parameter_the_fault_does_not_have_is_refused(kind):
    with pytest.raises(ValueError, match="has no parameter 'depth'"):
        registry()[kind]({"depth": 1.0})


@pytest.mark.parametrize(("kind", "name"), [("gear_eccentricity", "shaft"), ("gear_low_oil", "cause")])
def test_a_word_that_means_nothing_is_refused(kind, name):
    with pytest.raises(ValueError, match=rf"{name} = 'left' must be"):
        registry()[kind]({name: "left"})


@pytest.mark.parametrize("kind", ["gear_tooth_crack", "gear_pitting", "gear_wear", "gear_lost_tooth"])
def test_what_is_felt_grows_with_severity(kind):
    _, base = healthy()
    felt = [np.std(faulty(kind, s, seconds=1.2)[1] - base) for s in (0.02, 0.3, 0.6, 1.0)]
    assert felt[0] > 0.0
    assert felt == sorted(felt)


@pytest.mark.parametrize("kind", ["gear_tooth_crack", "gear_lost_tooth"])
def test_one_bad_tooth_makes_one_burst_a_turn_where_it_is(kind):
    severity = 1.0 if kind == "gear_tooth_crack" else 0.15
    _, base = healthy()
    _, x = faulty(kind, severity)
    extra = (x - base).reshape(-1, TURN)
    energy = np.mean(extra**2, axis=0)
    # the window's first sample is a whole number of turns after the notch: tooth 0 comes at the start of each row
    assert energy[: 4 * TURN // 23].sum() > 0.9 * energy.sum()
    average = extra.mean(axis=0)
    assert np.mean(average**4) / np.mean(average**2) ** 2 > 8.0


def test_a_crack_raises_the_sidebands_at_the_turn_of_its_shaft():
    _, base = healthy()
    _, x = faulty("gear_tooth_crack", 1.0)
    sides = [23 + n for n in (-3, -2, -1, 1, 2, 3)]
    assert np.all(orders(x, *sides) > 2.0 * orders(base, *sides))
    assert orders(x, 23)[0] == pytest.approx(orders(base, 23)[0], rel=0.1)
    assert orders(x, 23 + 23 / 67)[0] < 1.2 * orders(base, 23 + 23 / 67)[0] + 0.5


def test_pits_take_the_teeth_apart_and_shed_flakes():
    stand, x = faulty("gear_pitting", 1.0)
    base, quiet = healthy()
    assert stand.gear._mesh._rates[51200.0].state[3] > 100
    assert base.gear._mesh._rates[51200.0].state[3] == 0
    assert x.min() == 0.0
    wide = [np.mean(np.abs(np.fft.rfft(y))[8000:20000] ** 2) for y in (x, quiet)]
    assert wide[0] > 20.0 * wide[1]
    codes = [s.gear.signals() for s in (stand, base)]
    assert codes[0]["iso_4406_14um"] >= codes[1]["iso_4406_14um"] + 5
    assert codes[0]["particles_14um_ml"] / codes[1]["particles_14um_ml"] > 5 * (
        codes[0]["particles_4um_ml"] / codes[1]["particles_4um_ml"]
    )


def test_wear_raises_the_higher_mesh_harmonics_faster_than_the_first():
    _, base = healthy()
    for severity in (0.3, 1.0):
        stand, x = faulty("gear_wear", severity)
        growth = orders(x, 23, 46, 69) / orders(base, 23, 46, 69)
        assert growth[0] > 1.2
        assert growth[1] > 1.2 * growth[0]
        assert growth[2] > 1.2 * growth[0]
    assert stand.gear.particles_ml[0] > 3.0 * healthy()[0].gear.particles_ml[0]


@pytest.mark.parametrize(("shaft", "order"), [("input", 1.0), ("output", 23 / 67)])
def test_run_out_modulates_the_mesh_at_its_own_shaft(shaft, order):
    def sides(x, turn):
        t = np.arange(x.size) / 51200.0
        window = np.hanning(x.size)
        return np.array([abs(np.sum(x * window * np.exp(-2j * np.pi * 25.0 * o * t))) for o in (23 - turn, 23 + turn)])

    other = 1.0 if shaft == "output" else 23 / 67
    long = {"seconds": 3.4, "pitch_error_m": 0.0}
    _, base = faulty("gear_wear", 0.0, **long)
    _, x = faulty("gear_eccentricity", 1.0, {"shaft": shaft}, **long)
    base, x = base - base.mean(), x - x.mean()
    assert np.all(sides(x, order) > 4.0 * sides(base, order) + 1.0)
    assert np.all(sides(x, order) > 3.0 * sides(x, other))


def test_run_out_shakes_the_housing_once_a_turn_and_ripples_the_torque():
    stand, x = faulty("gear_eccentricity", 1.0, quantity="radial_h_m_s2")
    assert orders(x, 1)[0] > 2.0 * orders(healthy("radial_h_m_s2")[1], 1)[0]
    torque = []
    for _ in range(40):
        stand.step(EVEN, 1)
        torque.append(stand.gear.load(EVEN)[0])
    assert 1e-3 < np.std(torque) / np.mean(torque) < 6e-3


def test_misaligned_gears_sound_at_twice_the_mesh_and_along_the_shaft():
    _, base = healthy()
    _, x = faulty("gear_misalignment", 1.0)
    growth = orders(x, 23, 46) / orders(base, 23, 46)
    assert growth[1] > 2.0
    assert growth[1] > 2.0 * growth[0]
    twice = [orders(faulty("gear_misalignment", s)[1], 46)[0] for s in (0.0, 0.3, 0.6, 1.0)]
    assert twice == sorted(twice)
    _, axial = faulty("gear_misalignment", 1.0, quantity="axial_m_s2")
    assert orders(axial, 46)[0] > 5.0 * orders(healthy("axial_m_s2")[1], 46)[0]


def test_a_lost_tooth_loses_contact_once_a_turn():
    stand, _ = faulty("gear_lost_tooth", 1.0)
    lost = stand.gear._mesh._rates[51200.0].state[3]
    assert lost >= 1.4 * 25  # at least once in each turn


@pytest.mark.parametrize("cause", ["level", "grade"])
def test_low_oil_runs_hot_and_loud_and_sheds(cause):
    stand, x = faulty("gear_low_oil", 1.0, {"cause": cause}, quantity="radial_h_m_s2")
    base, quiet = healthy("radial_h_m_s2")
    assert stand.gear.film_ratio < 0.5 * base.gear.film_ratio
    assert stand.gear.oil_k > base.gear.oil_k + 10.0
    assert stand.gear.oil_pressure_pa < 0.6 * base.gear.oil_pressure_pa
    assert stand.gear.particles_ml[0] > 3.0 * base.gear.particles_ml[0]
    floor = [np.median(np.abs(np.fft.rfft(y))[15000:25000]) for y in (x, quiet)]
    assert floor[0] > 1.5 * floor[1]


def test_temperature_grows_with_the_loss_of_oil():
    hot = [faulty("gear_low_oil", s, seconds=0.1)[0].gear.oil_k for s in (0.0, 0.2, 0.5, 1.0)]
    assert hot == sorted(hot)
    assert len(set(hot)) == 4


def test_play_is_felt_only_without_load():
    loaded = faulty("gear_backlash", 1.0, seconds=1.0)[1]
    assert np.array_equal(loaded, faulty("gear_backlash", 0.0, seconds=1.0)[1])
    light = {"torque": 1.0, "profile_error_m": 6e-6, "seconds": 1.2}
    peak = [np.abs(faulty("gear_backlash", s, **light)[1]).max() for s in (0.0, 1.0)]
    assert peak[0] != peak[1]


@pytest.mark.parametrize("kind", ["gear_tooth_crack", "gear_eccentricity", "gear_backlash", "gear_misalignment"])
def test_what_the_fault_does_not_touch_stays(kind):
    stand = Stand()
    registry()[kind](FAULTS[kind]).apply(stand.gear, 1.0, 0)
    stand.gear.settle(RATED)
    same = Stand().gear.signals()
    now = stand.gear.signals()
    for name in ("oil_temperature_k", "oil_pressure_pa", "loss_w", "output_torque_nm", "film_ratio"):
        assert now[name] == pytest.approx(same[name], rel=0.006)
