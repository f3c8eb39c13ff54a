import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.physics.site import Site
from emulator.physics.stand_in import SECOND, Level, StandIn, StandInParameters
from emulator.streams import Streams
from rigs.assets import nameplates


def stand_in(**holds: Level) -> StandIn:
    return StandIn(StandInParameters(holds), Site(Streams(1)), "clone1")


def test_a_plate_reads_units_and_bare_numbers():
    plate = nameplates()["stand_in"].model_validate(
        {
            "id": "clone1",
            "kind": "stand_in",
            "holds": {"p": "3.2 bar", "n": 7, "t": {"value": "20 degC", "wander": 0.1}},
        }
    )
    built = StandIn.build(plate, {}, Site(Streams(1)))
    assert built.levels == {"p": pytest.approx(320_000.0), "n": 7.0, "t": pytest.approx(293.15)}


@pytest.mark.parametrize("value", ["3.2 parsnips", "bar", {"value": 1, "wander": -1}])
def test_a_plate_refuses_what_it_cannot_hold(value):
    with pytest.raises(ValueError, match="holds"):
        nameplates()["stand_in"].model_validate({"id": "c", "kind": "stand_in", "holds": {"p": value}})


@given(st.floats(-1e6, 1e6), st.integers(0, 10**12))
def test_without_wander_a_value_stands(value, t_ns):
    machine = stand_in(p=Level(value))
    machine.tick(t_ns)
    assert machine.signals() == {"p": value}


def test_a_value_wanders_about_its_level_by_what_it_was_told():
    machine, seen = stand_in(p=Level(100.0, 2.0, 1.0)), []
    for second in range(4000):
        machine.tick(second * 3 * SECOND)
        seen.append(machine.signals()["p"])
    assert statistics.fmean(seen) == pytest.approx(100.0, abs=0.15)
    assert statistics.stdev(seen) == pytest.approx(2.0, rel=0.05)


def test_a_command_moves_the_level_and_a_restore_brings_it_back():
    machine = stand_in(p=Level(1.0), q=Level(2.0))
    saved = machine.save()
    machine.commands()["p"](5.0)
    assert machine.signals() == {"p": 5.0, "q": 2.0}
    machine.restore(saved)
    assert machine.signals() == {"p": 1.0, "q": 2.0}
