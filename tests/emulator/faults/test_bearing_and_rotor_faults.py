import dataclasses
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from emulator.faults.base import registry
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingCondition, RollingBearingParameters
from emulator.physics.rotor import TARGETS, Rotor
from emulator.physics.shaft import ShaftAngle, ShaftTrace
from emulator.streams import Streams
from tests.emulator.physics.shaking import QUIET, Shaken

KINDS = registry()
# kind: what it changes, by condition field, at severity 1
BEARING = {
    "bearing_outer_race": {"outer_spall_mm": 4.0},
    "bearing_inner_race": {"inner_spall_mm": 4.0},
    "bearing_ball": {"ball_spall_mm": 4.0},
    "bearing_cage": {"cage_spall_mm": 4.0},
    "bearing_lubrication": {"viscosity_ratio": 0.1, "friction_factor": 5.0},
    "bearing_brinelling": {"brinell_mm": 2.0},
    "bearing_fluting": {"flute_mm": 1.0},
    "bearing_overload": {"load_factor": 3.0, "zone_widening": 1.0},
    "bearing_creep": {"creep": 5e-4, "fit_m": 2e-5},
}
ROTOR = {
    "imbalance": {"unbalance_grade_mm_s": 250.0},
    "misalignment": {"offset_m": 0.5e-3, "angle_rad": math.radians(0.3)},
    "looseness": {"looseness": 0.7},
    "rub": {"rub_closure": 1.0},
    "bent_shaft": {"bow_m": 5e-5, "bow_period_s": 1800.0},
    "soft_foot": {"soft_foot_n": 60.0, "distortion_n": 100.0},
    "support_resonance": {"support_loss": 0.94},
}
ALL = BEARING | ROTOR


def target(kind):
    return SimpleNamespace(condition=RollingBearingCondition()) if kind in BEARING else Rotor()


def changed(kind, severity, **params):
    asset, healthy = target(kind), target(kind)
    KINDS[kind](params).apply(asset, severity, 0)
    names = [f.name for f in dataclasses.fields(healthy.condition)]
    both = {n: (getattr(healthy.condition, n), getattr(asset.condition, n)) for n in names}
    return {n: (before, after) for n, (before, after) in both.items() if before != after}


@pytest.mark.parametrize("kind", ALL)
def test_a_developed_fault_changes_its_own_parameters_and_no_others(kind):
    assert {n: after for n, (_, after) in changed(kind, 1.0).items()} == pytest.approx(ALL[kind])


@pytest.mark.parametrize("kind", ALL)
def test_each_parameter_moves_one_way_as_severity_grows(kind):
    steps = [changed(kind, s) for s in (0.01, 0.3, 0.6, 1.0)]
    for name, (before, _) in steps[-1].items():
        distance = [abs(step[name][1] - before) for step in steps]
        assert all(a <= b for a, b in itertools.pairwise(distance))


@pytest.mark.parametrize("kind", ALL)
def test_severity_0_is_exactly_healthy_before_and_after_a_fault(kind):
    asset, fault = target(kind), KINDS[kind]({})
    fault.apply(asset, 0.0, 0)
    assert asset.condition == target(kind).condition
    for severity in (0.7, 0.7, 0.0):
        fault.apply(asset, severity, 1)
    assert asset.condition == target(kind).condition


@pytest.mark.parametrize("kind", ALL)
def test_it_acts_where_it_can_be_felt(kind):
    assert KINDS[kind].targets == (("rolling_bearing",) if kind in BEARING else TARGETS)
    assert KINDS[kind].layer == "physics"


def trace_at(block, hz=1480 / 60):
    angle = ShaftAngle()
    speed = 2 * math.pi * hz
    for _ in range(10 * block):
        angle.advance(speed, speed, 0.01)
    each = np.ones(10)
    load = 1500.0 * each
    return ShaftTrace(
        block * 100_000_000, 0.01, angle.revs, angle.frac, np.full(11, speed), 5.0 * each, each, load, 5.0 * each
    )


def rendered(kind, severity):
    made = Shaken(None, QUIET, directions=("h", "v", "axial"))
    if kind is not None:
        KINDS[kind]({}).apply(made.bearing if kind in BEARING else SimpleNamespace(condition=made.rotor), severity, 0)
    return np.concatenate([made.block(trace_at(i)) for i in range(2)], axis=1)


@pytest.mark.slow_without_jit
def test_severity_0_renders_the_bits_of_no_fault():
    healthy = rendered(None, 0.0).tobytes()
    for kind in ALL:
        assert rendered(kind, 0.0).tobytes() == healthy, kind


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("kind", sorted(set(ALL) - {"bearing_overload"}))
def test_a_developed_fault_shows_in_the_waveform(kind):
    healthy, faulty = rendered(None, 0.0), rendered(kind, 1.0)
    moved = np.std(faulty[:, 2560:] - healthy[:, 2560:], axis=1)
    assert np.isfinite(faulty).all()
    assert moved.max() > 0.1 * np.std(healthy[:, 2560:], axis=1).min()


def test_overload_alone_makes_no_sound():
    assert rendered("bearing_overload", 1.0).tobytes() == rendered(None, 0.0).tobytes()


def test_lubrication_loss_shortens_the_modified_life_and_not_the_basic_one():
    bearing = RollingBearing(RollingBearingParameters(), Streams(1), "b")
    basic, modified = bearing.life_h(1500.0, 150.0), bearing.modified_life_h(1500.0, 150.0)
    KINDS["bearing_lubrication"]({}).apply(bearing, 1.0, 0)
    assert bearing.life_h(1500.0, 150.0) == basic
    assert bearing.modified_life_h(1500.0, 150.0) < 0.03 * modified
    assert bearing.friction_torque_nm(1500.0) == pytest.approx(5 * 0.0281, rel=2e-3)


@pytest.mark.parametrize(
    ("kind", "params", "rule"),
    [
        ("bearing_brinelling", {"marks": 0.5}, "marks = 0.5 must be 0"),
        ("bearing_fluting", {"pitch_mm": 0.0}, r"pitch_mm = 0 must lie in 0\.2"),
        ("misalignment", {"offset_mm": -1.0}, r"offset_mm must lie in 0 … 5"),
        ("looseness", {"stiffness_loss": 1.0}, r"stiffness_loss = 1 must lie in 0 … 0\.95"),
        ("bent_shaft", {"bow_mm": 5.0}, r"bow_mm must lie in 0 … 1"),
        ("support_resonance", {"stiffness_loss": 1.0}, r"stiffness_loss = 1 must lie in 0 … 0\.99"),
        ("rub", {"clearance": 1.0}, "has no parameter 'clearance'; it takes none"),
    ],
)
def test_what_cannot_be_is_refused(kind, params, rule):
    with pytest.raises(ValueError, match=f"fault {kind}.*{rule}"):
        KINDS[kind](params)


def test_parameters_scale_the_developed_fault():
    assert changed("misalignment", 0.5, offset_mm=2.0, angle_deg=0.0) == {"offset_m": (0.0, pytest.approx(1e-3))}
    assert changed("bearing_brinelling", 1.0, marks=12)["brinell_marks"] == (0.0, 12.0)
    assert changed("bent_shaft", 1.0, period_s=0)["bow_m"][1] == pytest.approx(5e-5)
    assert changed("bearing_fluting", 1.0, pitch_mm=3)["flute_pitch_mm"] == (1.5, 3.0)
