"""Watched causes: located in time, delayed, released."""

import pytest

from emulator.life.cascade import Watch
from rigs.life import Cause

SECOND = 1_000_000_000


def watch(delay_s: int = 0, **limit) -> Watch:
    return Watch(Cause(signal="motor1.winding_temperature_k", **limit), delay_s * SECOND)


def test_the_crossing_is_found_between_two_looks():
    seen = watch(above=400.0)
    seen.look(0, 390.0)
    assert seen.look(SECOND, 430.0)
    assert seen.since_ns == SECOND // 4


def test_an_effect_waits_for_its_delay_and_a_short_excursion_has_none():
    seen = watch(3, above=400.0)
    acts = []
    for t, value in enumerate([390, 410, 410, 390, 410, 410, 410, 410, 410, 390]):
        seen.look(t * SECOND, float(value))
        acts.append(seen.acts)
    assert acts == [False] * 7 + [True, True, False]
    assert seen.acted_ns == round(3.5 * SECOND) + 3 * SECOND


def test_release_keeps_a_cause_standing_until_it_is_well_over():
    seen = watch(below=1.0, release=1.1)
    found = []
    for t, value in enumerate([1.2, 0.9, 1.05, 1.15, 1.05]):
        seen.look(t * SECOND, value)
        found.append(seen.holds)
    assert found == [False, True, True, False, False]


def test_what_was_put_right_takes_the_delay_again():
    seen = watch(2, above=400.0)
    for t in range(5):
        seen.look(t * SECOND, 410.0)
    assert seen.acts
    seen.again(5 * SECOND)
    assert not seen.look(6 * SECOND, 410.0)
    assert seen.look(7 * SECOND, 410.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"signal": "a.b", "wear": "c", "above": 1}, "either a signal or a wear"),
        ({"signal": "a.b"}, "one limit: above or below"),
        ({"signal": "a.b", "above": 1, "below": 0}, "one limit: above or below"),
        ({"signal": "a.b", "above": 1, "release": 2}, "beyond the limit"),
        ({"signal": "motor1.winding_temperature_k", "above": "130 bar"}, "not a temperature"),
    ],
)
def test_a_cause_that_makes_no_sense_is_refused(given: dict, message: str):
    with pytest.raises(ValueError, match=message):
        Cause.model_validate(given)


def test_limits_are_read_in_the_unit_the_signals_name_ends_with():
    assert Cause(signal="motor1.winding_temperature_k", above="130 degC").above == pytest.approx(403.15)
    assert Cause(signal="pump1.suction_pressure_pa", below="0.2 bar").below == pytest.approx(20_000.0)
    assert Cause(signal="pump1.cavitation_sigma", below=1.1).below == 1.1
