import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sensors.thermocouple import TYPES


@pytest.mark.parametrize(
    ("kind", "celsius", "mv"),
    [
        ("K", 100, 4.096), ("K", 1000, 41.276), ("J", 100, 5.269), ("T", 100, 4.279),
        # of the same tables (NIST Monograph 175)
        ("N", 100, 2.774), ("K", -100, -3.554), ("J", 1000, 57.953), ("T", -200, -5.603), ("N", 1300, 47.513),
    ],
)  # fmt: skip
def test_the_tables_of_its_90(kind, celsius, mv):
    assert TYPES[kind].emf_mv(celsius) == pytest.approx(mv, abs=5e-4)


@pytest.mark.parametrize("kind", TYPES)
@given(share=st.floats(0.0, 1.0))
@pytest.mark.slow_without_jit
def test_temperature_undoes_voltage(kind, share):
    type_ = TYPES[kind]
    celsius = type_.low_c + share * (type_.high_c - type_.low_c)
    assert type_.temperature_c(type_.emf_mv(celsius)) == pytest.approx(celsius, abs=1e-6)


@pytest.mark.parametrize("kind", TYPES)
def test_a_table_rises_and_joins_where_its_pieces_meet(kind):
    type_ = TYPES[kind]
    curve = np.array([type_.emf_mv(t) for t in np.linspace(type_.low_c, type_.high_c, 400)])
    assert np.all(np.diff(curve) > 0)
    below, above = (type_.emf_mv(type_.split_c + d) for d in (-1e-9, 1e-9))
    assert below == pytest.approx(above, abs=1e-6)


def test_beyond_a_range_its_end_stands():
    assert TYPES["K"].temperature_c(80.0) == 1372.0
    assert TYPES["K"].emf_mv(5000.0) == TYPES["K"].emf_mv(1372.0)


def test_class_1_is_the_larger_of_a_kelvin_and_a_half_and_0_4_percent():
    assert TYPES["K"].tolerance_k(100.0) == 1.5
    assert TYPES["K"].tolerance_k(1000.0) == pytest.approx(4.0)
    assert TYPES["T"].tolerance_k(-40.0) == 0.5
