"""Small drawing decisions that are easy to get wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.report.plot import label, readable, thin, ticks


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e9))
def test_ticks_are_few_and_inside(low, span):
    found = ticks(low, low + span)
    assert len(found) <= 9
    assert all(low - 1e-6 * span <= t <= low + span * (1 + 1e-6) for t in found)


def test_ticks_are_round():
    assert ticks(0.0, 300.0, 6) == [0, 50, 100, 150, 200, 250, 300]
    assert ticks(1.0, 0.0) == []


def test_neighbouring_ticks_never_read_alike():
    for low, high in ((0.02088, 0.02092), (0.0, 300.0), (341.1, 341.7), (-2e5, 3e5)):
        found = ticks(low, high)
        assert len({label(t, found[1] - found[0]) for t in found}) == len(found)


def test_thinning_loses_no_peak():
    y = np.zeros(100_000)
    y[54_321] = 9.0
    y[77_777] = -9.0
    x, thinned = thin(np.arange(y.size, dtype=float), y)
    assert x.size <= 960
    assert (thinned.max(), thinned.min()) == (9.0, -9.0)
    assert np.all(np.diff(x) >= 0)


def test_a_hole_survives_thinning():
    y = np.ones(10_000)
    y[4000:6000] = np.nan
    assert np.isnan(thin(np.arange(y.size, dtype=float), y)[1]).any()


@pytest.mark.parametrize(
    ("top", "unit", "shown", "named"),
    [
        (4.1e5, "Pa", 410.0, "kPa"),
        (0.5, "m³/s", 0.5, "m³/s"),
        (2e-5, "m³/s", 20.0, "m³/s × 10⁻⁶"),
        (3.0, "A", 3.0, "A"),
    ],
)
def test_values_are_scaled_to_short_numbers(top, unit, shown, named):
    values, name = readable(np.array([0.0, top]), unit)
    assert values[1] == pytest.approx(shown)
    assert name == named
