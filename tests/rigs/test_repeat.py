"""Repeated entries of rig files."""

import pytest

from rigs.document import RigError, parse
from rigs.repeat import expand


def expanded(text: str):
    document = parse(text, "rig.yaml")
    expand(document)
    return document


def test_an_entry_repeats_with_its_counter_in_every_text():
    document = expanded('points:\n  - {repeat: {n: 1..3}, id: "st{n:02}.count", register: "{40 + 2*n}", k: 7}\n')
    assert document.data["points"] == [
        {"id": "st01.count", "register": 42, "k": 7},
        {"id": "st02.count", "register": 44, "k": 7},
        {"id": "st03.count", "register": 46, "k": 7},
    ]


def test_counters_turn_like_an_odometer_and_nested_lists_are_filled():
    document = expanded('points:\n  - {repeat: {a: [2, 5], b: 0..1}, id: "x{a}{b}", range: ["{a}", "{a*10+b}"]}\n')
    assert [p["id"] for p in document.data["points"]] == ["x20", "x21", "x50", "x51"]
    assert document.data["points"][3]["range"] == [5, 51]


def test_a_group_repeats_together_and_groups_nest():
    document = expanded(
        "assets:\n  - {id: first}\n  - repeat: {s: 1..2}\n    of:\n      - {id: 'm{s}'}\n"
        "      - {repeat: {k: 1..2}, id: 'b{s}{k}'}\n  - {id: last}\n"
    )
    assert [a["id"] for a in document.data["assets"]] == ["first", "m1", "b11", "b12", "m2", "b21", "b22", "last"]


def test_maps_of_the_plant_repeat_by_key():
    document = expanded("plant:\n  initial: {repeat: {n: 1..2}, 'motor{n}.run': true, pid1.auto: false}\n")
    assert document.data["plant"]["initial"] == {"pid1.auto": False, "motor1.run": True, "motor2.run": True}


def test_places_follow_their_entries():
    document = expanded('points:\n  - {repeat: {n: 1..2}, id: "x{n}"}\n  - id: plain\n')
    assert document.place(("points", 1, "id")).line == 2
    assert document.place(("points", 2, "id")).line == 3
    assert document.place(("points", 2, "id"), key=True).column == 5


def test_doubled_braces_are_braces():
    document = expanded('points:\n  - {repeat: {n: 1..1}, id: "x{n}", text: "{{n}}"}\n')
    assert document.data["points"] == [{"id": "x1", "text": "{n}"}]


@pytest.mark.parametrize(
    ("repeat", "text", "message"),
    [
        ("{n: 1..3}", "{m}", "unknown counter 'm'; there are: n"),
        ("{n: 1..3}", "{n**9}", "only whole numbers, counters"),
        ("{n: 1..3}", "{n.real}", "only whole numbers, counters"),
        ("{n: 1..3}", "{n//0}", "division by nothing"),
        ("{n: 1..3}", "{n +}", "no integer arithmetic"),
        ("{n: 1..3}", "{n:x}", "width 'x' must be digits"),
        ("{n: 3..1}", "{n}", "must be a range such as 1..200"),
        ("{n: 1..9999999}", "{n}", "repeats 9999999 times"),
        ("{n: 1..500, m: 1..500}", "{n}", "repeats 250000 times"),
        ("7", "{n}", "must be a map of counters"),
    ],
)
def test_a_wrong_repeat_is_refused_with_its_place(repeat, text, message):
    with pytest.raises(RigError) as caught:
        expanded(f'points:\n  - repeat: {repeat}\n    id: "{text}"\n')
    assert message in str(caught.value)
    assert str(caught.value).startswith(("rig.yaml:2:", "rig.yaml:3:"))
