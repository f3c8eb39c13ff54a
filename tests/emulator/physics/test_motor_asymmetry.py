"""Asymmetric machines against closed forms, their energy, and the way into an asymmetry and out of it."""

import math
from itertools import pairwise

import numpy as np
import pytest

from emulator.physics.induction_motor import Load
from emulator.physics.kernels.motor import OMEGA
from emulator.physics.terminal import Terminal
from tests.emulator.physics.motors import (
    FIXED,
    HZ,
    M2K2,
    MAINS,
    OPEN,
    PHASE,
    W,
    amplitudes,
    balance,
    constant,
    linear,
    machine,
    record,
    run,
    sequences,
)
from tests.oracles.motor import M2K2 as M2K2_ORACLE
from tests.oracles.motor import sidebands_at_constant_speed

SLIP = 0.0233109
# Every way out of symmetry, at a strength that shows
KINDS = {
    "bars": {"broken_bars": 2.0},
    "turns": {"shorted_turns": 0.02},
    "turns through a contact": {"shorted_turns": 0.01, "short_resistance_ohm": 5.0},
    "gap": {"static_eccentricity": 0.4, "dynamic_eccentricity": 0.2},
    "terminal": {"terminal_unbalance": 0.03},
    "phase": {"open_phase": 1},
    "phase and turns": {"open_phase": 0, "shorted_turns": 0.02},
}


def give(motor, **condition):
    for name, value in condition.items():
        setattr(motor.condition, name, value)


@pytest.mark.parametrize(("bars", "ratio"), [(1, 0.029360), (2, 0.062426)])
@pytest.mark.slow_without_jit
def test_broken_bars_at_constant_speed_are_the_two_frequency_solution(bars, ratio):
    motor = machine(FIXED, 0.04, **M2K2)
    give(motor, broken_bars=bars)
    load = constant(motor, 0.04)
    run(motor, 100, load)
    lines = amplitudes(record(motor, 500, load).waveform("current_a_a", 0, 10_000, 2000.0), 2000.0, [50.0, 46.0, 54.0])
    assert lines[1] / lines[0] == pytest.approx(ratio, rel=2e-5)
    assert lines[1] / lines[0] == pytest.approx(sidebands_at_constant_speed(M2K2_ORACLE, 0.04, bars, 28), rel=1e-6)
    assert lines[2] / lines[0] < 1e-7


@pytest.mark.parametrize(
    ("inertia", "lower_db", "upper_db"), [(0.015, None, None), (0.05, -34.9, -38.4), (20.0, -30.4, None)]
)
@pytest.mark.slow_without_jit
def test_a_light_shaft_moves_part_of_the_lower_line_to_the_upper(inertia, lower_db, upper_db):
    motor = machine(inertia, 0.0427, **M2K2)
    give(motor, broken_bars=1.0)
    load = Load(14.6, 0.0, 0.0)
    if inertia > 1.0:
        # The heavy shaft starts at its speed of rest: the slip of the healthy machine is raised by R_r + ΔR/3.
        motor.state[OMEGA] = (1.0 - 0.042698) * W / 2.0
    run(motor, 200, load)
    motor.begin_block(1000, 0)
    turned = 0.0
    for _ in range(1000):
        before = motor.speed_rad_s
        motor.advance(MAINS, load)
        turned += 0.005 * (before + motor.speed_rad_s)
    slip = 1.0 - 2.0 * turned / 10.0 / W
    assert slip == pytest.approx(0.04270, abs=3e-5)
    x = motor.trace.waveform("current_a_a", 0, 20_000, 2000.0)
    lines = amplitudes(x, 2000.0, [50.0, 50.0 * (1 - 2 * slip), 50.0 * (1 + 2 * slip)])
    lower, upper = 20 * np.log10(lines[1:] / lines[0])
    assert lower_db is None or lower == pytest.approx(lower_db, abs=0.05)
    assert upper_db is None or upper == pytest.approx(upper_db, abs=0.05)
    assert inertia < 1.0 or upper < -80.0
    assert 0.026 < lines[1:].sum() / lines[0] < 0.034


@pytest.mark.slow_without_jit
def test_a_healthy_machine_has_no_line_beside_its_fundamental():
    motor = machine(0.05, 0.0427, **M2K2)
    load = constant(motor, 0.0427)
    run(motor, 100, load)
    x = record(motor, 1000, load).waveform("current_a_a", 0, 20_000, 2000.0)
    lines = amplitudes(x, 2000.0, [50.0, 50.0 * (1 - 2 * 0.0427), 50.0 * (1 + 2 * 0.0427)])
    assert np.all(20 * np.log10(lines[1:] / lines[0]) < -120.0)


@pytest.mark.slow_without_jit
def test_shorted_turns_give_the_published_sequences_and_loop_current():
    motor = machine(FIXED, SLIP)
    give(motor, shorted_turns=0.02)
    load = constant(motor, SLIP)
    run(motor, 60, load)
    trace = record(motor, 20, load)
    positive, negative, zero = sequences(trace, "current", 0, 400)
    assert abs(positive) == pytest.approx(29.978, abs=5e-4)
    assert abs(negative) == pytest.approx(4.1260, abs=5e-5)
    assert abs(negative) / abs(positive) == pytest.approx(0.1376, abs=5e-5)
    assert abs(zero) < 1e-9
    # The loop lies on the terminal voltage behind (1-⅔µ)(R_s + jωL_σ): 618.91 A, and all of its power is heat.
    share = 1.0 - 2.0 / 3.0 * 0.02
    loop = PHASE / (share * (0.2147 + 1j * W * 0.991e-3))
    assert abs(loop) == pytest.approx(618.91, abs=5e-3)
    before = motor.energy()
    run(motor, 10, load)
    missing, _, d = balance(motor, before)
    assert abs(missing) < 1e-7
    point = motor.circuit().solve(PHASE, HZ, SLIP)
    power = point.power_in_w + 0.02 * PHASE * loop.real
    assert d["electrical_in"] / 0.1 == pytest.approx(power, rel=1e-6)
    used = point.torque_nm * point.speed_rad_s + point.stator_copper_w + point.rotor_copper_w
    used += 0.02 * 0.2147 * share * abs(loop) ** 2
    assert abs(power - used) < 1e-10
    assert motor.torque_nm == pytest.approx(point.torque_nm, rel=1e-6)


@pytest.mark.slow_without_jit
def test_the_heat_of_shorted_turns_arises_where_they_are():
    motor = machine(FIXED, SLIP)
    give(motor, shorted_turns=0.01)
    load = constant(motor, SLIP)
    run(motor, 20, load)
    trace = record(motor, 2, load)
    current = trace.waveform("current_a_a", 0, 400, 20_000.0)
    loop = PHASE / ((1.0 - 2.0 / 3.0 * 0.01) * (0.2147 + 1j * W * 0.991e-3)) * math.sqrt(2.0)
    # Against phase a, whose voltage is cos(ωt) at the block's start.
    flowing = (loop * np.exp(1j * W * np.arange(400) / 20_000.0)).real
    expected = 0.01 * 0.2147 * np.mean((current - flowing) ** 2)
    rise = motor.spot_k - motor.winding_k
    run(motor, 2, load)
    gained = (motor.spot_k - motor.winding_k - rise) * 100.0 + 10.0 * 0.02 * (rise + motor.spot_k - motor.winding_k) / 2
    assert gained / 0.02 == pytest.approx(expected, rel=1e-3)
    run(motor, 4000, load)
    assert motor.spot_k - motor.winding_k == pytest.approx(expected / 10.0, rel=0.02)


@pytest.mark.slow_without_jit
def test_more_shorted_turns_or_a_better_contact_give_more_negative_sequence():
    def negative(turns, contact):
        motor = machine(FIXED, SLIP)
        give(motor, shorted_turns=turns, short_resistance_ohm=contact)
        run(motor, 10, constant(motor, SLIP))
        return abs(sequences(record(motor, 2, constant(motor, SLIP)), "current", 0, 40)[1])

    ladder = [negative(turns, 0.05) for turns in (0.005, 0.01, 0.02, 0.05)]
    assert all(a < b for a, b in pairwise(ladder))
    ladder = [negative(0.02, contact) for contact in (10.0, 1.0, 0.1, 0.0)]
    assert all(a < b for a, b in pairwise(ladder))
    assert ladder[0] == pytest.approx(0.02**2 * PHASE / 10.0 / 3.0, rel=0.01)


@pytest.mark.slow_without_jit
def test_an_unbalanced_voltage_gives_the_circuit_of_the_negative_sequence():
    motor = machine(FIXED, SLIP)
    give(motor, terminal_unbalance=0.02)
    load = constant(motor, SLIP)
    run(motor, 60, load)
    trace = record(motor, 10, load)
    positive, negative, _ = sequences(trace, "current", 0, 200)
    assert abs(sequences(trace, "voltage", 0, 200)[1]) == pytest.approx(0.02 * PHASE, rel=1e-4)
    backward = motor.circuit().solve(0.02 * PHASE, HZ, 2.0 - SLIP)
    forward = motor.circuit().solve(PHASE, HZ, SLIP)
    assert abs(negative) == pytest.approx(backward.current_a, rel=1e-6)
    assert abs(positive) == pytest.approx(forward.current_a, rel=1e-6)
    assert abs(negative) / abs(positive) > 4 * 0.02
    assert motor.torque_nm == pytest.approx(forward.torque_nm - backward.torque_nm, rel=1e-6)


@pytest.mark.slow_without_jit
def test_a_lost_phase_is_two_sequences_of_equal_current():
    motor = machine(FIXED, SLIP)
    give(motor, open_phase=0)
    load = constant(motor, SLIP)
    run(motor, 100, load)
    trace = record(motor, 10, load)
    positive, negative, _ = sequences(trace, "current", 0, 200)
    forward, backward = (PHASE / motor.circuit().solve(PHASE, HZ, s).terminal_a for s in (SLIP, 2.0 - SLIP))
    # Single-phasing: both sequence impedances in series on the line voltage that is left.
    expected = math.sqrt(3.0) * PHASE / abs(forward + backward) / math.sqrt(3.0)
    assert abs(positive) == pytest.approx(expected, rel=1e-6)
    assert abs(negative) == pytest.approx(expected, rel=1e-6)
    assert np.max(np.abs(trace.waveform("current_a_a", 0, 2000, 20_000.0))) < 1e-8


@pytest.mark.slow_without_jit
def test_a_standing_motor_on_two_wires_does_not_start():
    motor = machine(0.202)
    give(motor, open_phase=2)
    run(motor, 60, Load(0.0, 0.0, 0.0))
    assert abs(motor.speed_rad_s) < 1e-6
    assert motor.current_a > 50.0


@pytest.mark.slow_without_jit
def test_mixed_eccentricity_gives_lines_at_shaft_speed_and_slot_lines_and_one_alone_the_latter():
    def lines(static, dynamic):
        motor = machine(FIXED, SLIP)
        give(motor, static_eccentricity=static, dynamic_eccentricity=dynamic)
        load = constant(motor, SLIP)
        run(motor, 60, load)
        fr = 25.0 * (1.0 - SLIP)
        hz = [50.0, 50.0 - fr, 50.0 + fr, 28 * fr - 50, 28 * fr + 50, 29 * fr - 50, 29 * fr + 50]
        found = amplitudes(record(motor, 200, load).waveform("current_a_a", 0, 40_000, 20_000.0), 20_000.0, hz)
        return 20 * np.log10(found[1:] / found[0] + 1e-12)

    mixed, static, dynamic = lines(0.3, 0.2), lines(0.4, 0.0), lines(0.0, 0.3)
    assert np.all(mixed[:2] > -60.0)
    assert np.all(mixed[2:] > -80.0)
    assert np.all(static[:2] < -120.0)
    assert np.all(dynamic[:2] < -120.0)
    assert np.all(static[2:4] > -70.0)
    assert np.all(static[4:] < -110.0)
    assert np.all(dynamic[4:] > -75.0)
    assert np.all(lines(0.15, 0.1)[:2] < mixed[:2] - 6.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("core", [0.0, 0.004])
@pytest.mark.slow_without_jit
def test_energy_is_conserved_through_the_fault_its_end_and_starts_and_stops(kind, core):
    motor = machine(0.202, 0.0148, core_conductance_s=core)
    before = motor.energy()
    for n in range(260):
        give(motor, **(KINDS[kind] if 20 <= n < 200 else dict.fromkeys(KINDS[kind], 0)))
        if n < 20 or n >= 200:
            motor.condition.open_phase = -1
        run(motor, 1, linear(0.3), OPEN if 80 <= n < 120 else MAINS)
    missing, heat, d = balance(motor, before)
    assert abs(missing) < 1e-6
    assert abs(heat) < 1e-9
    assert np.all(np.isfinite(motor.state))
    assert d["arc"] > 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_begins_without_a_jump_of_speed_or_flux_and_ends_where_it_began(kind):
    motor = machine(0.202, 0.0148)
    healthy = machine(0.202, 0.0148)
    load = constant(motor, 0.0148)
    give(motor, **KINDS[kind])
    run(motor, 1, load)
    run(healthy, 1, load)
    assert motor.general
    assert motor.speed_rad_s == pytest.approx(healthy.speed_rad_s, rel=1e-2)
    assert motor.speed_rad_s != healthy.speed_rad_s
    give(motor, **dict.fromkeys(KINDS[kind], 0))
    motor.condition.open_phase = -1
    run(motor, 250, load)
    assert not motor.general
    assert motor.speed_rad_s == pytest.approx(healthy.speed_rad_s, rel=1e-5)
    assert motor.loop_current_a == 0.0


@pytest.mark.slow_without_jit
def test_the_general_equations_of_a_sound_machine_are_the_symmetrical_ones():
    one, other = machine(0.202, 0.0148), machine(0.202, 0.0148)
    supply = MAINS._replace(terminal=Terminal())
    run(one, 50, linear(0.4))
    run(other, 50, linear(0.4), supply)
    assert other.general
    assert other.speed_rad_s == pytest.approx(one.speed_rad_s, rel=1e-9)
    assert other.current_a == pytest.approx(one.current_a, rel=1e-6)
    assert other.state[:4] == pytest.approx(one.state[:4], rel=1e-6, abs=1e-7)
    assert other.reactive_var == pytest.approx(one.reactive_var, rel=1e-5)


@pytest.mark.slow_without_jit
def test_halving_the_step_hardly_moves_the_instant_a_phase_opens_or_what_follows():
    def run_with(substeps):
        motor = machine(0.202, 0.0148, substeps=substeps)
        give(motor, open_phase=0)
        run(motor, 30, linear(0.3))
        return motor

    coarse, fine = run_with(200), run_with(400)
    assert coarse.speed_rad_s == pytest.approx(fine.speed_rad_s, rel=1e-6)
    assert coarse.current_a == pytest.approx(fine.current_a, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_save_and_restore_go_on_bit_for_bit(kind):
    motor = machine(0.202, 0.0148)
    give(motor, **KINDS[kind])
    run(motor, 7, linear(0.4))
    saved = motor.save()
    motor.begin_block(5, 70_000_000)
    run(motor, 5, linear(0.4))
    again = machine(0.202)
    again.restore(saved)
    again.begin_block(5, 70_000_000)
    run(again, 5, linear(0.4))
    assert np.array_equal(motor.state, again.state)
    assert np.array_equal(motor.extra, again.extra)
    assert np.array_equal(motor.trace.rows, again.trace.rows)


def test_a_blocked_rotor_stands_takes_its_starting_current_and_keeps_the_account():
    motor = machine(0.202, 0.0148)
    give(motor, blocked=True)
    before = motor.energy()
    run(motor, 100, linear(0.4))
    missing, heat, d = balance(motor, before)
    assert motor.speed_rad_s == 0.0
    assert motor.current_a == pytest.approx(motor.circuit().solve(PHASE, HZ, 1.0).current_a, rel=0.02)
    assert abs(missing) < 1e-6
    assert abs(heat) < 1e-9
    assert d["shaft_out"] == pytest.approx(-d["kinetic"])
    give(motor, blocked=False)
    run(motor, 150, linear(0.4))
    assert motor.speed_rad_s > 150.0


def test_a_load_beyond_breakdown_stalls_to_finite_numbers():
    motor = machine(0.202, 0.0148)
    run(motor, 300, linear(40.0))
    assert np.all(np.isfinite(motor.state))
    assert 0.0 < motor.speed_rad_s < 10.0
    assert motor.current_a > 100.0


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"broken_bars": 10.0}, "broken_bars = 10 must be at least 0 and less than a third of the 28 bars"),
        ({"shorted_turns": 0.7}, r"shorted_turns = 0.7 must be in \[0, 0.5\]"),
        ({"static_eccentricity": 0.8, "dynamic_eccentricity": 0.3}, "= 1.1 must be in .* the rotor rubs"),
    ],
)
def test_a_condition_no_motor_can_have_is_refused(condition, message):
    motor = machine(0.202, 0.0148)
    give(motor, **condition)
    with pytest.raises(ValueError, match=message):
        run(motor, 1, linear(0.4))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stator_resistance_ohm": 0.0}, "stator_resistance_ohm = 0.0 must be a positive number"),
        ({"magnetising_inductance_h": 0.07}, "must be greater than magnetising_inductance_h"),
        ({"friction_nms": -1.0}, "friction_nms = -1.0 must not be negative"),
        ({"rotor_bars": 2}, "rotor_bars = 2 at least 4"),
    ],
)
def test_parameters_no_motor_has_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        machine(**parameters)
