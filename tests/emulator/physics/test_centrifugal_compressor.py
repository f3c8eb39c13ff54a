"""The centrifugal compressor: Greitzer's stability limit, surge cycles, the guard against them, its accounts."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

from emulator.physics.centrifugal_compressor import CentrifugalCompressor, CentrifugalParameters
from emulator.physics.kernels import centrifugal_compressor as k
from emulator.physics.machine import OwnShaft, ShaftLoad
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.centrifugal_compressor import CentrifugalCompressor as Nameplate

TICK_NS = 10_000_000
PSI0, H, W = 0.3, 0.18, 0.25


def psi_c(phi):
    return PSI0 + H * (1.0 + 1.5 * (phi / W - 1.0) - 0.5 * (phi / W - 1.0) ** 3)


def slope(phi):
    return H / W * (1.5 - 1.5 * (phi / W - 1.0) ** 2)


def crossing(gamma):
    return brentq(lambda phi: phi - gamma * math.sqrt(psi_c(phi)), 0.3, 0.75)


def ring(gamma, b, xi, kick=1e-3):
    """Return Φ over ξ, from a kick off the crossing of characteristic and throttle, in units where ρ = U = A = 1."""
    a = np.zeros(k.A_SIZE)
    a[[k.A_DENSITY, k.A_DUCT_M2, k.A_PSI0, k.A_H, k.A_W, k.A_RATED, k.A_GAMMA]] = 1.0, 1.0, PSI0, H, W, 1.0, gamma
    # B ω_H = 1/(2L) and ω_H = 1
    a[k.A_DUCT_M] = 0.5 / b
    a[k.A_PLENUM] = 1.0
    a[k.A_SOUND] = math.sqrt(a[k.A_PLENUM] * a[k.A_DUCT_M])
    y, work, tmp = np.zeros(k.SIZE), np.zeros((4, k.SIZE)), np.zeros(k.SIZE)
    phi = crossing(gamma)
    y[:2] = phi + kick, 0.5 * psi_c(phi)
    out = []
    for _ in range(round(xi / 0.05)):
        k.surge_advance(y, 1.0, 1.0, 0.0, 0.0, 0.05, 1, a, work, tmp)
        out.append(y[0])
    return np.array(out)


def blower(warm=True, **given):
    made = CentrifugalCompressor(CentrifugalParameters(**given), Site(Streams(1), warm=warm), "k1")
    made.start()
    return made


def run(made, seconds, first=0):
    phi = []
    ticks = round(seconds * 100)
    for i in range(first, first + ticks):
        made.tick(i * TICK_NS)
        phi.append(made.phi)
    return np.array(phi)


def test_the_characteristic_peaks_where_it_should():
    assert k.head(PSI0, H, W, 0.5) == pytest.approx(0.66, abs=1e-15)
    assert k.head(PSI0, H, W, 0.0) == pytest.approx(0.3, abs=1e-15)
    assert slope(0.5) == 0.0


def test_stability_is_lost_at_the_closed_form():
    # Ψ_c' = Φ_T'/B² with Φ_T' = dΦ_T/dΨ = γ/(2√Ψ) = Φ/(2Ψ)
    phi = brentq(lambda x: slope(x) - x / (2.0 * psi_c(x)), 0.3, 0.5)
    gamma = phi / math.sqrt(psi_c(phi))
    assert phi == pytest.approx(0.45562, abs=5e-6)
    assert gamma == pytest.approx(0.56426, abs=5e-6)
    decayed, cycling = ring(1.02 * gamma, 1.0, 2000.0), ring(0.98 * gamma, 1.0, 2000.0)
    assert np.ptp(decayed[-2000:]) < 1e-4
    assert np.ptp(cycling[-2000:]) == pytest.approx(0.40, abs=0.01)
    # just beside the limit a small kick still tells the sides apart
    assert np.ptp(ring(1.002 * gamma, 1.0, 1500.0)[-400:]) < np.ptp(ring(1.002 * gamma, 1.0, 1500.0)[:400])
    assert np.ptp(ring(0.998 * gamma, 1.0, 1500.0)[-400:]) > np.ptp(ring(0.998 * gamma, 1.0, 1500.0)[:400])


def test_a_smaller_b_forgives_the_same_throttle():
    gamma = 0.98 * 0.56426
    assert np.ptp(ring(gamma, 0.5, 800.0)[-2000:]) < 1e-4
    assert np.ptp(ring(gamma, 2.0, 800.0)[-2000:]) > 0.6


def test_the_default_machine_has_a_b_of_one_and_rests_on_its_characteristic():
    made = blower(anti_surge=False)
    assert made.parameters.greitzer_b(made._a[k.A_SOUND]) == pytest.approx(1.0, abs=1e-3)
    phi = run(made, 2.0)
    assert np.ptp(phi) < 1e-9
    assert made.phi == pytest.approx(crossing(0.75), rel=1e-9)
    assert made.psi == pytest.approx(psi_c(made.phi), rel=1e-9)


def test_halving_the_tick_into_more_steps_changes_nothing_to_speak_of():
    a = blower(anti_surge=False)
    a.throttle = 0.53
    a.y[k.MASS_FLOW] *= 1.01
    y, fine = a.y.copy(), a.y.copy()
    a._fill(a.log.speed_rad_s)
    u = a._tip(a.log.speed_rad_s)
    for _ in range(200):
        k.surge_advance(y, u, u, 0.0, 0.0, 0.01, 11, a._a, a._k, a._tmp)
        k.surge_advance(fine, u, u, 0.0, 0.0, 0.01, 22, a._a, a._k, a._tmp)
    assert y == pytest.approx(fine, rel=1e-4)


def test_the_guard_opens_in_time_and_waits_its_delay():
    made = blower()
    run(made, 1.0)
    made.commands()["throttle"](0.50)
    opened = []
    for i in range(100, 2000):
        made.tick(i * TICK_NS)
        opened.append(made.valve)
    first = next(i for i, v in enumerate(opened) if v > 0.0)
    assert first * 0.01 >= made.parameters.delay_s - 1e-9
    step = max(b - a for a, b in itertools.pairwise(opened))
    assert step == pytest.approx(0.01 / made.parameters.open_s)
    # a moment of surge at most, then a steady flow around the valve
    assert made.surges <= 3
    assert np.ptp(run(made, 2.0, 2000)) < 1e-3
    assert made.y[k.S_RECYCLED] > 0.0


def test_without_guard_the_throttled_machine_cycles_and_its_thrust_with_it():
    made = blower(anti_surge=False)
    made.commands()["throttle"](0.50)
    thrust = []
    phi = []
    for i in range(2000):
        made.tick(i * TICK_NS)
        phi.append(made.phi)
        thrust.append(made.signals()["axial_load_n"])
    phi = np.array(phi)
    assert phi.min() < 0.0
    assert np.ptp(phi[1000:]) > 0.5
    assert np.ptp(thrust[1000:]) > 50.0
    assert made.surges > 20


def test_it_feeds_a_net_through_a_check_valve():
    made = blower()
    port = made.ports["air"]
    port.joined, port.potential = True, made.site.pressure_pa + 20_000.0
    made.start()
    run(made, 1.0)
    assert port.flow > 0.5
    assert made.balances()["mass"].residual == pytest.approx(0.0, abs=1e-12)
    port.potential = made.site.pressure_pa + 90_000.0
    made.commands()["run"](0.0)
    run(made, 15.0, 100)
    assert port.flow == 0.0
    assert made.log.speed_rad_s == 0.0
    assert abs(made.y[k.PRESSURE]) < 100.0
    assert abs(made.balances()["mass"].residual) < 1e-9


def test_mass_is_kept_through_start_surge_and_stop():
    made = blower(warm=False)
    run(made, 15.0)
    made.commands()["throttle"](0.3)
    made.condition.valve_limit = 0.2
    run(made, 5.0, 1500)
    made.commands()["speed_share"](0.7)
    run(made, 3.0, 2000)
    made.commands()["run"](0.0)
    run(made, 12.0, 2300)
    mass = made.balances()["mass"]
    assert mass.came_in > 20.0
    assert abs(mass.residual) < 1e-9


def test_on_a_shaft_its_torque_has_the_slope_it_says():
    made = blower(built_in=False)
    assert isinstance(made, ShaftLoad)
    assert isinstance(made, OwnShaft)
    assert made.settle(2000.0) == pytest.approx(made.load(2000.0)[0])
    for speed in (0.0, 5.0, 2000.0):
        torque, rate, _ = made.load(speed)
        numeric = (made.load(speed + 1e-3)[0] - made.load(speed - 1e-3)[0]) / 2e-3
        assert rate == pytest.approx(numeric, rel=1e-5)
        assert torque >= 0.0


def test_a_saved_machine_goes_on_bit_for_bit():
    one, two = blower(), blower(warm=False)
    one.commands()["throttle"](0.48)
    run(one, 2.0)
    two.restore(one.save())
    assert np.array_equal(run(one, 2.0, 200), run(two, 2.0, 200))
    assert one.signals() == two.signals()
    assert one.balances() == two.balances()


def test_standing_still_backwards_and_closed_stay_finite():
    made = blower(warm=False, built_in=False, throttle=0.0)
    for i, speed in enumerate([0.0] * 20 + [-200.0] * 20 + [0.0] * 60):
        made.tick(i * TICK_NS)
        made.half_step(speed, 0.005)
        made.account(speed, 0.01)
    assert all(math.isfinite(v) for v in made.signals().values())
    assert abs(made.balances()["mass"].residual) < 1e-9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plenum_m3": 0.0}, r"k1\.plenum_m3 = 0\.0 must be above 0"),
        ({"speed_rad_s": 9000.0}, r"k1\.speed_rad_s = 9000\.0 must be slower: the wheel's tip would move at 1080 m/s"),
        ({"margin": 0.5}, r"k1\.margin = 0\.5 must be in \[1, 2\]"),
        ({"delay": 0.5}, r"plant\.parameters\.k1\.delay: unknown parameter; did you mean 'delay_s'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    plate = Nameplate(id="k1", kind="centrifugal_compressor")
    with pytest.raises(ValueError, match=message):
        CentrifugalCompressor.build(plate, given, Site(Streams(1)))


def test_a_nameplate_builds_it():
    plate = Nameplate(id="k1", kind="centrifugal_compressor", flow="1.5 m^3/s", drive="shaft", gear_ratio=8)
    with pytest.raises(ValueError, match="slower"):
        CentrifugalCompressor.build(plate, {}, Site(Streams(1)))
    plate = plate.model_copy(update={"speed": 310.0})
    made = CentrifugalCompressor.build(plate, {"margin": 1.2}, Site(Streams(1)))
    assert not made.parameters.built_in
    tip = 0.12 * 310.0 * 8
    assert made.parameters.duct_m2 * tip * 0.5 == pytest.approx(1.5)
