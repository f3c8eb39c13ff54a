import itertools
import math

import numpy as np
import pytest

from emulator.physics.bearing_life import life_gain, rating_life_h

RPM = math.pi / 30.0


def test_the_rating_life_of_the_published_test_bearing():
    """ISO 281 at C = 12.82 kN, P = 12 kN, 2100 rpm: 9.677 h (XJTU-SY rig)."""
    assert rating_life_h(12_820.0, 12_000.0, 2100 * RPM) == pytest.approx(9.677, abs=5e-4)


def test_life_falls_with_the_cube_of_load_and_with_ten_thirds_for_rollers():
    one, two = rating_life_h(1e4, 1e3, 100.0), rating_life_h(1e4, 2e3, 100.0)
    assert one / two == pytest.approx(8.0)
    assert rating_life_h(1e4, 1e3, 100.0, "roller") / rating_life_h(1e4, 2e3, 100.0, "roller") == pytest.approx(
        2 ** (10 / 3)
    )
    assert rating_life_h(1e4, 1e3, 200.0) == pytest.approx(one / 2)


def test_without_load_or_speed_nothing_ages():
    assert rating_life_h(1e4, 0.0, 100.0) == math.inf
    assert rating_life_h(1e4, 1e3, 0.0) == math.inf
    assert rating_life_h(1e4, 1e3, -100.0) == rating_life_h(1e4, 1e3, 100.0)


@pytest.mark.parametrize("element", ["ball", "roller"])
def test_the_gain_of_a_film_grows_with_it_and_stays_within_its_bounds(element):
    gains = [life_gain(kappa, 350.0, 1500.0, 0.5, element) for kappa in np.geomspace(0.05, 8.0, 60)]
    assert all(a <= b for a, b in itertools.pairwise(gains))
    assert gains[0] == pytest.approx(0.1, abs=0.01)
    assert gains[-1] <= 50.0
    assert life_gain(2.0, 350.0, 0.0, 0.5, element) == 50.0


@pytest.mark.parametrize("element", ["ball", "roller"])
@pytest.mark.parametrize("edge", [0.4, 1.0])
def test_the_pieces_of_the_film_law_meet(element, edge):
    below, above = (life_gain(edge + d, 350.0, 1500.0, 0.5, element) for d in (-1e-9, 1e-9))
    assert above == pytest.approx(below, rel=0.02)
