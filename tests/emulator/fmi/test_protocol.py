from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.fmi.protocol import LIMIT, Frame, Op, Parser, ProtocolError, numbers, pack, read_numbers

FRAMES = [Frame(Op.STEP, b"abc"), Frame(Op.DONE, b""), Frame(Op.ERROR, bytes(range(256)))]


@given(st.lists(st.integers(0, 300), max_size=5))
def test_any_cut_of_the_bytes_parses_alike(cuts):
    data = b"".join(pack(*frame) for frame in FRAMES)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parser = Parser()
    assert [f for a, b in pairwise(edges) for f in parser.receive(data[a:b])] == FRAMES


def test_one_byte_at_a_time_and_a_rest_that_waits():
    parser = Parser()
    found = [frame for byte in pack(*FRAMES[2]) + b"\x01" for frame in parser.receive(bytes([byte]))]
    assert found == [FRAMES[2]]


def test_numbers_pass_bit_for_bit():
    values = [0.1, -0.0, 1e308, float("inf")]
    assert read_numbers(numbers(values), 4) == values
    assert read_numbers(numbers([float("nan")]), 1)[0] != 0.0
    with pytest.raises(ProtocolError, match="where 3 numbers were expected"):
        read_numbers(numbers(values), 3)


def test_nonsense_is_refused():
    with pytest.raises(ProtocolError):
        Parser().receive((LIMIT + 1).to_bytes(4, "little") + b"\x01")
    with pytest.raises(ProtocolError):
        Parser().receive(b"\x00\x00\x00\x00\x63")
