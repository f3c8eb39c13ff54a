"""Faults of motor, drive and supply: what each moves, what it leaves alone, and that severity 0 is no fault."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from emulator.faults.base import registry
from emulator.physics.electrical_supply import ElectricalSupply, ElectricalSupplyParameters
from emulator.physics.site import Site
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams
from tests.emulator.physics.motors import amplitudes, balance, constant, linear, machine, record, run, sequences

SLIP = 0.01479
MOTOR = ("motor_broken_bars", "motor_shorted_turns", "motor_eccentricity", "motor_blocked_rotor", "supply_unbalance",
         "supply_phase_loss", "motor_fan_blocked")  # fmt: skip
DRIVE = ("vfd_capacitor_ageing", "vfd_igbt_open", "supply_sag")
SUPPLY = ("supply_unbalance", "supply_phase_loss", "supply_sag")


def target(family):
    if family == "motor":
        return machine(0.202, SLIP)
    if family == "drive":
        return Vfd(VfdParameters())
    return ElectricalSupply(ElectricalSupplyParameters(), Site(Streams(1)), "supply1")


ALL = [("motor", kind) for kind in MOTOR] + [("drive", kind) for kind in DRIVE] + [("supply", kind) for kind in SUPPLY]


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_severity_0_is_exactly_healthy_even_after_a_fault_and_applying_twice_is_once(family, kind):
    fault, asset = registry()[kind]({}), target(family)
    healthy = dataclasses.replace(asset.condition)
    fault.apply(asset, 0.6, 0)
    once = dataclasses.replace(asset.condition)
    assert once != healthy
    fault.apply(asset, 0.6, 1)
    assert asset.condition == once
    fault.apply(asset, 0.0, 2)
    assert asset.condition == healthy


@pytest.mark.parametrize("kind", MOTOR)
def test_a_motor_with_a_fault_of_severity_0_is_bit_for_bit_the_healthy_one(kind):
    healthy, motor = target("motor"), target("motor")
    run(healthy, 3, linear(0.4))
    for n in range(3):
        registry()[kind]({}).apply(motor, 0.0, n)
        run(motor, 1, linear(0.4))
    assert np.array_equal(healthy.state, motor.state)
    assert np.array_equal(healthy.extra, motor.extra)


def measured(kind, severity, params=None, ticks=100):
    """Means and lines of M15 on the mains at the skid's load."""
    motor = target("motor")
    load = linear(0.4) if kind is None else constant(motor, SLIP)
    if kind is not None:
        registry()[kind](params or {}).apply(motor, severity, 0)
    run(motor, 60, load)
    before = motor.energy()
    trace = record(motor, ticks, load)
    positive, negative, _ = sequences(trace, "current", 0, 20 * ticks)
    missing, heat, d = balance(motor, before)
    assert abs(missing) < 1e-6
    assert abs(heat) < 1e-9
    loss = d["stator_copper"] + d["rotor_copper"] + d["short"]
    return {
        "I_1": abs(positive), "I_2": abs(negative), "P_el": d["electrical_in"] / ticks * 100, "loss": loss / ticks * 100,
        "trace": trace, "motor": motor,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "line"), [("motor_shorted_turns", "I_2"), ("supply_unbalance", "I_2"), ("motor_broken_bars", "loss")]
)
@pytest.mark.slow_without_jit
def test_more_severity_shows_more(kind, line):
    values = [measured(kind, severity, ticks=20)[line] for severity in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(a < b for a, b in pairwise(values))


@pytest.mark.slow_without_jit
def test_shorted_turns_move_what_the_signature_table_says():
    healthy, shorted = measured("motor_shorted_turns", 0.0), measured("motor_shorted_turns", 0.5)
    assert healthy["I_2"] < 1e-6
    assert 0.03 < shorted["I_2"] / shorted["I_1"] < 0.08
    assert shorted["P_el"] > 1.03 * healthy["P_el"]
    assert shorted["loss"] > 2.0 * healthy["loss"]
    assert shorted["motor"].spot_k > shorted["motor"].winding_k + 10.0
    assert shorted["motor"].speed_rad_s == pytest.approx(healthy["motor"].speed_rad_s, rel=1e-3)


@pytest.mark.slow_without_jit
def test_unbalance_gives_negative_sequence_but_no_more_over_its_voltage_than_a_sound_winding():
    motor = target("motor")
    circuit = motor.circuit()
    admittance = circuit.solve(1.0, 50.0, 2.0 - SLIP).current_a
    unbalanced, shorted = measured("supply_unbalance", 0.4, ticks=20), measured("motor_shorted_turns", 0.5, ticks=20)
    volts = abs(sequences(unbalanced["trace"], "voltage", 0, 400)[1])
    assert volts == pytest.approx(0.02 * 400 / np.sqrt(3), rel=1e-3)
    # The speed's own swing at 2 f₁ adds a percent or two to the circuit's answer.
    assert unbalanced["I_2"] / volts == pytest.approx(admittance, rel=0.03)
    assert unbalanced["I_2"] > 0.03 * unbalanced["I_1"]
    # The twin's corrected quantity: nothing is left of the unbalance, all of the shorted turns.
    assert abs(sequences(shorted["trace"], "voltage", 0, 400)[1]) < 1e-3


@pytest.mark.slow_without_jit
def test_broken_bars_move_the_side_bands_and_hardly_anything_else():
    healthy, broken = measured("motor_broken_bars", 0.0), measured("motor_broken_bars", 1.0, {"bars": 2})
    slip = 1.0 - broken["motor"].speed_rad_s / (50.0 * np.pi)

    def sides(case):
        x = case["trace"].waveform("current_a_a", 0, 2000, 2000.0)
        lines = amplitudes(x, 2000.0, [50.0, 50.0 * (1 - 2 * slip), 50.0 * (1 + 2 * slip)])
        return lines[1:].sum() / lines[0]

    assert sides(healthy) < 1e-6
    assert sides(broken) > 0.02
    assert broken["P_el"] == pytest.approx(healthy["P_el"], rel=0.01)
    assert broken["I_2"] < 0.03 * broken["I_1"]


@pytest.mark.parametrize("phase", ["a", "b", "c"])
def test_a_lost_phase_is_the_one_that_was_named(phase):
    motor = target("motor")
    registry()["supply_phase_loss"]({"phase": phase}).apply(motor, 1.0, 0)
    run(motor, 30, linear(0.4))
    trace = record(motor, 2, linear(0.4))
    peaks = {p: np.abs(trace.waveform(f"current_{p}_a", 0, 200, 1e4)).max() for p in "abc"}
    assert peaks[phase] < 1e-8
    assert all(peak > 20.0 for p, peak in peaks.items() if p != phase)


def test_a_sag_takes_the_voltage_of_a_drive_or_of_all_on_a_supply():
    drive, supply = target("drive"), target("supply")
    supply.feed("drive1", drive)
    registry()["supply_sag"]({"depth": 0.4}).apply(supply, 0.5, 0)
    supply.tick(0)
    assert drive.mains.gain == pytest.approx(0.8, abs=1e-3)
    registry()["supply_sag"]({}).apply(drive, 1.0, 0)
    assert drive.condition.mains_gain == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("motor_broken_bars", {"bars": 0}, "bars = 0 must be more than 0"),
        ("motor_eccentricity", {"static": 0.9, "dynamic": 0.2}, "static .* the rotor rubs"),
        ("supply_phase_loss", {"phase": "d"}, "phase = 'd' must be 'a', 'b' or 'c'"),
        ("vfd_igbt_open", {"phase": "u"}, "phase = 'u' must be"),
        ("supply_sag", {"depth": 2.0}, r"depth = 2 must be in \(0, 1\]"),
    ],
)
def test_parameters_without_sense_are_refused(kind, params, message):
    with pytest.raises(ValueError, match=message):
        registry()[kind](params)


def test_more_broken_bars_than_a_third_are_refused_before_the_fault_is_configured():
    with pytest.raises(ValueError, match="bars = 10 must be less than a third of the motor's 28 rotor bars"):
        registry()["motor_broken_bars"]({"bars": 10}).check(target("motor"))
