"""What each fault of spindle and tool does to what can be heard and measured."""

import dataclasses

import numpy as np
import pytest

from emulator.faults.base import registry
from emulator.physics.milling import tool_life_s
from emulator.physics.nc_program import Program
from emulator.physics.spindle_data import SpindleCondition
from tests.emulator.spindles import Cell, line, spectrum

pytestmark = pytest.mark.slow_without_jit

RATE = 12800.0
FAULTS = (
    "tool_flank_wear", "tool_breakage", "tool_unbalance", "spindle_chatter", "spindle_drawbar_loss",
    "spindle_coolant_loss", "spindle_backlash",
)  # fmt: skip


def faulty(kind, severity, **parameters):
    cell = Cell(**parameters)
    registry()[kind]({}).apply(cell.spindle, severity, 0)
    return cell


@pytest.mark.parametrize("kind", FAULTS)
def test_severity_zero_is_no_fault_and_takes_it_back(kind):
    fault, cell = registry()[kind]({}), Cell()
    fault.apply(cell.spindle, 0.0, 0)
    assert cell.spindle.condition == SpindleCondition()
    fault.apply(cell.spindle, 0.7, 0)
    once = dataclasses.replace(cell.spindle.condition)
    assert once != SpindleCondition()
    fault.apply(cell.spindle, 0.7, 10)
    assert cell.spindle.condition == once
    fault.apply(cell.spindle, 0.0, 20)
    assert cell.spindle.condition == SpindleCondition()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_parameter_the_fault_does_not_have_is_refused(kind):
    with pytest.raises(ValueError, match="has no parameter 'depth'"):
        registry()[kind]({"depth": 1.0})


def test_a_worn_edge_takes_force_current_and_sound_but_leaves_the_speed():
    seen = []
    for severity in (0.0, 0.3, 1.0):
        cell = faulty("tool_flank_wear", severity)
        cell.until_cutting()
        s = cell.spindle.signals()
        seen.append((s["cutting_force_n"], s["current_a"], s["acoustic_pa"], s["tool_wear"], s["speed_rad_s"]))
    columns = list(zip(*seen, strict=True))
    for column in columns[:4]:
        assert column[0] < column[1] < column[2]
    assert columns[0][2] / columns[0][0] == pytest.approx(3.0, rel=0.02)  # 1 + 1.5·0.4/0.3
    assert columns[3][2] - columns[3][0] == pytest.approx(4.0 / 3.0, rel=0.01)
    assert columns[4][2] == pytest.approx(columns[4][0], rel=1e-3)


def test_a_broken_tooth_brings_the_turn_into_the_tooth_pass():
    lines = []
    for severity in (0.0, 0.2, 0.5, 1.0):
        cell = faulty("tool_breakage", severity)
        force = cell.cut(["tangential_force_n"], rate=RATE)[0]
        turn = cell.spindle.speed_rad_s / (2 * np.pi)
        lines.append([line(force, n * turn, RATE) for n in (1, 4)])
    once, passing = np.array(lines).T
    assert list(once) == sorted(once)
    assert once[3] > 50.0 * once[0]
    assert once[0] < 0.02 * passing[0]


def test_chatter_begins_beyond_the_limit_near_the_tool_s_frequency():
    shares = []
    for severity in (0.0, 0.3, 1.0):
        cell = faulty("spindle_chatter", severity)
        x = cell.cut(["acceleration_y_m_s2"], settle=1.2, rate=RATE)[0]
        f, a = spectrum(x, RATE)
        turn = cell.spindle.speed_rad_s / (2 * np.pi) * 4
        off = np.abs(f / turn - np.round(f / turn)) * turn > 8.0
        band = (f > 600.0) & (f < 1000.0)
        shares.append(a[off & band].max() / a[band].max())
        ratio = cell.spindle.depth_m / cell.spindle.stability_limit_m()
        assert (ratio > 1.0) == (severity == 1.0)
    assert shares[0] < 0.02
    assert shares[1] < 0.02
    assert shares[2] > 0.5
    assert f[off & band][np.argmax(a[off & band])] == pytest.approx(800.0, abs=60.0)


def test_unbalance_is_heard_once_a_turn():
    idle = {"program": Program(load_s=20.0), "noise_m_s2": 0.0}
    heard = []
    for severity in (0.0, 0.5, 1.0):
        cell = faulty("tool_unbalance", severity, **idle)
        x = cell.run(["acceleration_x_m_s2"], 1.2, RATE)[0][-6400:]
        heard.append(line(x, cell.spindle.speed_rad_s / (2 * np.pi), RATE))
    assert heard[1] / heard[0] == pytest.approx(4.0, rel=1e-2)
    assert heard[2] / heard[0] == pytest.approx(16.0, rel=1e-2)


def test_a_loose_draw_bar_lowers_the_tool_s_frequency():
    found = []
    for severity in (0.0, 1.0):
        cell = faulty(
            "spindle_drawbar_loss", severity, program=Program(load_s=0.5, passes=1, cut_m=0.02), noise_m_s2=0.0
        )
        cell.until_cutting()
        while cell.spindle.step.phase == 2:
            cell.run(["acceleration_x_m_s2"], 0.1, RATE)
        x = cell.run(["acceleration_x_m_s2"], 0.1, RATE)[0]  # rings out after the cut
        f, a = spectrum(x, RATE)
        band = (f > 400.0) & (f < 1000.0)
        found.append(f[band][np.argmax(a[band])])
    assert found[1] / found[0] == pytest.approx(np.sqrt(0.6), abs=0.05)


def test_without_coolant_edges_wear_faster_and_the_bearing_is_hot():
    healthy, dry = (faulty("spindle_coolant_loss", s) for s in (0.0, 1.0))
    for cell in (healthy, dry):
        cell.until_cutting()
        cell.step(100)
    assert dry.spindle.tool_life / healthy.spindle.tool_life == pytest.approx(0.7**-4, rel=0.01)
    v = healthy.spindle.cutting_speed_m_s
    cut = healthy.spindle.parameters.cut
    assert tool_life_s(cut, v, 0.7) / tool_life_s(cut, v) == pytest.approx(0.7**4, rel=1e-9)
    for cell in (healthy, dry):
        cell.spindle.start()
    assert dry.spindle.bearing_k > healthy.spindle.bearing_k + 15.0
    assert dry.spindle.growth_total_m > 1.4 * healthy.spindle.growth_total_m


def test_play_is_lost_motion_at_reversals_and_costs_good_parts():
    seen = []
    for severity in (0.0, 0.5, 1.0):
        cell = faulty("spindle_backlash", severity)
        cell.step(600)
        seen.append((cell.spindle.reversal_m, cell.spindle.share_good))
    errors, good = zip(*seen, strict=True)
    assert errors == pytest.approx((1e-6, 16e-6, 31e-6), rel=1e-3)
    assert good[0] > good[1] > good[2]
    assert good[2] < 0.5


@pytest.mark.parametrize("kind", ["tool_unbalance", "spindle_drawbar_loss", "spindle_backlash"])
def test_what_the_fault_does_not_touch_stays(kind):
    healthy, cell = faulty(kind, 0.0), faulty(kind, 1.0)
    for c in (healthy, cell):
        c.step(400)
    one, other = healthy.spindle.signals(), cell.spindle.signals()
    for name in ("speed_rad_s", "cutting_force_n", "active_power_w", "bearing_temperature_k", "tool_wear"):
        assert one[name] == other[name]
