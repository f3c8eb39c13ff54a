"""Isolation by structure: which fault explains which residuals."""

import numpy as np
import pytest

from twin.diagnose.isolate import Hypothesis, chi2_limit, explain, isolate
from twin.diagnose.shape import classify

SIGMA = np.ones(4)
A = Hypothesis("a", np.array([1.0, 1.0, 0.0, 0.0]), -50, 50)
B = Hypothesis("b", np.array([0.0, 1.0, 1.0, 0.0]), -50, 50)
C = Hypothesis("c", np.array([0.0, 0.0, 1.0, 1.0]), 0, 50)


def test_one_fault_is_named_with_its_amplitude():
    found = isolate(np.array([8.0, 8.2, 0.1, -0.1]), SIGMA, (A, B, C))
    assert found.best.names == ("a",)
    assert found.best.amplitudes[0] == pytest.approx(8.1)
    assert found.rivals == ()
    assert found.share > 0.99


def test_two_faults_are_named_when_one_does_not_suffice():
    found = isolate(np.array([9.0, 9.0, 7.0, 7.0]), SIGMA, (A, B, C))
    assert set(found.best.names) == {"a", "c"}


def test_a_fault_that_can_only_be_positive_explains_no_negative_residual():
    assert isolate(np.array([0.0, 0.0, -9.0, -9.0]), SIGMA, (C,)).best is None


def test_parallel_hypotheses_stay_ambiguous():
    twin = Hypothesis("twin", 2.0 * A.direction, -50, 50)
    found = isolate(np.array([8.0, 8.0, 0.0, 0.0]), SIGMA, (A, twin, B))
    assert {found.best.names[0], found.rivals[0].names[0]} == {"a", "twin"}
    assert found.share == pytest.approx(0.5)


def test_what_fits_nothing_is_unknown():
    assert isolate(np.array([9.0, -9.0, 9.0, -9.0]), SIGMA, (A, B), most=1).best is None


def test_a_known_fault_is_kept_while_a_second_is_sought():
    found = isolate(np.array([9.0, 9.0, 7.0, 7.0]), SIGMA, (A, B, C), known=("a",))
    assert set(found.best.names) == {"a", "c"}


def test_missing_residuals_take_no_part():
    fit = explain(np.array([8.0, np.nan, 0.0, 0.0]), SIGMA, (A,))
    assert fit.amplitudes == (8.0,)
    assert fit.freedom == 2


def test_the_chi_square_limit_is_that_of_the_tables():
    assert chi2_limit(10, 1.6449) == pytest.approx(18.307, rel=5e-3)
    assert chi2_limit(3, 2.3263) == pytest.approx(11.345, rel=1e-2)


@pytest.mark.parametrize("seed", range(5))
def test_a_step_and_a_ramp_are_told_apart(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(100.0)
    noise = 0.1 * rng.standard_normal(100)
    step = classify(t, noise + 3.0 * (t >= 60))
    ramp = classify(t, noise + 0.05 * np.maximum(0.0, t - 60))
    assert (step.kind, step.onset) == ("bias", 60)
    assert ramp.kind == "drift"
    assert ramp.rate == pytest.approx(0.05, rel=0.2)
    assert abs(ramp.onset - 60) <= 8


def test_a_short_history_has_no_shape():
    assert classify(np.arange(4.0), np.ones(4)) is None
