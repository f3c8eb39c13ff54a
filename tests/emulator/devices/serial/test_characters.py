"""Levels on the pair and what a UART makes of them."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.serial.characters import CharacterFormat, collided, heard, levels, misheard

FORMS = [CharacterFormat("even"), CharacterFormat("odd"), CharacterFormat("none"), CharacterFormat("none", 1)]
forms = st.sampled_from(FORMS)


def test_a_character_has_eleven_bits_with_parity_or_with_the_second_stop_bit_it_has_instead():
    assert [form.bits for form in FORMS] == [11, 11, 11, 10]


def test_the_bits_of_a_character_are_those_of_the_standard():
    # MB-SER V1.02, 2.5.1: start, 1..8 least significant first, parity, stop. 0x53 has four ones.
    assert levels(b"\x53", CharacterFormat("even")) == [0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1]
    assert levels(b"\x53", CharacterFormat("odd"))[9] == 1


@given(st.binary(max_size=60), forms)
def test_who_listens_as_the_other_talks_hears_every_byte(data, form):
    assert heard(levels(data, form), form) == data


@given(st.binary(max_size=60))
def test_the_wrong_parity_loses_every_byte(data):
    assert misheard(data, CharacterFormat("odd"), CharacterFormat("even")) == b""


def test_no_parity_for_even_loses_the_bytes_that_have_an_even_number_of_ones():
    # The first of two stop bits stands where the parity bit should: a one.
    assert misheard(bytes([0x01, 0x03, 0x07, 0x0F]), CharacterFormat("none"), CharacterFormat("even")) == b"\x01\x07"


@given(st.binary(max_size=40), forms, st.floats(0.2, 5.0))
def test_any_wrong_speed_gives_bytes_and_no_error(data, form, ratio):
    assert isinstance(misheard(data, form, form, ratio), bytes)


def test_a_speed_off_by_three_per_cent_is_no_wrong_speed():
    assert misheard(b"plant", FORMS[0], FORMS[0], 1.03) == b"plant"


def test_half_the_speed_is_garbage():
    assert misheard(b"\x01\x03\x02\x00\x2a", FORMS[2], FORMS[2], 0.5) not in (b"", b"\x01\x03\x02\x00\x2a")


@given(st.binary(max_size=30), forms)
def test_two_who_say_the_same_at_once_are_heard_as_one(data, form):
    assert collided(data, data, 0, form) == data


@given(st.binary(min_size=1, max_size=30), st.binary(min_size=1, max_size=30), st.integers(0, 400))
def test_a_collision_before_the_second_begins_is_the_first(one, two, offset):
    form = FORMS[0]
    whole = min(len(one), offset // form.bits)
    assert collided(one, two, offset, form)[:whole] == one[:whole]


def test_of_two_levels_at_once_the_space_wins():
    assert collided(b"\xf0", b"\x3c", 0, CharacterFormat("none")) == b"\x30"


def test_a_line_held_low_reads_as_one_zero_byte():
    assert heard([0] * 30, FORMS[0]) == b"\0"
