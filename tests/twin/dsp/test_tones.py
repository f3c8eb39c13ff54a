"""Supply frequency and line fits."""

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.tones import fundamental, hann_line, line_spectrum, supply_frequency

RATE = 2000.0
T = np.arange(8000) / RATE
LONG = np.arange(32000) / RATE


def tones(*lines):
    return sum(a * np.cos(2 * np.pi * hz * T + 0.4 * k) for k, (hz, a) in enumerate(lines))


@pytest.mark.parametrize("hz", [49.0, 49.71, 50.0, 50.0625, 50.333])
def test_the_supply_frequency_is_met_to_a_thousandth_of_a_bin(hz):
    x = tones((hz, 10.0), (hz * 0.92, 0.3), (5 * hz, 0.4)) + 0.05 * np.random.default_rng(2).standard_normal(T.size)
    assert abs(supply_frequency(x, RATE, 50.0) - hz) < 1e-3 / 4.0


def test_a_space_vector_has_a_supply_frequency_too():
    vector = oracle.unbalanced(T, 59.93, 3.0)
    from twin.dsp.sequence import space_vector

    assert supply_frequency(space_vector(vector), RATE, 60.0) == pytest.approx(59.93, abs=1e-5)


def test_an_inverter_may_run_at_any_frequency():
    assert supply_frequency(tones((37.3, 5.0), (261.1, 0.3)), RATE) == pytest.approx(37.3, abs=1e-4)


@pytest.mark.parametrize(
    ("x", "nominal", "words"),
    [
        (np.random.default_rng(3).standard_normal(8000), 50.0, "no supply line stands out"),
        (np.random.default_rng(3).standard_normal(8000), None, "no supply line stands out"),
        (tones((60.0, 5.0)), 50.0, "strongest line lies at 60 Hz"),
        (tones((50.0, 1.0)) + 2.0 * np.random.default_rng(4).standard_normal(8000), 50.0, "% of the power"),
        (np.cos(2 * np.pi * (48.8 + 0.075 * LONG) * LONG), 50.0, "cut a steady piece"),
        (np.ones(8000), 50.0, "does not alternate"),
        (tones((50.0, 1.0))[:300], 50.0, "too short"),
        (np.append(tones((50.0, 1.0)), np.inf), 50.0, "not numbers"),
        (np.empty(0), 50.0, "too short"),
        (tones((5.0, 1.0))[:2000], None, "5.0 periods of its strongest line"),
        (tones((50.0, 1.0)), 1200.0, "between 0 and 0.45"),
    ],
)
def test_what_has_no_supply_line_is_refused(x, nominal, words):
    with pytest.raises(ValueError, match=words):
        supply_frequency(x, RATE, nominal)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_a_rate_must_be_positive(rate):
    with pytest.raises(ValueError, match="must be positive"):
        fundamental(tones((50.0, 1.0)), rate, 50.0)


def test_the_shape_of_a_line_is_the_transform_of_the_window():
    n = 64
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    for offset in (0.0, 0.3, -1.0, 2.7, 17.5):
        expected = np.sum(window * np.exp(-2j * np.pi * offset * np.arange(n) / n)) * 2.0 / n
        assert hann_line(np.array([offset]), n)[0] == pytest.approx(expected, abs=1e-12)


def test_lines_fitted_together_are_free_of_each_other():
    lines = [(50.13, 10.0), (49.21, 0.03), (51.05, 0.01)]
    fitted = np.abs(line_spectrum(tones(*lines), RATE).fit(np.array([hz for hz, _ in lines])))
    np.testing.assert_allclose(fitted, [a for _, a in lines], rtol=2e-3)


def test_a_fit_agrees_with_least_squares_in_time():
    freq = np.array([50.13, 49.21, 51.05])
    x = tones((50.13, 10.0), (49.21, 0.3), (51.05, 0.1)) + 0.1 * np.random.default_rng(5).standard_normal(T.size)
    np.testing.assert_allclose(
        np.abs(line_spectrum(x, RATE).fit(freq)), oracle.tone_amplitudes(x, RATE, freq), atol=0.01
    )


def test_a_space_vector_keeps_the_senses_of_rotation_apart():
    vector = 3.0 * np.exp(2j * np.pi * 50.1 * T) + 0.4 * np.exp(-2j * np.pi * 50.1 * T)
    spectrum = line_spectrum(vector, RATE)
    np.testing.assert_allclose(np.abs(spectrum.fit(np.array([50.1, -50.1]))), [3.0, 0.4], rtol=1e-6)
