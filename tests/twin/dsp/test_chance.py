"""The false-alarm rate that is set is the one that is met."""

import functools

import numpy as np
import pytest

from tests.oracles import evidence as oracle
from tests.oracles.bearing_signals import machine_noise
from twin.dsp.bearing import BEARINGS
from twin.dsp.chance import FREEDOM, any_of, cage_decoys, decoy_orders, tail_probability
from twin.dsp.envelope import QUICK_TREE, envelope_spectra
from twin.dsp.evidence import UNPROVEN, max_order, score_families
from twin.dsp.kernels.comb import patch_lines

RATE = 12000.0


def coloured(samples, rng):
    """Noise through one resonance, drawn at random."""
    angle, radius = 2 * np.pi * rng.uniform(0.05, 0.45), rng.uniform(0.8, 0.98)
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(samples))
    response = 1.0 / (1.0 - 2.0 * radius * np.cos(angle) * z + radius**2 * z**2)
    return np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * response, samples)


@functools.cache
def best_of(kind, seed, records):
    """Smallest p value and largest confidence of each of many healthy records."""
    rng = np.random.default_rng(seed)
    values = np.empty((records, 2))
    for i in range(records):
        bearing = BEARINGS[("6205", "6203", "MFPT")[i % 3]]
        speed, samples = rng.uniform(15.0, 50.0), int(2 * RATE)
        if kind == "white":
            x = rng.standard_normal(samples)
        elif kind == "coloured":
            x = coloured(samples, rng)
        else:
            x = machine_noise(speed, RATE, samples, rng)
        spectra = envelope_spectra(x, RATE, speed, max_order=max_order(bearing), tree=QUICK_TREE)
        lines = score_families(spectra, bearing).values()
        values[i] = min(line.p_value for line in lines), max(line.confidence for line in lines)
    return values


def most_alarms(records, rate):
    """Count that so many records exceed in one test of a thousand when the rate is met."""
    from scipy.stats import binom

    return int(binom.ppf(0.999, records, rate))


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("kind", "seed"), [("white", 1), ("coloured", 2), ("machine", 3)])
def test_the_rate_that_is_set_is_met(kind, seed):
    values = best_of(kind, seed, 300)
    for rate in (0.1, 0.03, 0.01):
        assert np.count_nonzero(values[:, 0] < rate) <= most_alarms(300, rate)
    assert values[:, 1].max() < 0.5


@pytest.mark.slow_without_jit
def test_the_rate_is_no_empty_promise_kept_by_never_alarming():
    values = best_of("white", 1, 300)
    assert np.count_nonzero(values[:, 0] < 0.3) >= 0.3 * 300 / 3


@pytest.mark.slow_without_jit
def test_what_chance_explains_at_the_rate_set_is_not_called():
    rng = np.random.default_rng(0)
    bearing = BEARINGS["6205"]
    x = rng.standard_normal(int(2 * RATE))
    x[(np.arange(0.0, 1.99, 1 / (bearing.bpfo * 25.0)) * RATE).astype(int)] += 6.0
    spectra = envelope_spectra(x, RATE, 25.0, max_order=max_order(bearing), tree=QUICK_TREE)
    sure = score_families(spectra, bearing)["bearing_outer_race"]
    assert sure.confidence > 0.5
    assert sure.p_value < 0.01
    strict = score_families(spectra, bearing, far=0.5 * sure.p_value)["bearing_outer_race"]
    assert strict.confidence == UNPROVEN
    assert strict.evidence == sure.evidence


@pytest.mark.parametrize("far", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_is_no_rate_is_refused(far):
    spectra = envelope_spectra(np.random.default_rng(0).standard_normal(4000), 4000.0, 25.0, max_order=24.0, tree=())
    with pytest.raises(ValueError, match="must be in"):
        score_families(spectra, BEARINGS["6205"], far=far)


@pytest.mark.parametrize("t", [0.0, 1.5, 4.0])
def test_the_tail_is_students(t):
    decoys = np.random.default_rng(1).standard_normal(60)
    spread = decoys.std(ddof=1) * np.sqrt(1 + 1 / 60)
    score = float(decoys.mean() + t * spread)
    expected = max(oracle.student_tail(t, FREEDOM), np.mean(decoys >= score))
    assert tail_probability(score, decoys) == pytest.approx(expected, rel=1e-3)


def test_lines_of_the_damage_among_the_decoys_do_not_hide_it():
    clean = np.random.default_rng(2).standard_normal(60)
    soiled = np.r_[clean[:54], 10.0 + clean[54:]]
    without, told, untold = (
        tail_probability(13.0, clean),
        tail_probability(13.0, soiled, soiled=True),
        tail_probability(13.0, soiled),
    )
    assert untold > 1e-3
    assert without <= told < 1e-5


def test_clean_decoys_say_much_the_same_when_taken_for_soiled():
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(200):
        decoys = rng.standard_normal(60)
        ratios.append(tail_probability(4.0, decoys, soiled=True) / tail_probability(4.0, decoys))
    assert max(ratios) <= 1.0
    assert np.median(ratios) > 0.6


def test_no_probability_is_below_the_share_of_decoys_that_did_as_well():
    decoys = np.r_[np.zeros(59), 50.0]
    assert tail_probability(49.0, decoys) == pytest.approx(1 / 60)


def test_the_best_of_four_is_luckier_than_one():
    assert any_of(0.01, 4) == pytest.approx(1 - 0.99**4)
    assert any_of(1.0, 4) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["6205", "6203", "MFPT"])
def test_decoys_stand_where_nothing_repeats(name):
    bearing = BEARINGS[name]
    decoys = decoy_orders(bearing)
    assert decoys.size >= 20
    for base in (bearing.bpfo, bearing.bpfi, 2 * bearing.bsf):
        assert np.abs(decoys / base - 1).min() > 0.02
    cage = cage_decoys(bearing)
    assert cage.size >= 10
    assert np.abs(cage / bearing.ftf - 1).min() > 0.02


@pytest.mark.parametrize("seed", range(5))
def test_patched_lines_leave_what_would_be_there_without_them(seed):
    rng = np.random.default_rng(seed)
    db = rng.random((2, 60))
    centres, half = rng.uniform(-3.0, 66.0, 6), rng.uniform(0.5, 4.0, 6)
    out = np.empty_like(db)
    patch_lines(db, centres, half, np.empty(60), out)
    for row in range(2):
        np.testing.assert_array_equal(out[row], oracle.patched(db[row], centres, half))


def test_a_spectrum_with_no_free_bin_is_silent():
    out = np.ones((1, 20))
    patch_lines(np.ones((1, 20)), np.array([10.0]), np.array([30.0]), np.empty(20), out)
    assert not out.any()
