"""Spectral kurtosis and the fast kurtogram against the papers' arithmetic."""

import numpy as np
import pytest

from tests.oracles import envelope as oracle
from tests.oracles.bearing_signals import ring
from twin.dsp.kurtogram import fast_kurtogram, kurtograms, most_levels, spectral_kurtosis, unbiased_kurtosis

RATE = 25600.0


def noise(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("samples", "levels"), [(9000, 5), (4097, 3), (700, 1), (5003, 2)])
def test_every_node_equals_the_papers_filter_bank(samples, levels):
    x = noise(samples) + 10.0 * (np.arange(samples) % 400 == 7)
    ours = fast_kurtogram(x, RATE, levels)
    expected = oracle.kurtogram(x, levels)
    assert [row.size for row in ours.kurtosis] == [row.size for row in expected]
    for row, right in zip(ours.kurtosis, expected, strict=True):
        np.testing.assert_allclose(row, right, rtol=1e-10, atol=1e-11)


def test_levels_follow_the_binary_and_ternary_tree():
    kurtogram = fast_kurtogram(noise(9000), RATE, 3)
    assert kurtogram.levels == pytest.approx((0.0, 1.0, np.log2(3), 2.0, np.log2(6), 3.0))
    assert kurtogram.band(4, 1).low_hz == pytest.approx(RATE / 12)
    assert kurtogram.image().shape == (6, 24)


def test_the_band_of_a_struck_mode_is_found():
    times = np.arange(0.05, 2.0, 1 / 30.0)
    x = 12.0 * ring(times, np.ones(times.size), RATE, int(2 * RATE)) + noise(int(2 * RATE))
    band, level, value = fast_kurtogram(x, RATE, 5).best()
    assert band.low_hz < 5400.0 < band.high_hz
    assert level >= 1.0
    assert value > 1.0


@pytest.mark.slow_without_jit
def test_few_inner_nodes_of_stationary_noise_pass_the_threshold():
    passed = total = 0
    for seed in range(40):
        kurtogram = fast_kurtogram(noise(20000, seed), RATE, 4)
        for row, values in enumerate(kurtogram.kurtosis):
            inner = values[1:-1] if row else values
            passed += int((np.abs(inner) > kurtogram.threshold(row, 2.0)).sum())
            total += inner.size
    # 4.6 % of a normal law
    assert 0.02 < passed / total < 0.08


def test_channels_in_parallel_equal_one_by_one():
    x = noise(3 * 6000).reshape(3, -1)
    alone = kurtograms(x, RATE, 3)
    together = kurtograms(x, RATE, 3, threads=2)
    for a, b in zip(alone, together, strict=True):
        for left, right in zip(a.kurtosis, b.kurtosis, strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_constant_has_no_kurtosis_and_no_best_band():
    kurtogram = fast_kurtogram(np.zeros(2000), RATE)
    assert all(np.isnan(row).all() for row in kurtogram.kurtosis)
    with pytest.raises(ValueError, match="constant"):
        kurtogram.best()


@pytest.mark.parametrize(
    ("x", "rate", "levels", "match"),
    [
        (np.array([]), RATE, None, "empty"),
        (noise(100), RATE, None, "levels"),
        (noise(4000), RATE, 9, "levels"),
        (noise(4000), -1.0, 2, "rate_hz"),
        (np.append(noise(4000), np.nan), RATE, 2, "NaN"),
        (noise(4000).reshape(2, -1), RATE, 2, "dimensions"),
    ],
)
def test_what_has_no_kurtogram_is_refused(x, rate, levels, match):
    with pytest.raises(ValueError, match=match):
        fast_kurtogram(x, rate, levels)


def test_the_most_levels_leave_enough_values():
    levels = most_levels(20000)
    assert fast_kurtogram(noise(20000), RATE, levels).counts[-1] >= 64
    with pytest.raises(ValueError, match="levels"):
        fast_kurtogram(noise(20000), RATE, levels + 1)


def test_spectral_kurtosis_of_noise_has_mean_0_and_deviation_2_over_root_k():
    """Design document: 0.0632 at K = 1000."""
    found = spectral_kurtosis(noise(1000 * 512), 512.0, 512)
    values = found.value[2:-2]
    assert found.averages == 1000
    assert found.std == pytest.approx(0.0632, abs=1e-4)
    assert values.std() == pytest.approx(found.std, rel=0.15)
    assert abs(values.mean()) < 3.0 * found.std / np.sqrt(values.size)
    assert (values > found.threshold()).mean() < 0.02


def test_spectral_kurtosis_is_without_bias_for_few_averages():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((5, 200000)) + 1j * rng.standard_normal((5, 200000))
    values = unbiased_kurtosis(z)
    np.testing.assert_allclose(values[:10], oracle.spectral_kurtosis(z[:, :10]))
    assert abs(values.mean()) < 4.0 * values.std() / np.sqrt(values.size)


def test_a_steady_sine_has_spectral_kurtosis_minus_1_and_bursts_a_large_one():
    t = np.arange(64 * 256) / 256.0
    steady = spectral_kurtosis(np.sin(2 * np.pi * 32.0 * t), 256.0, 256)
    assert steady.value[32] == pytest.approx(-1.0, abs=0.02)
    burst = spectral_kurtosis(np.sin(2 * np.pi * 32.0 * t) * (t % 8.0 < 1.0), 256.0, 256)
    assert burst.value[32] > 5.0


def test_spectral_kurtosis_needs_two_segments():
    with pytest.raises(ValueError, match="segment"):
        spectral_kurtosis(noise(100), 100.0, 64)
    with pytest.raises(ValueError, match="at least 2"):
        unbiased_kurtosis(np.ones((1, 4)))
