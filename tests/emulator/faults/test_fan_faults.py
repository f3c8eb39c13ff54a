"""Each fan fault moves what physics says, and leaves the rest alone."""

import math

import numpy as np
import pytest

from emulator.faults.base import registry
from tests.emulator.physics.test_fan import DESIGN_MOTOR, fan, line, run

KINDS = [kind for kind, fault in registry().items() if "fan" in fault.targets and kind.startswith("fan_")]


def after(kind: str, severity: float, ticks: int = 1500, rate: float = 0.0):
    made = fan()
    registry()[kind]({}).apply(made, severity, 0)
    wave = run(made, ticks, rate=rate)
    return made, wave


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("kind", KINDS)
def test_severity_nothing_changes_nothing(kind):
    made, wave = after(kind, 0.0, 200, 2560.0)
    plain = fan()
    assert np.array_equal(wave, run(plain, 200, rate=2560.0))
    assert made.signals() == plain.signals()


def test_a_clogged_filter_takes_pressure_flow_and_power():
    healthy, _ = after("fan_filter_clog", 0.0)
    found = [after("fan_filter_clog", s)[0] for s in (0.25, 0.5, 1.0)]
    for less, more in zip([healthy, *found], found, strict=False):
        assert more.filter_pressure_pa > less.filter_pressure_pa
        assert more.flow_m3_s < less.flow_m3_s
        assert more.power_w < less.power_w
    assert found[-1].filter_k == pytest.approx(8.0 * healthy.filter_k, rel=1e-4)


@pytest.mark.parametrize("severity", [0.25, 0.5, 1.0])
def test_a_slack_belt_slips_by_what_the_page_says(severity):
    healthy, _ = after("fan_belt_slip", 0.0)
    made, _ = after("fan_belt_slip", severity, 3000)
    assert made.slip == pytest.approx(0.01 + 0.14 * severity, rel=0.03)
    assert made.belt_k > healthy.belt_k
    assert made.speed_rad_s == pytest.approx(DESIGN_MOTOR / 1.5 * (1.0 - made.slip), rel=1e-6)


def test_stall_comes_with_hysteresis_less_pressure_and_a_band_at_half_the_speed():
    _, calm = after("fan_stall", 0.0, 1600, 1280.0)
    made, wave = after("fan_stall", 1.0, 1600, 1280.0)
    assert made.stalled
    assert made.flow_m3_s < 0.6 * 5.0
    f = made.speed_rad_s / (2 * math.pi)
    spectrum, quiet = (np.abs(np.fft.rfft(x[1280:] * np.hanning(x.size - 1280))) ** 2 for x in (wave, calm))
    freq = np.fft.rfftfreq(wave.size - 1280, 1 / 1280.0)
    band = (freq > 0.3 * f) & (freq < 0.7 * f)
    assert spectrum[band].sum() > 10.0 * quiet[band].sum()
    registry()["fan_stall"]({}).apply(made, 0.0, 0)
    run(made, 500, t0=1600)
    assert not made.stalled


def test_a_stuck_damper_ignores_its_command():
    made, _ = after("fan_damper_stuck", 1.0, 10)
    free, _ = after("fan_damper_stuck", 0.0, 10)
    for one in (made, free):
        one.commands()["damper"](0.3)
        run(one, 3000, t0=10)
    assert made.damper_position == 1.0
    assert free.damper_position == pytest.approx(0.3)
    assert free.flow_m3_s < 0.8 * made.flow_m3_s


def test_belt_damage_shows_at_the_belt_and_crack_at_side_bands_of_the_blade_pass():
    rate = 2560.0
    _, healthy = after("fan_belt_damage", 0.0, 1600, rate)
    made, belt = after("fan_belt_damage", 0.5, 1600, rate)
    _, crack = after("fan_blade_crack", 0.5, 1600, rate)
    belt_hz = DESIGN_MOTOR * 0.1 / 2.4
    f = made.speed_rad_s / (2 * math.pi)
    assert line(belt, rate, 2 * belt_hz) > 5.0 * line(healthy, rate, 2 * belt_hz)
    assert line(crack, rate, 13 * f) > 5.0 * line(healthy, rate, 13 * f)
    assert line(belt, rate, 13 * f) < 2.0 * line(healthy, rate, 13 * f)


def test_deposit_grows_one_times_and_sheds_now_and_then():
    made = fan()
    registry()["fan_blade_deposit"]({}).apply(made, 1.0, 0)
    shares = []
    for i in range(600_000):
        made.tick(i * 10_000_000)
        if i % 100 == 0:
            shares.append(made.deposit_share)
    drops = np.diff(shares) < -0.05
    assert 1 <= drops.sum() <= 20
    assert min(shares) > 0.0


def test_a_soft_support_meets_the_speed_at_severity_one():
    made, _ = after("fan_support_resonance", 1.0, 1)
    p = made.parameters
    assert p.support_hz * math.sqrt(made.condition.support_stiffness_gain) == pytest.approx(p.speed_rad_s / 2 / math.pi)
