import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.context.registers import decode, register_count

# Layouts written out by hand: 0x12345678 in the four orders, as vendors' manuals draw them.
ORDERS = {
    "ABCD": [0x1234, 0x5678],
    "CDAB": [0x5678, 0x1234],
    "BADC": [0x3412, 0x7856],
    "DCBA": [0x7856, 0x3412],
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_four_word_orders_of_a_32_bit_number(order):
    assert decode(ORDERS[order], "u32", order) == 0x12345678


def test_a_64_bit_number_reversed_word_by_word():
    words = [0x0123, 0x4567, 0x89AB, 0xCDEF]
    assert decode(words, "u64", "ABCD") == 0x0123456789ABCDEF
    assert decode(words[::-1], "u64", "CDAB") == 0x0123456789ABCDEF
    assert decode([0x2301, 0x6745, 0xAB89, 0xEFCD], "u64", "BADC") == 0x0123456789ABCDEF
    assert decode([0xEFCD, 0xAB89, 0x6745, 0x2301], "u64", "DCBA") == 0x0123456789ABCDEF


def test_signed_numbers_and_floats():
    assert decode([0xFFFF], "i16") == -1
    assert decode([0x8000, 0x0000], "i32") == -(2**31)
    assert decode([0x41C8, 0x0000], "f32") == 25.0
    assert decode([0x4049, 0x0FDB], "f32") == pytest.approx(math.pi)
    assert decode([0x4009, 0x21FB, 0x5444, 0x2D18], "f64") == math.pi


@given(st.binary(min_size=8, max_size=8))
def test_orders_only_move_bytes(raw):
    words = list(struct.unpack(">4H", raw))
    swapped = [((w & 0xFF) << 8) | w >> 8 for w in words]
    number = int.from_bytes(raw, "big")
    assert decode(words, "u64", "ABCD") == number
    assert decode(words[::-1], "u64", "CDAB") == number
    assert decode(swapped, "u64", "BADC") == number
    assert decode(swapped[::-1], "u64", "DCBA") == number


def test_too_few_registers_are_no_number():
    with pytest.raises(ValueError, match="u32 takes 2 registers, got 1"):
        decode([1], "u32")


def test_unknown_types_and_orders_are_named():
    with pytest.raises(ValueError, match="register type 'u24'"):
        register_count("u24")
    with pytest.raises(ValueError, match="word order 'ACBD'"):
        decode([1, 2], "u32", "ACBD")
