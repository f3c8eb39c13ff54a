"""Each fault of a packaging line moves its own numbers."""

import pytest

from emulator.faults.base import registry
from tests.emulator.physics.test_packaging_line import line, run

KINDS = [kind for kind, fault in registry().items() if "packaging_line" in fault.targets]


def after(kind: str, severity: float, seconds: float = 250.0, **params):
    made = line()
    registry()[kind](params).apply(made, severity, 0)
    return run(made, seconds)


@pytest.mark.parametrize("kind", KINDS)
def test_severity_nothing_changes_nothing(kind):
    made, plain = after(kind, 0.0, 50.0), run(line(), 50.0)
    assert made.signals() == plain.signals()
    assert made.signal("filler_roller_temperature_k") == plain.signal("filler_roller_temperature_k")


def test_jams_stop_their_station_and_block_what_is_before_it():
    calm, jammed = after("line_jams", 0.0, station="capper"), after("line_jams", 1.0, station="capper")
    assert jammed.core.stations[1].failures > 2 * max(calm.core.stations[1].failures, 1)
    assert jammed.signal("filler_time_blocked_s") > calm.signal("filler_time_blocked_s")
    assert jammed.core.finished < calm.core.finished


def test_a_slow_cycle_costs_speed_without_stops():
    calm, slow = after("line_slow_cycle", 0.0), after("line_slow_cycle", 1.0)
    assert slow.core.stations[0].made < 0.85 * calm.core.stations[0].made
    assert slow.oee(0)[1] < 0.85 * calm.oee(0)[1]
    assert slow.oee(0)[2] == pytest.approx(calm.oee(0)[2], abs=0.01)


def test_quality_drift_shows_in_scrap_only():
    calm, bad = after("line_quality_drift", 0.0), after("line_quality_drift", 1.0)
    assert bad.core.scrapped > 2 * calm.core.scrapped
    assert bad.core.stations[0].made == pytest.approx(calm.core.stations[0].made, rel=0.02)


@pytest.mark.parametrize(("mode", "low", "high"), [("miss", 0.77, 0.83), ("double", 1.17, 1.23)])
def test_a_dirty_eye_counts_wrong_while_the_parts_pass(mode, low, high):
    made = after("photo_eye_dirty", 1.0, station="filler", mode=mode)
    assert low < made.signal("filler_eye_count") / made.signal("filler_eye_true") < high
    assert made.signal("capper_eye_count") == made.signal("capper_eye_true")


def test_a_roller_drags_and_grows_hot():
    found = [after("conveyor_roller_bearing", s, station="capper") for s in (0.0, 0.5, 1.0)]
    for what in ("capper_belt_torque_nm", "capper_roller_temperature_k"):
        values = [made.signal(what) for made in found]
        assert values == sorted(values)
        assert values[2] > values[0] * 1.02
    assert len({made.core.finished for made in found}) == 1


def test_a_slipping_belt_is_slower_than_its_drum_and_parts_come_late():
    calm, slips = (after("conveyor_belt_slip", s, 60.0, station="filler") for s in (0.0, 1.0))
    assert slips.signal("filler_belt_speed_m_s") == pytest.approx(0.8 * calm.signal("filler_belt_speed_m_s"))
    assert slips.signal("filler_drum_rad_s") == calm.signal("filler_drum_rad_s")
    assert slips.core.stations[1].taken < calm.core.stations[1].taken
    drags = after("conveyor_belt_slip", 1.0, 60.0, station="filler", mode="mistrack")
    assert drags.signal("filler_belt_torque_nm") > 1.8 * calm.signal("filler_belt_torque_nm")


def test_an_unknown_station_is_refused():
    with pytest.raises(ValueError, match="has no station 'labeler'; there are: filler, capper, camera"):
        registry()["line_jams"]({"station": "labeler"}).check(line())
    with pytest.raises(ValueError, match="mode = 'both' must be"):
        registry()["photo_eye_dirty"]({"mode": "both"})
