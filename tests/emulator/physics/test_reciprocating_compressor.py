"""The reciprocating compressor against the polytropic cycle: means, indicator diagram, valves, rod, shaft."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from emulator.physics import air
from emulator.physics.compressor_control import ControlParameters
from emulator.physics.drive_train import DriveTrain
from emulator.physics.induction_motor import InductionMotor, InductionMotorParameters
from emulator.physics.kernels import reciprocating_compressor as k
from emulator.physics.machine import OwnShaft, ShaftLoad
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor
from emulator.physics.reciprocating_parameters import ReciprocatingParameters
from emulator.physics.site import Site
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams
from rigs.assets.reciprocating_compressor import ReciprocatingCompressor as Nameplate

pytestmark = pytest.mark.slow_without_jit
TICK_NS = 10_000_000
BAND = ControlParameters(load_pa=2.9e5, unload_pa=3.3e5, setpoint_pa=3.0e5, stroke_s=0.2)
RHO = 1e5 / (air.R_AIR * 293.15)


def piston(warm=True, gauge_pa=3e5, **given):
    site = Site(Streams(1), warm=warm, pressure_pa=1e5)
    made = ReciprocatingCompressor(ReciprocatingParameters(**({"built_in": True} | given)), BAND, site, "k1")
    made.ports["air"].potential = 1e5 + gauge_pa
    made.start()
    return made


def run(made, seconds, first=0):
    ticks = round(seconds * 100)
    for i in range(first, first + ticks):
        made.tick(i * TICK_NS)
    return first + ticks


def volume(turns, p=None):
    """Slider and crank, written from the drawing."""
    p = p or ReciprocatingParameters()
    r, theta = 0.5 * p.stroke_m, 2.0 * math.pi * np.asarray(turns)
    x = r + p.rod_m - (r * np.cos(theta) + np.sqrt(p.rod_m**2 - (r * np.sin(theta)) ** 2))
    return p.area_m2 * (x + p.clearance * p.stroke_m)


# --- the targets of the ideal cycle -----------------------------------------------------------------------------------


def test_cycle_means_are_those_of_the_closed_forms():
    cycle = piston().cycle()
    assert cycle["volumetric_efficiency"] == pytest.approx(0.88571, abs=5e-6)
    assert cycle["volumetric_efficiency"] == pytest.approx(1.06 - 0.06 * 4 ** (1 / 1.3), rel=1e-12)
    assert cycle["ideal_work_j"] == pytest.approx(144.699, abs=5e-4)
    assert cycle["mass_kg"] == pytest.approx(0.88571 * RHO * 1e-3, rel=1e-5)
    adiabatic = piston(index=1.4).cycle()
    assert adiabatic["discharge_k"] == pytest.approx(435.62, abs=0.01)


def test_the_area_of_the_ideal_diagram_is_its_work():
    made = piston()
    a = made.cylinders.rows[0]
    # the kinks of the cycle are ends of pieces, each integrated by Gauss and Legendre
    v1, v2 = 1.06e-3, 0.06e-3
    corners = [v2, v2 * 4 ** (1 / 1.3), v1, v1 * 0.25 ** (1 / 1.3), v2]
    x, w = np.polynomial.legendre.leggauss(24)
    down = volume(np.linspace(0.0, 0.5, 100_001))
    area = 0.0
    for i, (a0, a1) in enumerate(itertools.pairwise(corners)):
        for xi, wi in zip(x, w, strict=True):
            v = 0.5 * (a0 + a1) + 0.5 * (a1 - a0) * xi
            s = np.interp(v, down, np.linspace(0.0, 0.5, 100_001))
            turn = s if i < 2 else 1.0 - s
            area -= 0.5 * (a1 - a0) * wi * float(k.ideal_pressure(2 * math.pi * turn, 1e5, 4e5, a))
    assert area == pytest.approx(made.cycle()["ideal_work_j"], rel=1e-6)


# --- level F2: gas and valves -----------------------------------------------------------------------------------------


def test_the_loop_of_the_indicator_is_the_work_done():
    # 10 Hz: a turn is ten ticks
    made = piston(speed_rad_s=20.0 * math.pi)
    end = run(made, 0.5)
    made.own_trace(0)
    before = made.cylinders.sums[:, k.W].copy()
    run(made, 0.1, end)
    made.own_trace(end * TICK_NS)
    work = made.cylinders.sums[:, k.W] - before
    rate = 400_000.0
    n0 = round(end * 0.01 * rate)
    p = made.waveform("cylinder_1_pressure_pa", None, n0, 40_000, rate)
    v = volume((np.arange(40_001) + n0) / rate * 10.0)
    closed = np.append(p, p[0])
    loop = -np.sum(0.5 * (closed[1:] + closed[:-1]) * np.diff(v))
    assert loop == pytest.approx(work[0], rel=1e-6)


def test_levels_agree_on_means_within_a_percent():
    fine, coarse = piston(), piston(waveforms=False)
    for made in (fine, coarse):
        run(made, 2.0)
    a, b = fine.balances(), coarse.balances()
    assert a["mass"].came_in == pytest.approx(b["mass"].came_in, rel=0.01)
    assert a["energy"].came_in == pytest.approx(b["energy"].came_in, rel=0.01)
    assert fine.heat.discharge_k == pytest.approx(coarse.heat.discharge_k, rel=0.01)
    assert fine.mean_flow_kg_s / (2 * 12 * RHO * 1e-3) == pytest.approx(0.88571, rel=0.01)
    assert coarse.waveforms() == ()


@pytest.mark.parametrize("gauge_pa", [1e5, 7e5])
def test_levels_agree_at_other_pressures_too(gauge_pa):
    # by hand over whole turns, so that the band does not unload it
    made = piston(gauge_pa=gauge_pa)
    made.control_parameters = ControlParameters(unload_pa=8e5, setpoint_pa=7e5)
    made.start()
    made.cylinders.sums[:] = 0.0
    made.cylinders.turn(0.0, made.parameters.speed_rad_s, 4)
    cycle = made.cycle()
    assert made.cylinders.sums[0, k.M_DISCHARGE] / 4 == pytest.approx(cycle["mass_kg"], rel=0.015)
    assert made.cylinders.sums[0, k.W] / 4 == pytest.approx(cycle["work_j"], rel=0.015)


def test_halving_the_step_moves_blows_and_means_by_next_to_nothing():
    def blows(steps):
        made = piston(steps=steps)
        made.cylinders.sums[:] = 0.0
        made.cylinders.turn(0.0, made.parameters.speed_rad_s, 1)
        made.cylinders._advance(made.cylinders.state, made.cylinders.sums, 0.0, 75.4, 75.4, 0.02)
        found = made.cylinders._found
        first = {}
        for t, _, kind, throw in found[:60]:
            if t > 0.0:
                first.setdefault((kind, throw), t)
        return first, float(made.cylinders.sums[0, k.W])

    (coarse, work), (fine, finer) = blows(200), blows(400)
    assert set(coarse) == set(fine)
    assert max(abs(coarse[key] - fine[key]) for key in fine) < 1e-4
    assert work == pytest.approx(finer, rel=1e-4)


def test_mass_and_both_energies_are_kept_through_starts_unloading_and_stops():
    made = piston(warm=False, gauge_pa=2.95e5)
    made.condition.ring_leak_kg_s_pa[0], made.condition.suction_leak_m2[1] = 1e-8, 1e-5
    made.control_parameters = dataclasses.replace(BAND, load_delay_s=0.5)
    at = run(made, 4.0)
    assert made.control.opening == 1.0
    made.ports["air"].potential = 4.4e5
    at = run(made, 1.0, at)
    assert made.control.opening == 0.0
    made.commands()["run"](0.0)
    at = run(made, 4.0, at)
    assert made.log.speed_rad_s == 0.0
    made.commands()["run"](1.0)
    made.ports["air"].potential = 3.8e5
    run(made, 3.0, at)
    accounts = made.balances()
    assert accounts["mass"].came_in > 0.05
    assert set(accounts) == {"mass", "energy", "gas"}
    for balance in accounts.values():
        assert abs(balance.residual) < 1e-9


def test_unloaded_it_delivers_nothing_and_takes_little():
    made = piston(gauge_pa=3.4e5)
    at = run(made, 1.0)
    assert made.control.opening == 0.0
    before = made.balances()["energy"].came_in
    flow = made._mass[1]
    run(made, 1.0, at)
    assert (made._mass[1] - flow) < 1e-6
    assert made.balances()["energy"].came_in - before < 0.15 * 3700.0


# --- on a shaft -------------------------------------------------------------------------------------------------------


def test_two_throws_swing_the_torque_about_its_mean():
    made = piston(built_in=False)
    assert isinstance(made, ShaftLoad)
    assert isinstance(made, OwnShaft)
    made.settle(75.4)
    made.start()
    torques = []
    for i in range(250):
        made.tick(i * TICK_NS)
        made.half_step(75.4, 0.005)
        torques.append(made.load(75.4)[0])
        made.account(75.4, 0.01)
    torques = np.array(torques)
    assert torques.mean() == pytest.approx(made.settle(75.4), rel=0.02)
    assert np.ptp(torques) > torques.mean()
    spectrum = np.abs(np.fft.rfft(torques - torques.mean()))
    assert np.argmax(spectrum) * 0.4 == pytest.approx(24.0, abs=0.5)  # twice a turn
    # what the shaft gave is what gas and friction took: the moving masses only lend
    work = torques.sum() * 75.4 * 0.01
    assert work == pytest.approx(made.balances()["energy"].came_in, rel=0.01)


def test_the_torque_is_what_the_rod_puts_on_the_crank():
    made = piston(built_in=False, throws=1)
    made.settle(75.4)
    made.start()
    torques = []
    for i in range(20):
        made.tick(i * TICK_NS)
        made.half_step(75.4, 0.005)
        torques.append(made.load(75.4)[0] - made.parameters.friction_nm)
        made.account(75.4, 0.01)
    made.own_trace(0)
    load = made.waveform("rod_1_load_n", None, 0, 20_000, 100_000.0)
    turns = (np.arange(20_000) + 0.5) / 100_000.0 * 75.4 / (2.0 * math.pi)
    lever = (volume(turns + 1e-5) - volume(turns - 1e-5)) / (2e-5 * 2.0 * math.pi) / made.parameters.area_m2
    expected = -(load * lever).reshape(20, 1000).mean(1)
    assert np.abs(np.array(torques) - expected).max() < 0.01 * np.abs(expected).max()


def test_a_motor_turns_it_with_ripple_and_one_angle():
    made = piston(built_in=False, warm=False, speed_rad_s=155.0, stroke_m=0.05)
    made.control_parameters = dataclasses.replace(BAND, load_delay_s=1.8)
    motor = InductionMotor(InductionMotorParameters(), made.inertia_kg_m2)
    drive = Vfd(VfdParameters(current_limit_a=1e9, bypass=True))
    train = DriveTrain(motor, drive, loads=[made])
    drive.command_run(True)
    speeds = []
    for i in range(400):
        made.tick(i * TICK_NS)
        train.tick()
        speeds.append(motor.speed_rad_s)
    assert (made.log.angle.revs, made.log.angle.frac) == (train.angle.revs, train.angle.frac)
    assert made.control.opening == 1.0
    assert np.ptp(speeds[-50:]) > 1.2 * np.ptp(speeds[150:200])  # loaded, against idling
    assert abs(made.balances()["gas"].residual) < 1e-9


# --- heard and seen ---------------------------------------------------------------------------------------------------


def block(made, ticks=20, first=0):
    for i in range(first, first + ticks):
        made.tick(i * TICK_NS)
    made.own_trace(first * TICK_NS)


def test_the_indicator_shows_polytropes_and_the_rod_its_gas_and_inertia():
    made = piston()
    block(made)
    p = made.waveform("cylinder_1_pressure_pa", None, 0, 5000, 25_000.0)
    rod = made.waveform("rod_1_load_n", None, 0, 5000, 25_000.0)
    turns = np.arange(5000) / 25_000.0 * 12.0
    v = volume(turns)
    rising = (turns % 1.0 > 0.60) & (turns % 1.0 < 0.75)  # valves shut, compressing
    logs = np.polyfit(np.log(v[rising]), np.log(p[rising]), 1)
    assert logs[0] == pytest.approx(-1.3, abs=1e-3)
    p_ = made.parameters
    h = 1e-5
    ddx = (volume(turns + h) - 2 * v + volume(turns - h)) / (h / 12.0) ** 2 / p_.area_m2
    expected = (p - 1e5) * p_.area_m2 - p_.moving_kg * ddx
    assert np.abs(rod - expected).max() < 0.01 * np.abs(rod).max()
    assert rod.min() < 0.0 < rod.max()
    second = made.waveform("cylinder_2_pressure_pa", None, 0, 5000, 25_000.0)
    half = round(25_000 / 24)
    assert np.corrcoef(p[: 5000 - half], second[half:])[0, 1] > 0.999


def heard(quantity, blocks, ticks, cuts=1, save_at=None):
    made = piston()
    made.condition.knock_clearance_m[0] = 2e-4
    parts = []
    for b in range(blocks):
        block(made, ticks, b * ticks)
        edges = np.linspace(b * ticks * 250, (b + 1) * ticks * 250, cuts + 1).astype(int)
        for low, high in itertools.pairwise(edges):
            parts.append(made.waveform(quantity, None, int(low), int(high - low), 25_000.0))
            if save_at == b:
                saved = made.save()
                made = piston(warm=False)
                made.restore(saved)
    return np.concatenate(parts)


@pytest.mark.parametrize("quantity", ["acceleration_m_s2", "cylinder_1_pressure_pa", "rod_1_position_m"])
def test_blocks_cuts_and_restarts_do_not_show(quantity):
    whole = heard(quantity, 1, 40)
    assert np.array_equal(heard(quantity, 40, 1, 3), whole)
    assert np.array_equal(heard(quantity, 4, 10, save_at=1), whole)


def test_the_rate_does_not_show_in_the_acceleration():
    def rms(rate):
        made = piston(noise_m_s2=0.0)
        block(made, 100)
        lines = np.fft.rfft(made.waveform("acceleration_m_s2", None, 0, round(rate), rate)) / rate
        return np.sqrt(np.sum(np.abs(lines[5:4000]) ** 2))

    assert rms(51_200.0) == pytest.approx(rms(25_600.0), rel=0.03)


def test_waveforms_out_of_order_are_refused():
    made = piston()
    with pytest.raises(ValueError, match="no block has been stepped yet"):
        made.waveform("rod_1_load_n", None, 0, 10, 25_000.0)
    block(made, 1)
    with pytest.raises(ValueError, match=r"are not in this block, 0\.\.249"):
        made.waveform("rod_1_load_n", None, 245, 10, 25_000.0)
    with pytest.raises(ValueError, match="k1 has no waveform 'cylinder_3_pressure_pa'"):
        made.waveform("cylinder_3_pressure_pa", None, 0, 10, 25_000.0)


# --- building ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.0, -30.0, 200.0])
def test_standing_still_backwards_and_far_too_fast_stay_finite(speed):
    made = piston(warm=False, built_in=False, gauge_pa=-0.2e5)
    made.site.ambient_k = 253.15
    for i in range(60):
        made.tick(i * TICK_NS)
        made.half_step(speed, 0.005)
        assert all(math.isfinite(x) for x in made.load(speed))
        made.account(speed, 0.01)
    assert all(math.isfinite(v) for v in made.signals().values())
    assert abs(made.balances()["gas"].residual) < 1e-9
    assert abs(made.balances()["mass"].residual) < 1e-9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"clearance": 0.0}, r"k1\.clearance = 0\.0 must be in \[0\.005, 1\]"),
        ({"rod_m": 0.04}, r"k1\.rod_m = 0\.04 must be longer than the crank"),
        ({"spring_n_m": 1e9}, r"k1\.spring_n_m = 1000000000\.0 must be softer"),
        ({"index": 2.0}, r"k1\.index = 2\.0 must be in \[1\.05, 1\.67\]"),
        ({"valve": 1.0}, r"plant\.parameters\.k1\.valve: unknown parameter; did you mean 'valve_m2'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    plate = Nameplate(id="k1", kind="reciprocating_compressor")
    with pytest.raises(ValueError, match=message):
        ReciprocatingCompressor.build(plate, given, Site(Streams(1)))


def test_a_nameplate_builds_it():
    plate = Nameplate(id="k1", kind="reciprocating_compressor", bore="160 mm", throws=3, level="F1")
    made = ReciprocatingCompressor.build(plate, {"throw_turns": 1 / 3, "unload_pa": 3.2e5}, Site(Streams(1)))
    assert made.parameters.area_m2 == pytest.approx(math.pi * 0.08**2)
    assert made.parameters.valve_m2 == pytest.approx(9e-4 * made.parameters.area_m2 / 0.01)
    assert made.control_parameters.unload_pa == 3.2e5
    assert not made.parameters.waveforms
    assert len(made.condition.suction_leak_m2) == 3
