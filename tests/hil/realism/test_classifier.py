"""The small classifier: a known boundary, balanced classes, intervals from the book."""

import numpy as np
import pytest

from hil.realism.classifier import Logistic, wilson

pytestmark = pytest.mark.filterwarnings("error")


def clouds(count, shift, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2 * count, 3))
    positive = np.arange(2 * count) >= count
    x[positive, 1] += shift
    return x, positive


def test_the_boundary_of_two_clouds_lies_half_way_and_only_the_column_that_tells_counts():
    x, positive = clouds(400, 4.0)
    model = Logistic.fit(x, positive)
    assert abs(model.weights[1]) > 5 * max(abs(model.weights[0]), abs(model.weights[2]))
    middle = model.probability(np.array([[0.0, 2.0, 0.0]]))[0]
    assert middle == pytest.approx(0.5, abs=0.1)
    assert np.mean((model.probability(x) > 0.5) == positive) > 0.96


def test_units_do_not_matter():
    x, positive = clouds(50, 1.0)
    scale, offset = np.array([1e3, 1e-4, 7.0]), np.array([5.0, -3.0, 1e3])
    np.testing.assert_allclose(
        Logistic.fit(x * scale + offset, positive).probability(x * scale + offset),
        Logistic.fit(x, positive).probability(x),
        atol=1e-6,
    )


def test_a_rare_class_weighs_as_much_as_the_other():
    x, positive = clouds(200, 4.0)
    kept = ~positive | (np.cumsum(positive) <= 20)
    model = Logistic.fit(x[kept], positive[kept])
    assert model.probability(np.array([[0.0, 2.0, 0.0]]))[0] == pytest.approx(0.5, abs=0.2)


def test_separable_classes_do_not_run_away():
    x, positive = clouds(10, 50.0)
    assert np.all(np.isfinite(Logistic.fit(x, positive).weights))


def test_one_class_alone_is_refused():
    with pytest.raises(ValueError, match="nothing to tell apart"):
        Logistic.fit(np.zeros((3, 2)), np.array([True, True, True]))


@pytest.mark.parametrize(
    ("right", "count", "low", "high"), [(18, 20, 0.6990, 0.9721), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775)]
)
def test_wilson_intervals_are_the_published_ones(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=1e-4)


def test_of_nothing_everything_is_possible():
    assert wilson(0, 0) == (0.0, 1.0)
