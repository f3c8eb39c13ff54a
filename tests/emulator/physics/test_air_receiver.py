"""The receiver against closed forms, its accounts, its water, and input that makes no sense."""

import math

import pytest

from emulator.physics import air
from emulator.physics.air_receiver import AirReceiver, AirReceiverParameters
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.air_receiver import AirReceiver as Nameplate

TICK_NS = 10_000_000
CHOKED = math.sqrt(1.4) * (2.0 / 2.4) ** 3.0


def receiver(warm=True, site=None, **given):
    made = AirReceiver(AirReceiverParameters(**given), site or Site(Streams(1), warm=warm, pressure_pa=1e5), "v1")
    made.start()
    return made


def feed(made, seconds, inward=0.0, outward=0.0, met_k=293.15):
    port = made.ports["air"]
    port.joined = True
    port.inward, port.flow, port.met_k = inward, inward - outward, met_k
    for i in range(round(seconds * 100)):
        made.tick(i * TICK_NS)


def test_isothermal_filling_is_linear_in_time():
    made = receiver(isothermal=True, start_pa=0.0)
    flow = 6.1 / 60.0 * 1e5 / (air.R_AIR * 293.15)
    feed(made, 73.77, inward=flow, met_k=310.0)
    assert made.pressure_pa - 1e5 == pytest.approx(7.5e5, rel=1e-4)
    assert made.temperature_k == 293.15


def test_an_insulated_receiver_that_is_filled_grows_hot_as_the_first_law_says():
    made = receiver(wall_w_k=0.0, start_pa=0.0)
    m0 = made.mass_kg
    feed(made, 20.0, inward=0.1)
    m1 = m0 + 2.0
    assert made.mass_kg == pytest.approx(m1, rel=1e-12)
    # m1 c_v T1 = m0 c_v T0 + Δm c_p T_in
    assert made.temperature_k == pytest.approx((m0 + 1.4 * 2.0) * 293.15 / m1, rel=1e-9)


def test_an_insulated_receiver_that_empties_cools_along_the_isentrope():
    made = receiver(wall_w_k=0.0, start_pa=7e5)
    p0, t0 = made.pressure_pa, made.temperature_k
    feed(made, 40.0, outward=0.1)
    assert made.temperature_k == pytest.approx(t0 * (made.pressure_pa / p0) ** (0.4 / 1.4), rel=1e-6)


def test_the_pressure_follows_both_terms_of_its_equation():
    made = receiver(start_pa=6e5)
    p0, t0 = made.pressure_pa, made.temperature_k
    feed(made, 0.01, inward=0.12, outward=0.05, met_k=320.0)
    rate = (made.pressure_pa - p0) / 0.01
    warming = (made.temperature_k - t0) / 0.01
    assert rate == pytest.approx(air.R_AIR * t0 * 0.07 + p0 * warming / t0, rel=1e-4)


@pytest.mark.parametrize("diameter_m", [0.001, 0.004, 0.008])
def test_a_hole_lets_out_what_the_choked_orifice_says(diameter_m):
    made = receiver(start_pa=7.5e5)
    made.condition.leak_diameter_m = diameter_m
    feed(made, 0.01)
    closed = 0.62 * math.pi / 4 * diameter_m**2 * 8.5e5 * CHOKED / math.sqrt(air.R_AIR * 293.15)
    assert made.leak_kg_s == pytest.approx(closed, rel=1e-3)


def test_the_leak_can_be_estimated_from_how_fast_the_pressure_falls():
    made = receiver(isothermal=True, start_pa=7.0e5)
    made.condition.leak_diameter_m = 0.004
    before = made.pressure_pa
    feed(made, 10.0)
    estimate = (before - made.pressure_pa) / 10.0 * 1.0 / (air.R_AIR * 293.15)
    assert estimate == pytest.approx(made.balances()["mass"].went_out / 10.0, rel=1e-9)
    assert estimate == pytest.approx(made.leak_kg_s, rel=0.02)
    # choked: p falls as an exponential whose rate the area gives
    rate = 0.62 * math.pi / 4 * 0.004**2 * CHOKED * math.sqrt(air.R_AIR * 293.15)
    assert made.pressure_pa == pytest.approx(before * math.exp(-10.0 * rate), rel=1e-4)


def test_the_safety_valve_keeps_the_pressure():
    made = receiver(start_pa=10.9e5, relief_m2=4e-4)
    feed(made, 30.0, inward=0.25)
    assert 11.0e5 < made.pressure_pa - 1e5 < 12.1e5
    assert made.relief_kg_s == pytest.approx(0.25, rel=0.05)


def test_mass_and_energy_are_kept_through_filling_and_emptying():
    made = receiver(warm=False)
    made.condition.leak_diameter_m = 0.006
    for seconds, inward, outward in ((30, 0.12, 0.0), (20, 0.0, 0.2), (5, 0.0, 0.0), (10, 0.2, 0.1)):
        feed(made, seconds, inward, outward, 325.0)
    assert made.balances()["mass"].came_in == pytest.approx(5.6)
    for balance in made.balances().values():
        assert abs(balance.residual) < 1e-10


def test_moist_air_is_dried_and_condenses_without_a_dryer():
    site = Site(Streams(1), ambient_k=303.15, humidity=0.7, pressure_pa=1e5)
    dried, wet = receiver(site=site), receiver(site=site, dryer_k=0.0)
    for made in (dried, wet):
        feed(made, 60.0, inward=0.12, outward=0.12)
    assert dried.signals()["dew_point_k"] == pytest.approx(276.15, abs=0.2)
    assert wet.signals()["dew_point_k"] > 295.0
    site.ambient_k = 278.15
    feed(wet, 60.0)
    assert wet.condensate_kg > 0.0
    assert wet.signals()["dew_point_k"] == pytest.approx(wet.temperature_k, abs=0.05)
    # Magnus against tables: 20 °C 2339 Pa
    assert air.saturation_pa(293.15) == pytest.approx(2339.0, rel=5e-3)
    assert air.dew_point_k(air.saturation_pa(283.0)) == pytest.approx(283.0, abs=1e-9)


def test_a_saved_receiver_goes_on_bit_for_bit():
    one, two = receiver(start_pa=6e5), receiver(warm=False)
    one.condition.leak_diameter_m = 0.003
    feed(one, 1.0, 0.1, 0.05, 310.0)
    two.restore(one.save())
    for made in (one, two):
        feed(made, 1.0, 0.02, 0.05, 310.0)
    assert one.signals() == two.signals()
    assert one.balances() == two.balances()


@pytest.mark.parametrize("outward", [0.0, 0.05])
def test_an_empty_receiver_stays_finite(outward):
    made = receiver(warm=False, volume_m3=0.01, wall_w_k=1.0)
    made.site.ambient_k = 253.15
    made.condition.leak_diameter_m = 0.008
    feed(made, 0.2, outward=outward)
    assert all(math.isfinite(value) for value in made.signals().values())
    assert abs(made.balances()["mass"].residual) < 1e-9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"volume_m3": 0.0}, r"v1\.volume_m3 = 0\.0 must be in \[0\.01, 100000\] m³; a pipe alone is no receiver"),
        ({"wall_w_k": 1e9}, r"v1\.wall_w_k = 1000000000\.0 must be in .*level F0 is isothermal"),
        ({"relief_pa": math.nan}, r"v1\.relief_pa = nan must be a finite number"),
        ({"volume": 1.0}, r"plant\.parameters\.v1\.volume: unknown parameter; did you mean 'volume_m3'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    plate = Nameplate(id="v1", kind="air_receiver")
    with pytest.raises(ValueError, match=message):
        AirReceiver.build(plate, given, Site(Streams(1)))


def test_a_nameplate_builds_it():
    plate = Nameplate(id="v1", kind="air_receiver", volume="3 m^3", pressure="6 bar", level="F0")
    made = AirReceiver.build(plate, {"relief_m2": 1e-4}, Site(Streams(1)))
    assert (made.parameters.volume_m3, made.parameters.isothermal, made.parameters.relief_m2) == (3.0, True, 1e-4)
    assert made.signals()["gauge_pressure_pa"] == pytest.approx(6e5)
