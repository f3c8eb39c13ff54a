import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.opcua.alarms.where import FilterError, Where, like

SEVERITY, NAME, ACTIVE = ("Severity",), ("SourceName",), ("ActiveState", "Id")
EVENT = {SEVERITY: 500, NAME: "pump1.flow", ACTIVE: True, ("EventType",): "level"}


def where(*elements) -> Where:
    return Where(elements, lambda one, wanted: (one, wanted) in {("level", "level"), ("level", "alarm")})


def lit(value):
    return ("literal", value)


def fld(*path):
    return ("field", path)


@pytest.mark.parametrize(
    ("elements", "passes"),
    [
        ([], True),
        ([(0, [fld("Severity"), lit(500)])], True),
        ([(2, [fld("Severity"), lit(500)])], False),
        ([(4, [fld("Severity"), lit(500)])], True),
        ([(3, [fld("Severity"), lit(501)])], True),
        ([(5, [fld("Severity"), lit(499)])], False),
        ([(8, [fld("Severity"), lit(400), lit(600)])], True),
        ([(9, [fld("Severity"), lit(1), lit(500)])], True),
        ([(1, [fld("Nothing")])], True),
        ([(6, [fld("SourceName"), lit("pump_.%")])], True),
        ([(7, [("element", 1)]), (0, [fld("ActiveState", "Id"), lit(False)])], True),
        ([(10, [("element", 1), ("element", 2)]), (14, [lit("alarm")]), (4, [fld("Severity"), lit(100)])], True),
        ([(11, [("element", 1), ("element", 2)]), (0, [fld("Nothing"), lit(1)]), (14, [lit("level")])], True),
        ([(10, [("element", 1), ("element", 2)]), (0, [fld("Nothing"), lit(1)]), (14, [lit("level")])], False),
        ([(16, [fld("Severity"), lit(4)])], False),  # a number is no truth
        ([(2, [fld("SourceName"), lit(5)])], False),  # nor can a text be compared with a number
        ([(14, [lit("other")])], False),
    ],
)
def test_a_filter_lets_through_what_it_says(elements, passes: bool):
    assert where(*elements)(EVENT) is passes


@pytest.mark.parametrize(
    ("elements", "results"),
    [
        ([(15, [lit(1)])], (0x80C20000,)),
        ([(99, [])], (0x80C10000,)),
        ([(0, [lit(1)])], (0x80C30000,)),
        ([(7, [("element", 0)])], (0x80480000,)),
        ([(7, [("element", 1)]), (7, [("element", 0)])], (0, 0x80480000)),
        ([(7, [("element", 5)])], (0x80480000,)),
    ],
)
def test_a_filter_that_cannot_be_is_refused_element_by_element(elements, results):
    with pytest.raises(FilterError) as refused:
        where(*elements)
    assert refused.value.results == results


def test_a_filter_of_any_length_is_bounded():
    with pytest.raises(FilterError):
        where(*[(1, [lit(None)])] * 101)


@given(st.text("ab.", max_size=8), st.text("ab%_.", max_size=6))
def test_like_agrees_with_the_shells_patterns(text: str, pattern: str):
    assert like(text, pattern) == fnmatch.fnmatchcase(text, pattern.replace("%", "*").replace("_", "?"))


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("50%", r"50\%", True),
        ("50x", r"50\%", False),
        ("b7", "[a-c]7", True),
        ("d7", "[^a-c]7", True),
        ("b7", "[^a-c]7", False),
    ],
)
def test_like_knows_sets_and_escapes(text: str, pattern: str, fits: bool):
    assert like(text, pattern) is fits
