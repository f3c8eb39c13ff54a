"""The hydraulic power unit against closed forms, an independent stiff integration, its balances, and odd input."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from emulator.physics.hydraulic_parameters import L_MIN, HydraulicPowerUnitParameters, Phase
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit
from emulator.physics.kernels import hydraulic_power_unit as k
from emulator.physics.machine import ShaftLoad
from emulator.physics.oil import Oil, delivered_m3
from emulator.physics.ports import Junction
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.hydraulic_power_unit import HydraulicPowerUnit as Nameplate
from tests.oracles.hydraulics_radau import integrate

TICK_NS = 10_000_000
RATED = HydraulicPowerUnitParameters()
# One stroke in six seconds: advance and press, hold, retract, unloaded.
SHORT = (Phase(0.0, 0.6, 1.0), Phase(3.0, 0.1, 1.0), Phase(3.6, -0.6, 1.0), Phase(5.0, 0.0, 0.3))


def unit(warm=True, ambient_k=293.15, **given):
    given = {"cycle": SHORT, "cycle_s": 6.0} | given
    site = Site(Streams(1), warm=warm, ambient_k=ambient_k, cooling_water_k=ambient_k)
    made = HydraulicPowerUnit(HydraulicPowerUnitParameters(**given), site, "hpu1")
    made.start()
    return made


def run(machine, seconds, first=0):
    last = first + round(seconds * 100)
    for i in range(first, last):
        machine.tick(i * TICK_NS)
    return last


# --- closed forms ---------------------------------------------------------------------------------------------


def test_pump_flow_and_power():
    assert RATED.rated_flow_m3_s / L_MIN == pytest.approx(23.2, rel=1e-12)
    assert RATED.rated_flow_m3_s * RATED.pressure_pa == pytest.approx(6187.0, abs=0.5)


def test_an_orifice_of_one_millimetre_passes_what_bernoulli_says():
    constant = 0.61 * math.pi / 4.0 * 1e-6 * math.sqrt(2.0 / 870.0)
    flow, slope = k.orifice(150e5, constant)
    assert flow / L_MIN == pytest.approx(5.338, abs=5e-4)
    assert slope == pytest.approx(0.5 * flow / 150e5, rel=1e-5)
    assert k.orifice(-150e5, constant)[0] == -flow
    assert k.orifice(0.0, constant)[0] == 0.0


@pytest.mark.parametrize(
    ("precharge", "litres"), [(130e5, 0.06471), (115e5, 0.05929), (100e5, 0.05365), (90e5, 0.04976)]
)
def test_the_accumulator_gives_its_oil_along_the_adiabat(precharge, litres):
    assert delivered_m3(precharge, 0.75e-3, 160e5, 140e5) == pytest.approx(litres * 1e-3, abs=5e-9)
    # The same from the kernel's gas: an adiabat is a constant state.
    hpu = unit(warm=False)
    hpu.condition.precharge_pa = precharge - hpu.site.pressure_pa
    hpu._fill()
    s = hpu.state
    s[k.S_GAS_0] = 293.15
    volumes = []
    for pressure in (160e5, 140e5):
        s[k.S_GAS_M3] = 0.75e-3 * (precharge / pressure) ** (1.0 / 1.4)
        assert k.gas_pressure(s, hpu._p) + hpu.site.pressure_pa == pytest.approx(pressure, rel=1e-9)
        volumes.append(float(s[k.S_GAS_M3]))
    assert volumes[1] - volumes[0] == pytest.approx(litres * 1e-3, abs=5e-9)


def test_viscosity_lies_on_walthers_line():
    oil = Oil()
    assert oil.kinematic_m2_s(313.15) * 1e6 == pytest.approx(46.0)
    assert oil.kinematic_m2_s(373.15) * 1e6 == pytest.approx(6.8)

    def twice(nu):
        return math.log10(math.log10(nu * 1e6 + 0.7))

    between = math.sqrt(313.15 * 373.15)
    assert twice(oil.kinematic_m2_s(between)) == pytest.approx(0.5 * (twice(46e-6) + twice(6.8e-6)), rel=1e-12)
    assert oil.kinematic_m2_s(100.0) == oil.kinematic_m2_s(233.15)


def test_torque_at_rated_pressure():
    hpu = unit()
    hpu.pressure_mean_pa = 160e5
    torque, slope, curvature = hpu.load(RATED.speed_rad_s)
    ideal = 16e-6 * 160e5 / (2.0 * math.pi)
    viscous = 0.003 * hpu.oil.thin(0)
    assert torque == pytest.approx(1.04 * ideal + 0.8 + viscous * RATED.speed_rad_s, rel=1e-9)
    assert (slope, curvature) == (pytest.approx(viscous), 0.0)
    assert hpu.load(0.0)[0] == pytest.approx(ideal)


@pytest.mark.slow_without_jit
def test_a_blocked_press_rests_on_the_relief_valve():
    hpu = unit()
    hpu.commands()["cycle"](0.0)
    hpu.commands()["valve"](0.5)
    run(hpu, 4.0)
    p, a = hpu.state[k.S_PUMP], hpu._p
    net = RATED.rated_flow_m3_s - a[k.P_LEAK] * p
    relief = a[k.P_RELIEF] * (p - a[k.P_CLOSE]) / (a[k.P_FULL] - a[k.P_CLOSE]) * math.sqrt(p)
    null = 2.0 * a[k.P_PISTON] * p + 6.0 * RATED.null_share * a[k.P_VALVE] * math.sqrt(p)
    assert net - relief == pytest.approx(0.0, abs=null)
    assert hpu.signals()["press_force_n"] == pytest.approx(p * RATED.cap_area_m2, rel=0.02)


# --- the integration ------------------------------------------------------------------------------------------


def test_spool_step_is_exact():
    x, v = 0.0, 0.0
    for _ in range(7):
        x, v = k.spool(x, v, 1.0, 250.0, 0.8, 1e-3)
    w, z, t = 250.0, 0.8, 7e-3
    wd = w * math.sqrt(1 - z * z)
    assert x == pytest.approx(
        1 - math.exp(-z * w * t) * (math.cos(wd * t) + z / math.sqrt(1 - z * z) * math.sin(wd * t)), abs=1e-12
    )


@pytest.mark.slow_without_jit
def test_a_stroke_agrees_with_radau():
    """Pressing until the relief valve opens: 0.5 s by an independent stiff integration of the same equations."""
    hpu = unit()
    run(hpu, 1.9)
    a, s = hpu._p, hpu.state.copy()
    n = SimpleNamespace(
        beta=a[k.P_BETA], v_pump=a[k.P_V_PUMP], v_supply=a[k.P_V_SUPPLY], v_cap=a[k.P_V_CAP], v_rod=a[k.P_V_ROD],
        v_return=a[k.P_V_RETURN], cap=a[k.P_AREA_CAP], rod=a[k.P_AREA_ROD], stroke=0.4, mass=250.0, viscous=3000.0,
        coulomb=400.0, contact=0.3, stiffness=4e5, leak=a[k.P_LEAK], flow=a[k.P_FLOW], filter=a[k.P_FILTER],
        valve=a[k.P_VALVE], overlap=a[k.P_OVERLAP], null=a[k.P_NULL], neck=a[k.P_NECK], back=a[k.P_RETURN],
        cross=a[k.P_CROSS], piston=a[k.P_PISTON], make_up=a[k.P_MAKE_UP], open=a[k.P_OPEN], close=a[k.P_CLOSE],
        full=a[k.P_FULL], relief=a[k.P_RELIEF], relief_tau=0.003, mr=a[k.P_GAS_MR], gas_tau=10.0,
        wall=a[k.P_GAS_WALL], gas_v0=a[k.P_GAS_V0], air=a[k.P_AIR], spool_w=a[k.P_SPOOL_W], spool_z=0.8,
        target=a[k.P_TARGET],
    )  # fmt: skip
    y = np.array([*s[:6], k.gas_temperature(s, a), *s[7:10], *hpu.spool])
    assert hpu.mode[k.M_HELD] == 0
    expected, switched = integrate(n, y, bool(hpu.mode[k.M_RELIEF]), 0.5)
    hpu.mode[k.M_EVENTS] = 0
    k.advance(hpu.state, hpu.spool, hpu.mode, a, 0.0, 1e-4, 5000, hpu._sums, hpu.times)
    s = hpu.state
    assert len(switched) >= 1
    assert hpu.times[: hpu.mode[k.M_EVENTS]] == pytest.approx(switched, abs=1e-4)
    assert s[:5] == pytest.approx(expected[:5], abs=1e-4 * 160e5)
    assert k.gas_temperature(s, a) == pytest.approx(expected[6], rel=1e-4)
    assert (s[k.S_GAS_M3], s[k.S_PLACE]) == pytest.approx((expected[5], expected[7]), rel=1e-4)
    assert s[k.S_SPEED] == pytest.approx(expected[8], abs=1e-4)


@pytest.mark.slow_without_jit
def test_half_the_step_moves_nothing():
    coarse, fine = unit(inner_step_s=1e-4), unit(inner_step_s=5e-5)
    most = 0.0
    for i in range(600):
        coarse.tick(i * TICK_NS)
        fine.tick(i * TICK_NS)
        most = max(most, float(np.abs(coarse.state[:5] - fine.state[:5]).max()))
    events = int(coarse.mode[k.M_EVENTS])
    assert events == int(fine.mode[k.M_EVENTS]) >= 3
    assert coarse.times[:events] == pytest.approx(fine.times[:events], abs=1e-4)
    # At an edge the pressure moves 160 bar in milliseconds: a delay of microseconds is much of it for a tick.
    assert most < 2e-3 * 160e5
    assert coarse.state[:5] == pytest.approx(fine.state[:5], abs=1e-4 * 160e5)


@pytest.mark.slow_without_jit
def test_energy_and_oil_are_kept_over_a_start_and_a_stop():
    hpu = unit(warm=False)
    assert hpu.speed_rad_s == 0.0
    at = run(hpu, 7.0)
    hpu.commands()["run"](0.0)
    at = run(hpu, 3.0, at)
    assert hpu.speed_rad_s < 0.01
    hpu.commands()["run"](1.0)
    hpu.condition.precharge_pa, hpu.condition.softness = 100e5, 3.0
    hpu.condition.piston_hole_m = 0.001
    run(hpu, 5.0, at)
    energy, oil = hpu.balances()["energy"], hpu.balances()["oil"]
    assert energy.came_in > 3e4
    assert abs(energy.residual) < 1e-6
    assert oil.came_in > 2e-3
    assert abs(oil.residual) < 1e-6


@pytest.mark.slow_without_jit
def test_the_minute_of_the_nameplate_keeps_its_energy():
    hpu = unit(cycle=RATED.cycle, cycle_s=60.0)
    seen = set()
    for i in range(6000):
        hpu.tick(i * TICK_NS)
        assert 0.0 <= hpu.state[k.S_PLACE] <= 0.4
        seen.add(int(hpu.mode[k.M_HELD]))
    assert abs(hpu.balances()["energy"].residual) < 1e-6
    assert abs(hpu.balances()["oil"].residual) < 1e-6
    assert seen == {0, 1}
    assert hpu.signals()["press_force_n"] == 0.0


@pytest.mark.slow_without_jit
def test_the_end_of_the_stroke_stops_the_piston():
    hpu = unit(contact_m=0.4, stiffness_n_m=0.0)
    hpu.commands()["cycle"](0.0)
    hpu.commands()["valve"](1.0)
    run(hpu, 3.0)
    assert hpu.mode[k.M_HELD] == 2
    assert hpu.state[k.S_PLACE] == 0.4
    assert hpu.state[k.S_SPEED] == 0.0
    assert abs(hpu.balances()["energy"].residual) < 1e-6
    hpu.commands()["valve"](-1.0)
    run(hpu, 0.5, 300)
    assert hpu.state[k.S_PLACE] < 0.4


@pytest.mark.slow_without_jit
def test_the_static_map_agrees_on_means():
    f1, f0 = unit(), unit(dynamic=False)
    at = run(f1, 6.0), run(f0, 6.0)
    assert at == (600, 600)
    for quantity in ("came_in", "went_out"):
        a, b = (getattr(m.balances()["energy"], quantity) for m in (f1, f0))
        assert a == pytest.approx(b, rel=0.06)
    assert abs(f0.balances()["energy"].residual) < 1e-9
    assert f0.oil.temperatures_k[2] == pytest.approx(f1.oil.temperatures_k[2], abs=0.3)


# --- heat -----------------------------------------------------------------------------------------------------


def hot(leak, cooler):
    """Twenty minutes of all flow over the relief valve, little oil: (reservoir [°C], pump pressure [Pa])."""
    hpu = unit(dynamic=False, reservoir_m3=10e-3, reservoir_metal_j_k=0.0)
    hpu.cycling = False
    hpu.phase = hpu.manual
    hpu.condition.leak_factor, hpu.condition.cooler_share = leak, cooler
    for _ in range(1200):
        hpu._fill()
        hpu._advance(RATED.speed_rad_s, 1.0)
        hpu.account(RATED.speed_rad_s, 1.0)
    return hpu.oil.temperatures_k[2] - 273.15, hpu.state[k.S_PUMP]


@pytest.mark.slow_without_jit
def test_heat_thin_oil_and_leakage_run_away_together():
    sound, pressure = hot(1.0, 1.0)
    assert sound < 65.0
    assert pressure > 155e5
    worn, pressure = hot(8.0, 1.0)
    assert worn < 80.0
    # Both: oil beyond what it stands, and leakage that takes the pressure with it.
    both, lost = hot(8.0, 0.03)
    assert both > 100.0
    assert lost < 0.5 * pressure


def test_cold_oil_leaks_less_and_costs_more_torque():
    cold, warm = unit(), unit()
    for hpu, kelvin in ((cold, 283.15), (warm, 333.15)):
        hpu.oil.temperatures_k[:] = kelvin
        hpu._fill()
        hpu.pressure_mean_pa = 100e5
    assert cold._p[k.P_LEAK] < 0.1 * warm._p[k.P_LEAK]
    assert cold.load(150.0)[0] > warm.load(150.0)[0] + 0.5


def test_an_exchanger_outside_takes_the_coolers_place():
    from emulator.physics.heat_exchanger import HeatExchanger
    from emulator.physics.heat_exchanger_parameters import HeatExchangerParameters

    hpu = unit(dynamic=False)
    hx = HeatExchanger(
        HeatExchangerParameters(
            hot_heat_j_kg_k=1950.0, hot_density_kg_m3=870.0, hot_flow_kg_s=0.15, conductance_w_k=600.0
        ),
        hpu.site, "hx1",
    )  # fmt: skip
    links = [
        Junction(hx.ports["hot_in"], [hpu.ports["oil_out"]]),
        Junction(hpu.ports["oil_in"], [hx.ports["hot_out"]]),
    ]
    for link in links:
        link.store.joined = link.takers[0].joined = True
        link.exchange()
    hx.start()
    for i in range(3000):
        for link in links:
            link.exchange()
        hx.tick(i * TICK_NS)
        hpu.tick(i * TICK_NS)
    assert hx.duty_w > 2000.0
    assert hpu.oil.cooler_w == pytest.approx(hx.duty_w, rel=0.02)
    assert hpu.oil.temperatures_k[3] == pytest.approx(hx.outlet_k["hot"], abs=1.0)  # and the cooling pump's own heat
    assert hpu.oil.pressure_pa > hx.pressure_drop_pa("hot")
    assert abs(hpu.balances()["energy"].residual) < 1e-9


# --- on a shaft, saved, heard ---------------------------------------------------------------------------------


def test_a_shaft_turns_it_as_it_turns_itself():
    own, driven = unit(), unit()
    assert isinstance(driven, ShaftLoad)
    speed = RATED.speed_rad_s
    own.start()
    torque = driven.settle(speed)
    driven.start()
    assert torque * speed == pytest.approx(own.load(speed)[0] * speed)
    assert "run" not in driven.commands()
    for i in range(100):
        own.tick(i * TICK_NS)
        driven.tick(i * TICK_NS)
        driven.half_step(speed, 0.005)
        driven.half_step(speed, 0.005)
        driven.account(speed, 0.01)
    assert driven.signals() == own.signals()
    assert driven.shaft_w > 1000.0


@pytest.mark.slow_without_jit
def test_a_saved_unit_goes_on_bit_for_bit():
    one = unit()
    at = run(one, 1.7)
    one.condition.piston_hole_m = 0.001
    saved = one.save()
    run(one, 2.0, at)
    two = unit(warm=False)
    two.restore(saved)
    run(two, 2.0, at)
    assert two.signals() == one.signals()
    assert two.balances() == one.balances()
    assert np.array_equal(
        two.waveform("pump_pressure_pa", None, 3690, 10, 1000.0),
        one.waveform("pump_pressure_pa", None, 3690, 10, 1000.0),
    )


@pytest.mark.slow_without_jit
def test_ripple_stands_at_pistons_times_speed():
    hpu = unit()
    hpu.commands()["cycle"](0.0)
    at = run(hpu, 4.0)
    parts = []
    for _ in range(200):
        run(hpu, 0.01, at)
        parts.append(hpu.waveform("pump_pressure_pa", None, at * 100, 100, 10_000.0))
        at += 1
    wave = np.concatenate(parts)
    spectrum = np.abs(np.fft.rfft((wave - wave.mean()) * np.hanning(wave.size))) / wave.size * 4.0
    assert np.argmax(spectrum) == 2 * 9 * 1450 // 60
    assert spectrum.max() == pytest.approx(hpu.signals()["ripple_pa"], rel=0.02)
    again = hpu.waveform("pump_pressure_pa", None, (at - 200) * 100, 5000, 10_000.0)
    assert np.array_equal(again, wave[:5000])
    shake = np.concatenate([hpu.waveform("vibration_velocity_m_s", None, (at - 200) * 100, 10_000, 10_000.0)])
    assert math.sqrt(float(np.mean(shake**2))) == pytest.approx(hpu.signals()["vibration_velocity_m_s"], rel=0.01)


def test_at_a_hundred_hertz_a_pressure_is_that_of_the_tick():
    hpu = unit()
    seen = []
    for i in range(30):
        seen.append(hpu.signals()["cap_pressure_pa"])
        hpu.tick(i * TICK_NS)
    assert hpu.waveform("cap_pressure_pa", None, 1, 29, 100.0).tolist() == seen[1:]
    with pytest.raises(ValueError, match="hpu1 has no waveform 'flow'; there are: pump_pressure_pa, "):
        hpu.waveform("flow", None, 0, 1, 100.0)


# --- odd and bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.0, -100.0, 400.0])
def test_standing_reversed_and_overspeeding_stay_finite(speed):
    hpu = unit()
    hpu.driven = True
    for i in range(100):
        hpu.tick(i * TICK_NS)
        hpu.half_step(speed, 0.005)
        hpu.half_step(speed, 0.005)
        hpu.account(speed, 0.01)
    assert all(math.isfinite(value) for value in hpu.signals().values())
    assert abs(hpu.balances()["energy"].residual) < 2e-6
    assert hpu.state[:5].min() > -5e5


def test_frost_and_no_water_stay_finite():
    hpu = unit(warm=False, ambient_k=253.15, water_flow_kg_s=0.0)
    run(hpu, 2.0)
    assert all(math.isfinite(value) for value in hpu.signals().values())
    assert hpu.signals()["cooling_power_w"] == 0.0
    assert abs(hpu.balances()["energy"].residual) < 1e-6


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mass_kg": 0.01}, r"hpu1\.mass_kg = 0.01 swings on its oil faster than the steps; give more mass"),
        ({"motor_efficiency": 1.2}, r"hpu1\.motor_efficiency = 1.2 must be in \(0, 1\]; more comes out than goes in"),
        ({"bulk_pa": -1.0}, r"hpu1\.bulk_pa = -1 must be positive"),
        ({"bulk_pa": "soft"}, r"hpu1\.bulk_pa = 'soft' must be a finite number"),
        ({"spool_damping": 1.0}, r"hpu1\.spool_damping = 1 must be in \(0, 1\)"),
        ({"inner_step_s": 0.01}, r"hpu1\.inner_step_s = 0.01 must be at most 5e-4"),
        ({"bulk": 1.0}, r"plant\.parameters\.hpu1\.bulk: unknown parameter; did you mean 'bulk_pa'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    plate = Nameplate(id="hpu1", kind="hydraulic_power_unit")
    with pytest.raises(ValueError, match=message):
        HydraulicPowerUnit.build(plate, given, Site(Streams(1)))


def test_a_nameplate_builds_it_with_its_own_cycle():
    plate = Nameplate(
        id="hpu1", kind="hydraulic_power_unit", displacement="10 cm^3", pressure="100 bar", cycle_time="10 s",
        cycle=[{"at": "0 s", "valve": 0.5}, {"at": "5 s", "valve": -0.5, "pressure": 0.5}],
    )  # fmt: skip
    made = HydraulicPowerUnit.build(plate, {"mass_kg": 300.0}, Site(Streams(1)))
    assert made.parameters.rated_flow_m3_s == pytest.approx(14.5 * L_MIN)
    assert made.parameters.phase_at(17.0) == Phase(5.0, -0.5, 0.5)
    assert made.parameters.mass_kg == 300.0
    assert dataclasses.replace(made.parameters).phase_at(14.99).valve == 0.5
    late = plate.model_copy(update={"cycle": plate.cycle[1:]})
    with pytest.raises(ValueError, match=r"hpu1\.cycle starts at \[5.0\] s; it must begin at 0"):
        HydraulicPowerUnit.build(late, {}, Site(Streams(1)))
