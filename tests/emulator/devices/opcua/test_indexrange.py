"""Parts of arrays and strings, against a slow obvious count of indexes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.opcua.indexrange import INVALID, NO_DATA, RangeError, parse


@pytest.mark.parametrize("text", ["", ":", "1:", ":1", "-1", "a", "3:2", "2:2", "1,", ",1", "1:2:3", " 1", "1.0", "٣",
                                  "4294967296", "1," * 200 + "1"])  # fmt: skip
def test_what_is_not_a_range_is_invalid(text):
    with pytest.raises(RangeError) as refused:
        parse(text)
    assert refused.value.status == INVALID


@pytest.mark.parametrize(
    ("text", "value", "dimensions"),
    [
        ("3", [1, 2, 3], None),
        ("0", 5.0, None),
        ("0,0", [1, 2, 3], None),
        ("0", [1, 2, 3, 4], [2, 2]),
        ("2,0", [1, 2, 3, 4], [2, 2]),
        ("4", "four", None),
        ("0,1", "four", None),
        ("0,9", ["four"], None),
        ("0", [], None),
    ],
)
def test_good_syntax_without_data_says_so(text, value, dimensions):
    with pytest.raises(RangeError) as refused:
        parse(text).cut(value, dimensions)
    assert refused.value.status == NO_DATA


def test_strings_and_byte_strings_have_parts():
    assert parse("1:2").cut("abcd") == ("bc", None)
    assert parse("2").cut(b"abcd") == (b"c", None)
    assert parse("0:1,1:9").cut(["abcd", "xyz", "q"]) == (["bcd", "yz"], None)
    assert parse("1,0,0").cut(["ab", "cd"], [2, 1]) == (["c"], [1, 1])


@st.composite
def matrices(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    bounds = [sorted((draw(st.integers(0, n - 1)), draw(st.integers(0, n + 2)))) for n in shape]
    return shape, bounds


@given(matrices())
def test_a_part_is_every_element_whose_indexes_lie_in_the_range(case):
    shape, bounds = case
    text = ",".join(str(a) if a == b else f"{a}:{b}" for a, b in bounds)
    value = list(range(int(np.prod(shape))))
    inside = [
        number
        for number, indexes in enumerate(itertools.product(*map(range, shape)))
        if all(a <= i <= b for i, (a, b) in zip(indexes, bounds, strict=True))
    ]
    part, dimensions = parse(text).cut(value, shape)
    assert list(part) == inside
    assert dimensions is None or int(np.prod(dimensions)) == len(inside)
