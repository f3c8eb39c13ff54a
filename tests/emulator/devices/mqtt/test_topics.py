import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.devices.mqtt.accounts import covers
from emulator.devices.mqtt.topics import TopicTree, is_filter, is_topic, matches

LEVELS = st.lists(st.sampled_from(("a", "b", "", "$x")), min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = st.builds(
    lambda levels, tail: "/".join(levels + tail),
    st.lists(st.sampled_from(("a", "b", "", "+", "$x")), max_size=3), st.sampled_from(([], ["#"], ["+"], ["a"])),
).filter(bool)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "topic", "taken"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/x", False),
        ("+/monitor/Clients", "$SYS/monitor/Clients", False),
        ("$SYS/#", "$SYS/monitor", True),
    ],
)
def test_wildcards_are_those_of_the_standard(pattern, topic, taken):
    assert matches(pattern, topic) is taken


@given(st.lists(FILTERS, max_size=6), LEVELS)
@settings(max_examples=80, deadline=None)
def test_the_tree_finds_what_asking_every_filter_finds(patterns, topic):
    tree = TopicTree()
    for number, pattern in enumerate(patterns):
        tree.add(pattern, number, number % 3)
    assert tree.find(topic) == {n: n % 3 for n, pattern in enumerate(patterns) if matches(pattern, topic)}
    for number, pattern in enumerate(patterns):
        tree.remove(pattern, number)
    assert tree.find(topic) == {}
    assert not tree._root.below


@given(FILTERS, FILTERS, LEVELS)
@settings(max_examples=100, deadline=None)
def test_a_filter_that_covers_another_takes_what_that_takes(wide, narrow, topic):
    if covers(wide, narrow) and matches(narrow, topic):
        assert matches(wide, topic)


def test_names_and_filters_have_their_rules():
    assert [is_topic(name) for name in ("a", "", "a+", "#", "a\0")] == [True, False, False, False, False]
    assert [is_filter(name) for name in ("a/+/#", "a#", "#/a", "a/b+", "", "+")] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]
