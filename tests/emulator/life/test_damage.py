"""Damage time: acceleration and load change how fast a part ages, never what it goes through."""

import math

import numpy as np
import pytest

from emulator.life.damage import Process, driving_rate
from emulator.streams import Streams
from rigs.life import Iso281Law, ParisLaw, TaylorLaw, WienerLaw

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
WEAR = WienerLaw.model_validate({
    "law": "wiener", "life": "100 h",
    "load": [{"signal": "pump1.shaft_power_w", "reference": "9 kW"}],
    "heat": {"signal": "motor1.winding_temperature_k", "reference": "130 degC"},
})  # fmt: skip


def part(spec=WEAR, seed: int = 1, onset_ns: int = 0) -> Process:
    return Process("pump1/wear", "pump1", "wear", spec, Streams(seed), onset_ns)


def aged(rate: float, seconds: int) -> Process:
    process = part()
    for t in range(seconds + 1):
        process.look(t * SECOND)
        process.run(t * SECOND, rate)
    return process


def test_a_run_a_thousand_times_as_fast_goes_through_the_same_path():
    slow, fast = aged(1.0, 36_000), aged(1000.0, 36)
    assert slow.tau(36_000 * SECOND) == pytest.approx(fast.tau(36 * SECOND), rel=1e-12)
    assert slow.damage(36_000 * SECOND) == pytest.approx(fast.damage(36 * SECOND), rel=1e-9)
    assert slow.end == fast.end
    for share in np.linspace(0.0, 1.0, 20):
        assert slow.path(share * slow.end) == fast.path(share * fast.end)


def test_damage_runs_with_the_cube_of_load_and_doubles_every_ten_kelvin():
    values = {"pump1.shaft_power_w": 18_000.0, "motor1.winding_temperature_k": 403.15 + 20.0}
    assert driving_rate(WEAR, values.__getitem__) == pytest.approx(2.0**3 * 2.0**2)
    values = {"pump1.shaft_power_w": 0.0, "motor1.winding_temperature_k": 403.15}
    assert driving_rate(WEAR, values.__getitem__) == 0.0


def test_no_signal_however_wild_makes_the_rate_anything_but_a_number():
    for power, temperature in ((1e300, 1e300), (-1e300, -1e300), (0.0, 1e300)):
        values = {"pump1.shaft_power_w": power, "motor1.winding_temperature_k": temperature}
        rate = driving_rate(WEAR, values.__getitem__)
        assert 0.0 <= rate <= 1e30
        process = part()
        process.run(0, rate)
        assert 0.0 <= process.severity(SECOND) <= 1.0


def test_fatigue_counts_the_turns_of_the_shaft():
    spec = ParisLaw.model_validate({"law": "paris", "cycles": {"signal": "motor1.speed_rad_s"}})
    assert driving_rate(spec, {"motor1.speed_rad_s": 50.0 * math.pi}.__getitem__) == pytest.approx(25.0)
    at_rate = ParisLaw.model_validate({"law": "paris", "cycles": {"rate": "25 Hz", "per_turn": 2}})
    assert driving_rate(at_rate, {}.__getitem__) == pytest.approx(50.0)


def test_a_tool_at_another_speed_lives_as_taylor_says():
    spec = TaylorLaw.model_validate({
        "law": "taylor", "speed": "200 m/min",
        "load": [{"signal": "tool1.cutting_m_s", "reference": "200 m/min", "exponent": 4}],
    })  # fmt: skip
    process = part(spec)
    process.run(0, driving_rate(spec, {"tool1.cutting_m_s": 150.0 / 60.0}.__getitem__))
    assert process.rul_s(0) == pytest.approx(16.0 * 60.0)


def test_the_true_remaining_life_is_exact_while_the_rate_holds_and_ends_at_zero():
    process = part()
    process.run(0, 3600.0)
    end_ns = process.fails_ns()
    assert end_ns is not None
    for share in (0.0, 0.3, 0.9, 1.0):
        t_ns = round(share * end_ns)
        assert process.rul_s(t_ns) == pytest.approx((end_ns - t_ns) / SECOND, abs=2e-9)
    assert process.severity(end_ns + 1) == 1.0
    assert process.severity(end_ns - SECOND) < 1.0


def test_the_time_of_failure_is_found_inside_the_block():
    process = part()
    process.run(0, 3600.0)
    expected = process.fails_ns()
    looks = range(0, 400 * SECOND, 7 * SECOND)
    found = [t for t in looks if process.look(t)]
    assert len(found) == 1
    assert process.state.failed_ns == expected
    assert found[0] - 7 * SECOND < expected <= found[0]


def test_before_its_onset_a_part_does_not_age():
    process = part(onset_ns=100 * SECOND)
    process.run(0, 3600.0)
    process.run(50 * SECOND, 3600.0)
    assert process.severity(99 * SECOND) == 0.0
    process.run(110 * SECOND, 3600.0)
    assert process.tau(110 * SECOND) == pytest.approx(36_000.0)


def test_a_bearing_has_no_spall_before_its_life_and_a_full_one_at_the_end():
    spec = Iso281Law.model_validate({"law": "iso281", "cycles": {"rate": "1 MHz"}})
    process = part(spec)
    process.run(0, 1e6)
    life_ns = round(process.law.life / 1e6 * SECOND)
    assert process.severity(life_ns - 1000) == 0.0
    assert process.severity(round(1.1 * life_ns)) == pytest.approx(0.5, abs=1e-6)
    assert process.severity(round(1.2 * life_ns) + 1000) == 1.0


def test_the_declared_map_turns_damage_into_severity():
    spec = WienerLaw.model_validate({
        "law": "wiener", "diffusion": "0 1/h^0.5", "damage": {"start": 0.5, "end": 1.0, "power": 2},
    })  # fmt: skip
    process = part(spec)
    process.run(0, 3600.0)
    assert [process.severity(round(d * 100 * SECOND)) for d in (0.4, 0.5, 0.75, 1.0)] == pytest.approx(
        [0.0, 0.0, 0.25, 1.0], abs=1e-9
    )


@pytest.mark.parametrize(("quality", "left"), [(0.0, 0.0), (0.3, 0.3)])
def test_repair_leaves_its_share_of_the_damage_and_a_new_path_begins(quality: float, left: float):
    process = part()
    process.run(0, 3600.0)
    t_ns = 60 * SECOND
    before, old_end = process.damage(t_ns), process.end
    process.repair(t_ns, quality)
    assert process.damage(t_ns) == pytest.approx(left * before, abs=1e-12)
    assert process.state.generation == 1
    assert process.state.rate == 3600.0
    assert process.end != old_end
    assert process.rul_s(t_ns) > 0.0


def test_a_failed_part_is_repaired_from_its_limit():
    process = part()
    process.run(0, 3600.0)
    t_ns = 10 * HOUR
    assert process.look(t_ns)
    process.repair(t_ns, 0.3)
    assert process.damage(t_ns) == pytest.approx(0.3)
    assert process.state.failed_ns is None


@pytest.mark.slow_without_jit
def test_lives_after_perfect_repair_are_as_long_as_new_ones_and_shorter_after_imperfect():
    def later(quality: float) -> float:
        ends = []
        for seed in range(150):
            process = part(WienerLaw(law="wiener", steps=64), seed)
            process.run(0, 3600.0)
            process.repair(HOUR, quality)  # long failed: X = D
            ends.append(process.end / 3600.0)
        return float(np.mean(ends))

    # N = 150, seeds 0…149: means 100 h and (1 − 0.3)·100 h, standard errors 1.6 and 1.4 h.
    assert later(0.0) == pytest.approx(100.0, abs=3.5 * 20.0 / math.sqrt(150))
    assert later(0.3) == pytest.approx(70.0, abs=3.5 * 20.0 * math.sqrt(0.7 / 150))
