import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from emulator.physics.kernels.friction import colebrook, darcy, friction_m


def test_the_published_factor():
    assert colebrook(1e5, 1e-4) == pytest.approx(0.018514, abs=5e-7)


@given(reynolds=st.floats(4000.0, 1e8), roughness=st.floats(0.0, 0.05))
def test_colebrook_is_solved_to_rounding(reynolds, roughness):
    x = brentq(lambda x: x + 2.0 * math.log10(roughness / 3.7 + 2.51 * x / reynolds), 1.0, 40.0, xtol=1e-14)
    assert colebrook(reynolds, roughness) == pytest.approx(1.0 / x**2, rel=1e-12)


@given(roughness=st.floats(0.0, 0.02))
def test_the_factor_has_no_jump_and_the_loss_rises_with_the_flow(roughness):
    assert darcy(2300.0 - 1e-9, roughness) == pytest.approx(darcy(2300.0 + 1e-9, roughness), rel=1e-9)
    assert darcy(4000.0 - 1e-9, roughness) == pytest.approx(darcy(4000.0 + 1e-9, roughness), rel=1e-9)
    flows = [1e-7 * 1.3**i for i in range(60)]
    losses = [friction_m(q, 60.0, 0.08, roughness * 0.08, 1e-6) for q in flows]
    assert losses == sorted(losses)
    assert friction_m(-flows[5], 60.0, 0.08, 0.0, 1e-6) == -friction_m(flows[5], 60.0, 0.08, 0.0, 1e-6)
    assert friction_m(0.0, 60.0, 0.08, 0.0, 1e-6) == 0.0


def test_slow_water_follows_hagen_and_poiseuille():
    q, d, nu = 1e-5, 0.05, 1e-6
    expected = 128.0 * nu * 10.0 * q / (math.pi * 9.80665 * d**4)
    assert friction_m(q, 10.0, d, 4.5e-5, nu) == pytest.approx(expected, rel=1e-12)
