import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.opcua.alarms import condition as module
from emulator.devices.opcua.alarms.condition import Condition
from rigs.devices.opcua_alarm import OpcUaAlarm

LIMITS = OpcUaAlarm(high_high=90, high=80, low=20, low_low=10, hysteresis=2)
GOOD, BAD = 0, 0x808C0000


def levels(settings: OpcUaAlarm, values) -> list[str]:
    watched = Condition("a", settings)
    said = []
    for tick, value in enumerate(values):
        watched.look(value, GOOD, tick)
        said.append(watched.state.level)
    return said


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (module.BAD_EVENT_ID_UNKNOWN, "BadEventIdUnknown"),
        (module.BAD_CONDITION_ALREADY_ENABLED, "BadConditionAlreadyEnabled"),
        (module.BAD_CONDITION_ALREADY_DISABLED, "BadConditionAlreadyDisabled"),
        (module.BAD_CONDITION_DISABLED, "BadConditionDisabled"),
        (module.BAD_BRANCH_ALREADY_ACKED, "BadConditionBranchAlreadyAcked"),
        (module.BAD_BRANCH_ALREADY_CONFIRMED, "BadConditionBranchAlreadyConfirmed"),
    ],
)
def test_status_codes_are_the_standards(ours: int, theirs: str):
    assert ours == getattr(ua.StatusCodes, theirs)


def test_limits_are_entered_at_once_and_left_by_more_than_the_hysteresis():
    values = [50, 79.9, 80, 78.1, 77.9, 95, 88.1, 87.9, 50, 20, 21.9, 22.1, 5, 11.9, 12.1, 22.1]
    assert levels(LIMITS, values) == [
        "", "", "high", "high", "", "high_high", "high_high", "high", "", "low", "low", "", "low_low", "low_low", "low", "",
    ]  # fmt: skip


def oracle(settings: OpcUaAlarm, values) -> list[str]:
    """Each limit by itself: entered at it, left beyond the hysteresis; the worst that is active shows."""
    active = dict.fromkeys(settings.limits, False)
    said = []
    for value in values:
        for name, limit in settings.limits.items():
            over = value - limit if name.startswith("high") else limit - value
            active[name] = over >= 0 or (active[name] and over > -settings.hysteresis)
        said.append(next((n for n in ("high_high", "low_low", "high", "low") if active.get(n)), ""))
    return said


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(0, 5))
def test_any_course_of_values_is_judged_as_by_four_separate_limits(values: list[float], hysteresis: float):
    settings = OpcUaAlarm(high_high=90, high=80, low=20, low_low=10, hysteresis=hysteresis)
    assert levels(settings, values) == oracle(settings, values)


def test_a_delay_must_pass_without_a_break():
    watched = Condition("a", OpcUaAlarm(high=80, delay="1 s"))
    second = 10_000_000
    assert watched.look(81, GOOD, 0) is None
    assert watched.look(79, GOOD, second // 2) is None
    assert watched.look(81, GOOD, second) is None
    assert watched.look(81, GOOD, 2 * second - 1) is None
    assert watched.look(81, GOOD, 2 * second).level == "high"


def test_a_life_of_an_alarm():
    watched = Condition("a", LIMITS)
    first = watched.look(85, GOOD, 100)
    assert (first.active, first.acked, first.confirmed, first.retain, first.severity) == (True, False, False, True, 500)
    assert watched.look(86, GOOD, 110) is None  # no news
    worse = watched.look(95, GOOD, 200)
    assert (worse.level, worse.severity, worse.last_severity) == ("high_high", 800, 500)
    assert worse.event_id != first.event_id
    assert watched.acknowledge(first.event_id, "seen", "op", 300) == GOOD  # an earlier event of it will do
    assert (watched.state.acked, watched.state.comment, watched.state.user) == (True, "seen", "op")
    assert watched.state.since("acked") == 300
    assert watched.acknowledge(first.event_id, "", "op", 310) == module.BAD_BRANCH_ALREADY_ACKED
    assert watched.acknowledge(b"x" * 16, "", "op", 310) == module.BAD_EVENT_ID_UNKNOWN
    gone = watched.look(50, GOOD, 400)
    assert (gone.active, gone.retain, gone.severity) == (False, True, 1)  # still to be confirmed
    assert watched.confirm(gone.event_id, "", "op", 500) == GOOD
    assert not watched.state.retain
    assert watched.confirm(gone.event_id, "", "op", 500) == module.BAD_BRANCH_ALREADY_CONFIRMED


def test_a_bad_value_changes_no_level_but_is_told_while_the_alarm_is_retained():
    watched = Condition("a", LIMITS)
    assert watched.look(500, BAD, 0) is None
    assert watched.look(85, GOOD, 1).quality == GOOD
    told = watched.look(0, BAD, 2)
    assert (told.level, told.quality) == ("high", BAD)


def test_disabled_it_says_nothing_and_enabled_it_begins_afresh():
    watched = Condition("a", LIMITS)
    event = watched.look(85, GOOD, 0).event_id
    assert watched.enable(False, 1) == GOOD
    assert not watched.state.retain
    assert watched.enable(False, 2) == module.BAD_CONDITION_ALREADY_DISABLED
    assert watched.look(95, GOOD, 3) is None
    assert watched.acknowledge(event, "", "", 4) == module.BAD_CONDITION_DISABLED
    assert watched.enable(True, 5) == GOOD
    assert watched.look(95, GOOD, 6).level == "high_high"


def test_a_state_alarm_watches_one_state():
    assert levels(OpcUaAlarm(off_normal=True), [0, 1, 1, 0]) == ["", "off_normal", "off_normal", ""]


def test_event_ids_repeat_with_the_seed_and_differ_otherwise():
    ids = [
        Condition(name, LIMITS, seed).look(85, GOOD, 0).event_id
        for name, seed in (("a", 1), ("a", 1), ("b", 1), ("a", 2))
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_event_ids_remembered_are_bounded():
    watched = Condition("a", LIMITS)
    first = watched.look(85, GOOD, 0).event_id
    for tick in range(200):
        watched.look(50 if tick % 2 == 0 else 85, GOOD, tick)
    assert watched.acknowledge(first, "", "", 999) == module.BAD_EVENT_ID_UNKNOWN
    assert len(watched._known) <= 64


@pytest.mark.parametrize(
    "given", [{}, {"high": 1, "off_normal": True}, {"high": 1, "high_high": 0}, {"low": 5, "low_low": 5}]
)
def test_alarms_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match=r"an alarm needs limits|must fall"):
        OpcUaAlarm(**given)
