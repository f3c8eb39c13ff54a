import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sensors import adc
from tests.oracles.sensor import swap


def test_a_16_bit_converter_on_50_g_has_a_step_of_1_526_mg():
    assert adc.step(100.0, 16) * 1e3 == pytest.approx(1.526, abs=5e-4)


def test_a_16_bit_full_scale_sine_has_98_08_db():
    """The books' 6.02·16 + 1.76; unrounded it is 98.09."""
    assert adc.quantisation_snr_db(16) == pytest.approx(98.08, abs=0.011)


@given(st.integers(0, 2**32 - 1))
def test_exchanged_words_are_the_exchanged_halves_of_the_bits(bits):
    value = np.array([bits], np.uint32).view(np.float32)
    assert adc.swap_words_array(value).view(np.uint32)[0] == swap(bits)


@given(st.floats(-1e6, 1e6, width=32))
def test_exchanging_twice_changes_nothing(value):
    once = adc.swap_words_array(np.array([value], np.float32))
    assert adc.swap_words_array(once)[0] == np.float32(value)
