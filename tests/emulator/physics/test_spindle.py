import itertools
import math

import numpy as np
import pytest

from emulator.physics import spindle_drive
from emulator.physics.milling import WEAR_LIMIT_M, Cut, tool_life_s
from emulator.physics.nc_program import CUT, Program
from emulator.physics.site import Site
from emulator.physics.spindle import Spindle
from emulator.physics.spindle_data import SpindleParameters
from emulator.streams import Streams
from rigs.assets.spindle import Spindle as Nameplate
from tests.emulator.spindles import Cell, line

P = SpindleParameters()
WAVES = ["acceleration_x_m_s2", "acceleration_y_m_s2", "tangential_force_n", "current_a", "acoustic_pa"]


# --- drive and energy ---------------------------------------------------------------------------------------


def test_the_drive_follows_an_independent_integration_through_its_limit():
    from scipy.integrate import solve_ivp

    def motor(_t, y):
        torque = min(max(20.0 * (600.0 - y[0]), -40.0), 40.0)
        return [(torque - 3.0 - 5e-4 * y[0]) / 0.02, torque * y[0]]

    done = spindle_drive.advance(100.0, 600.0, 0.35, 0.02, 20.0, 5e-4, 3.0, 40.0)
    exact = solve_ivp(motor, (0.0, 0.35), [100.0, 0.0], rtol=1e-11, atol=1e-9, max_step=1e-3)
    assert done.speed_rad_s == pytest.approx(exact.y[0, -1], rel=1e-7)
    assert done.motor_j == pytest.approx(exact.y[1, -1], rel=1e-6)
    halves = spindle_drive.advance(100.0, 600.0, 0.2, 0.02, 20.0, 5e-4, 3.0, 40.0)
    halves = spindle_drive.advance(halves.speed_rad_s, 600.0, 0.15, 0.02, 20.0, 5e-4, 3.0, 40.0)
    assert halves.speed_rad_s == pytest.approx(done.speed_rad_s, rel=1e-12)


def test_cutting_power_is_force_times_speed():
    cell = Cell()
    cell.until_cutting()
    for _ in range(20):
        cell.step(1)
        signals = cell.spindle.signals()
        power = cell.spindle.cut_torque_nm * signals["speed_rad_s"]
        assert signals["cutting_force_n"] * signals["cutting_speed_m_s"] == pytest.approx(power, rel=1e-9)
        assert signals["cutting_power_w"] > 100.0


def test_energy_heat_and_parts_close_over_starts_stops_and_cuts():
    cell = Cell(warm=False)
    for seconds, on in ((12.0, 1.0), (2.0, 0.0), (9.0, 1.0)):
        cell.spindle.commands()["run"](on)
        cell.step(round(seconds * 100))
        assert (cell.spindle.speed_rad_s > 1.0) == bool(on)
    balances = cell.spindle.balances()
    assert balances["energy"].came_in > 1e4
    assert balances["parts"].came_in == 2.0
    assert {name: abs(b.residual) < 1e-9 for name, b in balances.items()} == dict.fromkeys(balances, True)


@pytest.mark.slow_without_jit
def test_levels_agree_on_the_mean_cutting_power():
    cell = Cell()
    force = cell.cut(["tangential_force_n"])[0]
    assert force.mean() == pytest.approx(cell.spindle.cutting_force_n, rel=0.01)


@pytest.mark.slow_without_jit
def test_the_current_is_that_of_the_torque():
    cell = Cell()
    current = cell.cut(["current_a"], rate=1000.0)[0]
    s = cell.spindle
    mean = np.sqrt(np.maximum(current**2 - P.idle_a**2, 0.0)).mean() * P.torque_per_a
    assert mean == pytest.approx(s.cut_torque_nm + P.drag_nms * s.speed_rad_s, rel=0.01)
    assert s.signals()["current_a"] == pytest.approx(math.hypot(s.torque_nm / P.torque_per_a, P.idle_a))


# --- the cut ------------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_the_tooth_pass_is_four_times_the_speed():
    cell = Cell(tool_natural_hz=3000.0)
    x = cell.cut(["acceleration_y_m_s2"])[0]
    f = np.fft.rfftfreq(x.size, 1 / 51200.0)
    comb = np.abs(np.fft.rfft(x * np.hanning(x.size)))
    low = (f > 150.0) & (f < 700.0)
    assert f[low][np.argmax(comb[low])] == pytest.approx(400.0, abs=1.0)


@pytest.mark.slow_without_jit
def test_between_cuts_only_the_unbalance_is_heard():
    cell = Cell(noise_m_s2=0.0, program=Program(load_s=20.0))
    x = cell.run(["acceleration_x_m_s2"], 1.5)[0][-51200:]
    omega = cell.spindle.speed_rad_s
    r = omega / (2 * np.pi * 800.0)
    force = 4.0 * 2.5e-3 / P.speed_rad_s * omega**2
    expected = force / 2e7 * omega**2 / math.hypot(1 - r * r, 2 * 0.03 * r)
    assert line(x, omega / (2 * np.pi), width=2.0) == pytest.approx(expected, rel=2e-3)


def test_wear_grows_about_taylor_and_the_tool_is_changed():
    cell = Cell(level="F1", cut=Cut(taylor_m_min=100.0), tool_scatter=0.0)
    life = tool_life_s(cell.spindle.parameters.cut, 0.5 * 10e-3 * P.speed_rad_s)
    cell.until_cutting()
    before = cell.spindle.tool_life
    for _ in range(10):
        cell.step(10)
    assert cell.spindle.tool_life - before == pytest.approx(1.0 / life, rel=1e-3)
    while cell.spindle.tool_number == 0:
        cell.step(100)
        assert cell.t_ns < 40e9
    signals = cell.spindle.signals()
    assert signals["tool_wear"] < 0.5
    assert 0.0 < signals["service_age_s"] < 1.5
    assert signals["last_service_s"] + signals["service_age_s"] == pytest.approx(cell.t_ns * 1e-9)


def test_edges_differ_about_the_mean_and_wear_accordingly():
    cell = Cell(level="F1")
    s = cell.spindle
    scatter = []
    for number in range(400):
        s.tool_number = number
        scatter.append(math.log(s._edge()))
    assert np.std(scatter) == pytest.approx(0.1, rel=0.1)
    assert abs(np.mean(scatter)) < 3 * 0.1 / 20
    s.tool_number = 7
    cell.until_cutting()
    before = s.tool_life
    cell.step(10)
    life = tool_life_s(s.parameters.cut, s.cutting_speed_m_s)
    assert (s.tool_life - before) * life / 0.1 == pytest.approx(math.exp(scatter[7]), rel=1e-4)


def test_force_grows_with_wear():
    cell = Cell()
    cell.until_cutting()
    sharp = cell.spindle.cutting_force_n / cell.spindle.wear_gain
    cell.spindle.condition.added_wear_m = WEAR_LIMIT_M - cell.spindle.wear_m
    cell.step()
    assert cell.spindle.cutting_force_n == pytest.approx(2.5 * sharp, rel=2e-3)


# --- program and parts --------------------------------------------------------------------------------------


def test_a_cycle_takes_loading_rapids_and_cuts():
    cell = Cell()
    times = []
    while len(times) < 3:
        made = cell.spindle.parts_made
        cell.step(1)
        if cell.spindle.parts_made > made:
            times.append(cell.t_ns * 1e-9)
    expected = 1.0 + 2 * 0.4 + 2 * 0.12 / P.feed_m_s
    assert np.diff(times) == pytest.approx(expected, abs=0.031)
    assert cell.spindle.axis.command_m == pytest.approx(0.0, abs=1e-9)


def test_without_room_it_keeps_the_part_and_waits():
    cell = Cell()
    port = cell.spindle.ports["parts"]
    port.joined, port.potential = True, 0.0
    cell.step(2000)
    assert (cell.spindle.parts_made, cell.spindle.parts_given, cell.spindle.waiting) == (1, 0, True)
    port.potential = 1.0
    cell.step(1)
    assert (port.flow, cell.spindle.parts_given) == (1.0, 1)
    assert 0.99 < port.share_good <= 1.0
    cell.step(1)
    assert port.flow == 0.0
    assert cell.spindle.balances()["parts"].residual == 0.0


def test_heat_makes_the_spindle_longer_with_two_time_constants():
    cell = Cell(
        warm=False, level="F1", program=Program(load_s=1e6), drag_per_k=0.0, bearing_heat_j_k=1e-3, growth_s=(6.0, 36.0)
    )
    s = cell.spindle
    s.speed_rad_s = s.reference_rad_s = P.speed_rad_s
    cell.step(600)
    w = s.friction_w
    fast, slow = (gain * w * -math.expm1(-6.0 / tau) for gain, tau in zip(P.growth_m_w, (6.0, 36.0), strict=True))
    assert s.growth_total_m == pytest.approx(fast + slow, rel=1e-3)
    assert P.growth_s == (600.0, 3600.0)


def test_the_machine_shows_what_its_row_asks_for():
    signals = Cell().spindle.signals()
    for name in (
        "speed_rad_s",
        "bearing_temperature_k",
        "tool_wear",
        "last_service_s",
        "load",
        "load_72h",
        "acoustic_pa",
    ):
        assert math.isfinite(signals[name])
    assert signals["bearing_temperature_k"] > 310.0


# --- bits ---------------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_any_block_and_any_cut_gives_the_same_bits():
    whole = Cell().run(WAVES, 2.4, rate=25600.0)
    assert np.array_equal(whole, Cell().run(WAVES, 2.4, rate=25600.0, ticks=4))
    cell, parts = Cell(), []
    for _ in range(24):
        cell.step()
        n0, n1 = cell.t0_ns * 256 // 10**7, cell.t_ns * 256 // 10**7
        for a, b in itertools.pairwise([n0, n0 + 1, n0 + 999, n1]):
            parts.append([cell.spindle.waveform(q, None, a, b - a, 25600.0) for q in WAVES])
    joined = np.concatenate([np.stack(p) for p in parts], axis=1)
    assert np.array_equal(joined, whole)


@pytest.mark.slow_without_jit
def test_restored_anywhere_it_goes_on_bit_for_bit():
    one, other = Cell(), Cell(warm=False)
    one.run(WAVES, 2.0)
    assert one.spindle.step.phase == CUT
    one.step()
    n0 = one.t0_ns * 512 // 10**7
    one.spindle.waveform(WAVES[0], None, n0, 1000, 51200.0)
    other.spindle.restore(one.spindle.save())
    other.t_ns, other.t0_ns = one.t_ns, one.t0_ns
    rest = [c.spindle.waveform(WAVES[0], None, n0 + 1000, 4120, 51200.0) for c in (one, other)]
    assert np.array_equal(*rest)
    assert np.array_equal(*[c.run(WAVES, 3.0) for c in (one, other)])
    assert one.spindle.signals() == other.spindle.signals()


# --- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("ambient", [253.15, 323.15])
@pytest.mark.parametrize(("name", "value"), [("speed_rad_s", 0.0), ("feed_override", 0.0), ("speed_rad_s", 5.0)])
def test_standing_or_creeping_it_stays_finite(ambient, name, value):
    cell = Cell(ambient_k=ambient)
    cell.spindle.commands()[name](value)
    x = cell.run(WAVES, 2.0)
    assert np.all(np.isfinite(x))
    assert all(math.isfinite(v) for v in cell.spindle.signals().values())
    assert abs(cell.spindle.balances()["energy"].residual) < 1e-9


@pytest.mark.parametrize(
    ("name", "value"), [("inertia_kg_m2", 0.0), ("tool_damping", 1.5), ("cut_exit_turn", 0.9), ("program_passes", 0)]
)
def test_what_no_spindle_can_be_is_refused_with_its_place(name, value):
    plate = Nameplate(id="mill3", kind="spindle", power="15 kW", speed="6000 rpm")
    where = name.replace("cut_", "cut.").replace("program_", "program.")
    with pytest.raises(ValueError, match=rf"^mill3\.{where} = {value} must be "):
        Spindle.build(plate, {name: value}, Site(Streams(1)))


def test_a_nameplate_alone_makes_the_spindle_of_the_book():
    plate = Nameplate(id="mill3", kind="spindle", power="15 kW", speed="6000 rpm")
    spindle = Spindle.build(plate, {}, Site(Streams(1)))
    assert spindle.parameters == P


def test_a_waveform_that_is_not_there_is_refused():
    cell = Cell(level="F1")
    with pytest.raises(ValueError, match="no block has been stepped yet"):
        cell.spindle.waveform("current_a", None, 0, 10, 1000.0)
    cell.step()
    with pytest.raises(ValueError, match="there are: current_a, acoustic_pa"):
        cell.spindle.waveform("acceleration_x_m_s2", None, 0, 10, 51200.0)
    with pytest.raises(ValueError, match="are not in the block just stepped"):
        cell.spindle.waveform("current_a", None, 900, 10, 1000.0)
