"""Control charts: run lengths as published, whitening, missing readings."""

import numpy as np
import pytest

from twin.detect.charts import CusumBank, EwmaBank, Whitener, cusum_run_length


def run_length(chart, shift, channels, limit, seed=1):
    """Mean steps to the first alarm over many independent channels, with its standard error."""
    rng = np.random.default_rng(seed)
    first = np.zeros(channels)
    for step in range(1, limit):
        alarm = chart.update(rng.standard_normal(channels) + shift)
        first[alarm & (first == 0)] = step
        if (first > 0).all():
            break
    assert (first > 0).mean() > 0.995
    first[first == 0] = limit
    return first.mean(), first.std() / np.sqrt(channels)


@pytest.mark.parametrize(
    ("h", "shift", "published", "limit"),
    [
        (4, 0, 167.68, 2500),
        (5, 0, 465.44, 5000),
        (4, 1, 8.383, 200),
        (5, 1, 10.376, 200),
        (4, 2, 3.343, 60),
        (5, 2, 4.009, 60),
    ],
)
def test_cusum_runs_as_long_as_the_table_says(h, shift, published, limit):
    mean, error = run_length(CusumBank(4000, 0.5, h), shift, 4000, limit)
    assert abs(mean - published) < 4 * error + 0.005 * published


@pytest.mark.parametrize(
    ("lam", "limit_sigma", "shift", "published", "limit"),
    [
        (0.1, 2.814, 0.0, 499.6, 5500),
        (0.1, 2.814, 1.0, 10.33, 200),
        (0.1, 2.814, 2.0, 4.36, 60),
        (0.2, 2.962, 1.0, 10.54, 200),
    ],
)
def test_ewma_runs_as_long_as_the_table_says(lam, limit_sigma, shift, published, limit):
    mean, error = run_length(EwmaBank(4000, lam, limit_sigma), shift, 4000, limit)
    assert abs(mean - published) < 4 * error + 0.005 * published


@pytest.mark.parametrize(("h", "shift", "published"), [(4, 0, 167.68), (5, 0, 465.44), (5, 1, 10.376)])
def test_the_closed_form_of_cusum_run_length_is_within_three_percent(h, shift, published):
    assert cusum_run_length(0.5, h, shift) == pytest.approx(published, rel=0.03)


def test_the_settings_in_use_last_for_years_of_healthy_frames():
    from twin.diagnose.process import CUSUM_H, CUSUM_K

    assert cusum_run_length(CUSUM_K, CUSUM_H) > 365 * 86_400


def test_correlated_residuals_alarm_early_and_whitening_restores_the_run_length():
    rng = np.random.default_rng(3)
    channels, phi = 2000, 0.6
    raw, white = CusumBank(channels), CusumBank(channels)
    whitener = Whitener(channels)
    whitener.phi[:] = phi
    first = np.zeros((2, channels))
    x = rng.standard_normal(channels)
    for step in range(1, 4000):
        x = phi * x + np.sqrt(1 - phi**2) * rng.standard_normal(channels)
        for row, alarm in enumerate((raw.update(x), white.update(whitener.update(x)))):
            first[row, alarm & (first[row] == 0)] = step
    first[first == 0] = 4000
    assert first[0].mean() == pytest.approx(41, rel=0.1)
    assert first[1].mean() == pytest.approx(465.44, rel=0.07)


def test_whitening_learns_the_correlation_of_healthy_residuals():
    rng = np.random.default_rng(4)
    x = np.zeros((4000, 2))
    for i in range(1, 4000):
        x[i] = np.array([0.5, 0.0]) * x[i - 1] + rng.standard_normal(2)
    whitener = Whitener(2)
    whitener.learn(x)
    assert whitener.phi == pytest.approx([0.5, 0.0], abs=0.05)


def test_a_missing_reading_leaves_a_channel_as_it_was():
    chart = CusumBank(2)
    chart.update(np.array([3.0, 3.0]))
    before = chart.high.copy()
    chart.update(np.array([np.nan, 0.0]))
    assert chart.high[0] == before[0]
    assert chart.high[1] < before[1]


def test_the_age_of_a_change_counts_from_where_the_sum_left_zero():
    chart = CusumBank(1)
    for value in (-0.1, 0.1, -0.2, 2.0, 2.0, 2.0):
        chart.update(np.array([value]))
    assert chart.steps_up[0] == 3
    chart.reset()
    assert chart.steps_up[0] == 0
