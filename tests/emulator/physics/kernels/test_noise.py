import numpy as np
import pytest
from scipy import stats

from emulator.kernel import kernel
from emulator.physics.kernels.noise import fill_electronics, fill_noise, turn, words
from emulator.physics.kernels.simd import LANES, load, store
from tests.oracles import channels as oracle

N = 1 << 15


def noise(keys, n0=0, count=N, second=7):
    k0, k1 = np.asarray(keys, np.uint32), np.full(LANES, second, np.uint32)
    a, b = np.empty((count, LANES), np.float32), np.empty((count, LANES), np.float32)
    fill_noise(k0, k1, n0, count, a.reshape(-1), b.reshape(-1))
    return a.astype(float), b.astype(float)


@kernel
def _words(c0, c1, k0, k1, out):
    w = words(load(c0, 0), load(c1, 0), load(k0, 0), load(k1, 0))
    store(out, 0, w[0])
    store(out, LANES, w[1])
    store(out, 2 * LANES, w[2])
    store(out, 3 * LANES, w[3])


@kernel
def _turn(t, out):
    c, s = turn(load(t, 0))
    store(out, 0, c)
    store(out, LANES, s)


def test_words_are_those_of_the_published_function():
    rng = np.random.default_rng(1)
    given = rng.integers(0, 1 << 32, (4, LANES), dtype=np.uint64).astype(np.uint32)
    out = np.empty(4 * LANES, np.uint32)
    _words(*given, out)
    np.testing.assert_array_equal(out.reshape(4, LANES), np.array(oracle.words(*given)).astype(np.uint32))


def test_sine_and_cosine_to_float32():
    for t in np.linspace(-0.5, 0.5, 40):
        lanes = (t - np.sign(t) * np.linspace(0, 1e-3, LANES)).astype(np.float32)
        out = np.empty(2 * LANES, np.float32)
        _turn(lanes, out)
        exact = np.exp(2j * np.pi * lanes.astype(float))
        assert np.abs(out[:LANES] + 1j * out[LANES:] - exact).max() < 2e-7


@pytest.mark.slow_without_jit
def test_normals_are_those_of_the_oracle():
    a, b = noise(np.arange(LANES), (1 << 33) + 5, 600)
    n = np.arange(600) + (1 << 33) + 5
    for lane in (0, 7, 15):
        x, y = oracle.both_noises(n, np.uint64(lane), np.uint64(7))
        np.testing.assert_allclose(a[:, lane], x, rtol=2e-5, atol=2e-6)
        np.testing.assert_allclose(b[:, lane], y, rtol=2e-5, atol=2e-6)


@pytest.mark.slow_without_jit
def test_any_cut_gives_the_same_normals():
    whole = noise(np.arange(LANES), 10, 101)
    cut = [noise(np.arange(LANES), 10 + a, b - a) for a, b in ((0, 1), (1, 4), (4, 51), (51, 101))]
    for i in range(2):
        np.testing.assert_array_equal(whole[i], np.concatenate([c[i] for c in cut]))
    k = np.arange(LANES, dtype=np.uint32)
    one, parts = np.empty(50 * LANES, np.float32), np.empty(50 * LANES, np.float32)
    fill_electronics(k, k, 3, 50, one)
    fill_electronics(k, k, 3, 9, parts)
    fill_electronics(k, k, 12, 41, parts[9 * LANES :])
    np.testing.assert_array_equal(one, parts)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("start", [0, 1 << 20, 3 << 34])
def test_normals_are_normal(start):
    a, b = noise(np.arange(LANES) + start % 97, start)
    for x in (a.ravel(), b.ravel()):
        n = x.size  # 524,288: bands of 4.5 standard errors
        assert abs(x.mean()) < 4.5 / np.sqrt(n)
        assert abs(x.var() - 1) < 4.5 * np.sqrt(2 / n)
        assert abs(stats.skew(x)) < 4.5 * np.sqrt(6 / n)
        assert abs(stats.kurtosis(x)) < 4.5 * np.sqrt(24 / n)
        assert stats.kstest(x, "norm").pvalue > 1e-4
        beyond = np.count_nonzero(np.abs(x) > 4.0)
        expected = n * 2 * stats.norm.sf(4.0)
        assert abs(beyond - expected) < 4.5 * np.sqrt(expected)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("keys", [np.arange(16), 1 << np.arange(16), np.arange(16) * 0x01000000])
def test_channels_samples_and_purposes_are_independent(keys):
    a, b = noise(keys, 0)
    both = np.concatenate((a, b), axis=1)
    for values in (both, both**2 - 1):
        x = (values - values.mean(axis=0)) / values.std(axis=0)
        for lag in (0, 1, 2, 3, 4, 8, 64, 256):
            r = x[: N - lag].T @ x[lag:] / (N - lag)
            if lag == 0:
                r = r - np.eye(2 * LANES)
            assert np.abs(r).max() * np.sqrt(N) < 5.2, lag


@pytest.mark.slow_without_jit
def test_the_spectrum_is_flat():
    a, b = noise(np.arange(LANES) + 1000)
    for x in (a, b):
        blocks = x.reshape(-1, 256, LANES)
        power = (np.abs(np.fft.rfft(blocks, axis=1)[:, 1:-1]) ** 2).mean(axis=(0, 2)) / 256
        count = blocks.shape[0] * LANES
        assert np.abs(power - 1).max() * np.sqrt(count) < 4.5
