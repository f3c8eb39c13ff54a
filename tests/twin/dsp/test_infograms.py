"""The infogram against the paper's arithmetic, and what wins it."""

import numpy as np
import pytest

from tests.oracles import envelope as oracle
from tests.oracles.bearing_signals import ring
from twin.dsp.infograms import GAUSSIAN, infogram

RATE = 25600.0


def noise(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples)


def test_every_node_equals_the_papers_negentropies():
    x = noise(6 * 8 * 40) + 5.0 * (np.arange(1920) % 200 == 3)
    found = infogram(x, RATE, 3)
    for envelope, spectrum in zip(found.envelope, found.spectrum, strict=True):
        width = 960 // envelope.size
        for node in range(envelope.size):
            right = oracle.negentropies(x, node * width, (node + 1) * width)
            assert (envelope[node], spectrum[node]) == pytest.approx(right, rel=1e-9)


def test_stationary_noise_has_one_minus_eulers_constant():
    found = infogram(noise(200_000), RATE, 4)
    assert found.envelope[2] == pytest.approx(GAUSSIAN, abs=0.03)
    assert found.spectrum[2] == pytest.approx(GAUSSIAN, abs=0.03)


def test_a_lone_blow_wins_the_envelopes_infogram_and_not_the_spectrums():
    times = np.arange(0.02, 2.0, 1 / 88.0)
    x = 3.0 * ring(times, np.ones(times.size), RATE, int(2 * RATE), mode_hz=5400.0) + noise(int(2 * RATE))
    x += ring([1.003], [300.0], RATE, x.size, mode_hz=10000.0)
    found = infogram(x, RATE, 4)
    blow = found.best("envelope")[0]
    mode = found.best("spectrum")[0]
    assert blow.low_hz < 10000.0 < blow.high_hz
    assert mode.low_hz < 5400.0 < mode.high_hz


def test_a_constant_has_no_best_band():
    with pytest.raises(ValueError, match="constant"):
        infogram(np.ones(4000), RATE).best()


@pytest.mark.parametrize(
    ("x", "rate", "levels", "match"),
    [
        (np.array([]), RATE, None, "empty"),
        (noise(64), RATE, None, "levels"),
        (noise(4000), RATE, 9, "levels"),
        (noise(4000), 0.0, 2, "rate_hz"),
        (np.append(noise(4000), np.inf), RATE, 2, "infinite"),
    ],
)
def test_what_has_no_infogram_is_refused(x, rate, levels, match):
    with pytest.raises(ValueError, match=match):
        infogram(x, rate, levels)


def test_there_are_three_kinds():
    found = infogram(noise(4000), RATE)
    assert len(found.levels) == len(found.average)
    with pytest.raises(ValueError, match="kind"):
        found.best("entropy")
