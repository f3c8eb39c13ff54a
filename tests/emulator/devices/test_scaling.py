import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.scaling import RegisterFormat

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
INTEGERS = {"u16": (0, 16), "i16": (1, 16), "u32": (0, 32), "i32": (1, 32), "u64": (0, 64), "i64": (1, 64)}


@pytest.mark.parametrize(
    ("order", "wire"),
    [("ABCD", "11223344"), ("CDAB", "33441122"), ("BADC", "22114433"), ("DCBA", "44332211")],
)
def test_the_order_names_the_bytes_as_they_reach_the_wire(order, wire):
    assert RegisterFormat("u32", order).encode(0x11223344).hex() == wire


@pytest.mark.parametrize(
    ("order", "wire"),
    [
        ("ABCD", "1122334455667788"),
        ("CDAB", "7788556633441122"),
        ("BADC", "2211443366558877"),
        ("DCBA", "8877665544332211"),
    ],
)
def test_64_bit_orders_swap_words_bytes_or_both(order, wire):
    assert RegisterFormat("u64", order).encode(0x1122334455667788).hex() == wire


@pytest.mark.parametrize("order", ORDERS)
def test_a_single_register_is_always_high_byte_first(order):
    assert RegisterFormat("u16", order).encode(0x1234) == b"\x12\x34"


@given(st.sampled_from(sorted(INTEGERS)), st.sampled_from(ORDERS), st.data())
def test_integers_survive_the_wire_exactly(kind, order, data):
    signed, bits = INTEGERS[kind]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    value = data.draw(st.integers(low, high))
    form = RegisterFormat(kind, order)
    wire = form.encode(value)
    assert len(wire) == 2 * form.words
    assert form.decode(wire) == value


@given(st.sampled_from(ORDERS), st.floats(allow_nan=True, width=32))
def test_32_bit_floats_survive_the_wire_exactly(order, value):
    form = RegisterFormat("f32", order)
    assert struct.pack(">f", form.decode(form.encode(value))) == struct.pack(">f", value)


@given(st.sampled_from(ORDERS), st.floats(allow_nan=True))
def test_64_bit_floats_survive_the_wire_exactly(order, value):
    form = RegisterFormat("f64", order)
    assert struct.pack(">d", form.decode(form.encode(value))) == struct.pack(">d", value)


@given(st.floats(-300, 300), st.sampled_from([0.01, 0.1, -0.5, 3.0]), st.floats(-50, 50))
def test_a_scaled_value_comes_back_to_half_a_step(value, scale, offset):
    form = RegisterFormat("i32", "CDAB", scale, offset)
    assert form.decode(form.encode(value)) == pytest.approx(value, abs=abs(scale) / 2 + 1e-9)


def test_integers_saturate_one_step_short_of_the_marker_for_no_reading():
    assert RegisterFormat("i16").encode(1e9) == b"\x7f\xff"
    assert RegisterFormat("i16").encode(-1e9) == b"\x80\x01"
    assert RegisterFormat("u16").encode(1e9) == b"\xff\xfe"
    assert RegisterFormat("u16").encode(-3) == b"\x00\x00"
    assert RegisterFormat("u16").encode(math.inf) == b"\xff\xfe"


@pytest.mark.parametrize(("kind", "wire"), [("u16", "ffff"), ("i16", "8000"), ("u32", "ffffffff"), ("f32", "7fc00000")])
def test_no_reading_has_a_marker_in_every_type(kind, wire):
    assert RegisterFormat(kind, scale=0.1).encode(math.nan).hex() == wire


def test_a_float_too_large_for_32_bits_is_infinite():
    assert RegisterFormat("f32").decode(RegisterFormat("f32").encode(-1e300)) == -math.inf


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["f32", "f64", "i16", "u32"])
def test_a_block_is_its_values_one_after_the_other(kind, order):
    form = RegisterFormat(kind, order, 0.5)
    values = np.array([0.0, 1.5, -2.0, 1e3])
    assert form.encode_block(values) == b"".join(form.encode(value) for value in values.tolist())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("u8",), "register type 'u8' is unknown; choose one of u16, i16"),
        (("u32", "ACBD"), "word order 'ACBD' is unknown; choose one of ABCD, CDAB, BADC, DCBA"),
        (("u16", "ABCD", 0.0), "scale = 0.0 and offset = 0.0 must be finite, scale not 0"),
        (("u16", "ABCD", math.nan), "must be finite"),
    ],
)
def test_a_format_that_makes_no_sense_is_refused_with_the_way_out(arguments, message):
    with pytest.raises(ValueError, match=message.split(";", maxsplit=1)[0]):
        RegisterFormat(*arguments)
