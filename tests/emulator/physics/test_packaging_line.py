"""The packaging line as a machine: OEE, belts, heads, eyes, energy."""

import math

import pytest

from emulator.physics.asset import TICK_NS
from emulator.physics.conveyor import DRUM_M, Conveyor, ConveyorParameters
from emulator.physics.line_core import StationPlan
from emulator.physics.packaging_line import PackagingLine, PackagingLineParameters
from emulator.physics.site import Site
from emulator.streams import Streams


def line(**changed) -> PackagingLine:
    plans = (
        StationPlan("filler", 0.2, failure=0.002, repair=0.05, transit_s=4.0),
        StationPlan("capper", 0.2, failure=0.001, repair=0.05, reject=0.01, transit_s=4.0),
        StationPlan("camera", 0.18, inspect=True),
    )
    parameters = PackagingLineParameters(
        plans=plans, heads=(24, 0, 0), powers_w=(3000.0, 1500.0, 200.0), lengths_m=(2.0, 2.0, 2.0), **changed
    )
    made = PackagingLine(parameters, Site(Streams(7)), "line1")
    made.start()
    return made


def run(made: PackagingLine, seconds: float, t0_s: float = 0.0) -> PackagingLine:
    for i in range(round(t0_s * 100), round((t0_s + seconds) * 100)):
        made.tick(i * TICK_NS)
    return made


def test_oee_is_the_product_of_its_factors_and_losses_sum_to_the_time():
    made = run(line(), 300.0)
    for index in range(3):
        assert sum(made.losses(index).values()) == pytest.approx(300.0, abs=1e-6)
    s = made.signals()
    assert s["oee"] == pytest.approx(s["availability"] * s["effectiveness"] * s["quality"])
    assert pytest.approx(0.84645) == 0.9 * 0.95 * 0.99
    assert 0.5 < s["oee"] < 1.0
    assert made.balances()["parts"].residual == 0.0


def test_a_belt_takes_the_torque_of_its_load():
    belt = Conveyor(ConveyorParameters(), 293.15)
    for _ in range(300):
        belt.advance(50, True, 293.15, 0.01)
    mass = 50 * 0.6 + 30.0 * 4.0
    assert belt.speed_m_s == pytest.approx(0.5)
    assert belt.torque_nm == pytest.approx(0.3 * mass * 9.80665 * DRUM_M)
    assert belt.power_w == pytest.approx(0.3 * mass * 9.80665 * 0.5 / 0.85)


def test_heads_take_turns_and_differ_a_little():
    made = run(line(), 300.0)
    counts = [made.signal(f"filler_h{n}_count") for n in range(24)]
    assert sum(counts) == made.core.stations[0].cycles
    assert max(counts) - min(counts) <= 1
    volumes = [made.signal(f"filler_h{n}_volume_m3") for n in range(24)]
    assert len(set(volumes)) == 24
    assert all(abs(v / 0.5e-3 - 1.0) < 0.03 for v in volumes)
    assert made.signal("filler_h24_count") is None
    assert made.signal("filler_nothing") is None


def test_defects_follow_the_known_law_of_the_fill():
    made = run(line(), 400.0)
    calm = made.core.stations[0].spoiled
    made.condition.head_drift[0] = 0.012
    run(made, 400.0, 400.0)
    assert made.core.stations[0].spoiled - calm > 0.2 * 400 / 0.2 * 0.8
    assert calm < 0.02 * 2000


def test_power_and_air_belong_to_parts():
    made = run(line(), 300.0)
    s = made.signals()
    assert s["energy_per_part_j"] == pytest.approx(s["energy_j"] / s["parts_out"])
    assert made._air_kg == pytest.approx(sum(made._seen) * 0.8e-3)


def test_a_stopped_line_stands_and_starts_again():
    made = run(line(), 100.0)
    made.commands()["run"](0.0)
    run(made, 60.0, 100.0)
    out = made.core.finished
    assert made.signal("filler_state") in (2.0, 11.0)  # stopped, or holding a part
    assert made.signal("filler_belt_speed_m_s") == 0.0
    run(made, 30.0, 160.0)
    assert made.core.finished <= out + 3
    made.commands()["run"](1.0)
    run(made, 60.0, 190.0)
    assert made.core.finished > out + 100


def test_saved_it_goes_on_bit_for_bit():
    made = run(line(), 60.0)
    saved = made.save()
    run(made, 60.0, 60.0)
    again = line()
    again.restore(saved)
    run(again, 60.0, 60.0)
    assert again.signals() == made.signals()
    assert again.signal("capper_eye_count") == made.signal("capper_eye_count")


def test_parts_of_a_joined_machine_are_what_the_line_takes():
    made = line()
    made.ports["feed"].joined = True
    made.start()
    run(made, 10.0)
    assert made.core.entered == 0
    made.ports["feed"].flow = 1.0
    made.tick(1000 * TICK_NS)
    made.ports["feed"].flow = 0.0
    run(made, 20.0, 10.01)
    assert made.core.entered == 1
    assert made.core.finished + made.core.scrapped == 1
    assert math.isclose(made.balances()["parts"].residual, 0.0)
