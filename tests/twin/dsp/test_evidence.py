"""Families of lines: found when there, not found when not, told apart."""

import numpy as np
import pytest

from tests.oracles import dsp as oracle
from tests.oracles.bearing_signals import machine_noise, spall
from twin.dsp.bearing import BEARINGS, FAMILIES
from twin.dsp.envelope import FULL_TREE, QUICK_TREE, envelope_spectra
from twin.dsp.evidence import (
    EDGE_PENALTY_DB,
    FREE_SLIP,
    HARMONIC_WEIGHTS,
    SLIP_TOLERANCE,
    UNNAMED,
    decoy_orders,
    decoy_scores,
    max_order,
    prominences,
    score_families,
)
from twin.dsp.kernels.comb import comb_scores, line_depths

pytestmark = pytest.mark.slow_without_jit

BEARING = BEARINGS["6205"]
GEOMETRY = (9, 0.3126, 1.537)
RATE, SPEED = 25600.0, 24.63


def families(x, tree=FULL_TREE, speed=SPEED):
    spectra = envelope_spectra(x, RATE, speed, max_order=max_order(BEARING), tree=tree, segment_s=80 / speed)
    return score_families(spectra, BEARING)


def damaged(family, snr_db, seed, seconds=4.0):
    rng = np.random.default_rng(seed)
    x = spall(family, GEOMETRY, SPEED, RATE, seconds, rng=rng)
    return x / x.std() * 10 ** (snr_db / 20) + machine_noise(SPEED, RATE, x.size, rng)


@pytest.mark.parametrize("family", FAMILIES[:3])
@pytest.mark.parametrize("snr_db", [0.0, -7.7])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_spall_is_found_on_its_own_part(family, snr_db, seed):
    found = families(damaged(family, snr_db, seed))
    assert max(found, key=lambda name: found[name].confidence) == family
    assert found[family].confidence > 0.9
    assert found[family].f_hz == pytest.approx(found[family].expected_hz, rel=0.01)


def test_a_spall_under_noise_stands_15_db_over_the_floor_while_kurtosis_sees_nothing():
    rng = np.random.default_rng(7)
    x = spall("bearing_outer_race", GEOMETRY, SPEED, RATE, 4.0, rng=rng)
    # -7.7 dB within 4400 … 6400 Hz, where nearly all of the ringing is and a sixth of the noise
    band = np.sqrt(2000.0 / (RATE / 2))
    x = x / x.std() * band * 10 ** (-7.7 / 20) + rng.standard_normal(x.size)
    kurtosis = np.mean((x - x.mean()) ** 4) / np.var(x) ** 2
    assert kurtosis == pytest.approx(3.0, abs=0.1)
    assert families(x)["bearing_outer_race"].harmonics[0] >= 15.0


def test_an_inner_race_has_sidebands_at_shaft_speed_and_an_outer_race_has_not():
    inner = families(damaged("bearing_inner_race", 0.0, 3))["bearing_inner_race"]
    outer = families(damaged("bearing_outer_race", 0.0, 3))["bearing_outer_race"]
    assert min(inner.sidebands) > 12.0
    assert max(outer.sidebands) < min(inner.sidebands)


@pytest.mark.parametrize("seed", range(8))
def test_a_healthy_machine_gets_no_confident_call(seed):
    rng = np.random.default_rng(100 + seed)
    speed = rng.uniform(8.0, 60.0)
    found = families(machine_noise(speed, RATE, int(4 * RATE), rng), speed=speed)
    assert max(line.confidence for line in found.values()) < 0.2


def test_an_interference_comb_off_the_bearings_lines_wins_nothing():
    rng = np.random.default_rng(5)
    x = rng.standard_normal(int(4 * RATE))
    x[(np.arange(0.0, 3.99, 1 / (4.0 * SPEED * 1.09)) * RATE).astype(int)] += 6.0
    assert max(line.confidence for line in families(x).values()) < 0.5


@pytest.mark.parametrize("period", ["shaft", "mains"])
def test_impacts_locked_to_shaft_or_mains_are_not_the_bearings(period):
    rng = np.random.default_rng(6)
    rate = 4.0 * SPEED if period == "shaft" else 100.0
    x = rng.standard_normal(int(4 * RATE))
    x[(np.arange(0.0, 3.99, 1 / rate) * RATE).astype(int)] += 6.0
    assert max(line.confidence for line in families(x).values()) < 0.5


def test_noise_alone_scores_like_its_decoys():
    rng = np.random.default_rng(11)
    scores = []
    for _ in range(12):
        found = families(rng.standard_normal(int(2 * RATE)), tree=QUICK_TREE)
        scores += [found[family].score_db for family in FAMILIES[:3]]
    assert np.median(scores) < 4.0
    assert max(scores) < 7.0


def test_among_decoys_the_damaged_part_stands_out():
    spectra = envelope_spectra(
        damaged("bearing_outer_race", 0.0, 0), RATE, SPEED, max_order=max_order(BEARING), tree=QUICK_TREE
    )
    scores = decoy_scores(spectra, np.r_[decoy_orders(BEARING), BEARING.bpfo])
    assert scores[-1] > scores[:-1].max() + 2.0


def test_evidence_of_a_spall_is_no_chance():
    found = families(damaged("bearing_inner_race", 0.0, 0))["bearing_inner_race"]
    assert found.p_value < 1e-4
    assert found.evidence > 0.99


def test_decoys_keep_off_the_lines():
    decoys = decoy_orders(BEARING)
    assert decoys.size > 40
    for base in (BEARING.bpfo, BEARING.bpfi, 2 * BEARING.bsf):
        assert np.abs(decoys / base - 1).min() > SLIP_TOLERANCE


def test_the_compiled_search_equals_the_plain_one():
    spectra = envelope_spectra(
        damaged("bearing_outer_race", 0.0, 0), RATE, SPEED, max_order=max_order(BEARING), tree=()
    )
    db = prominences(spectra)
    bases = np.array([BEARING.bpfo, BEARING.bpfi, 2.9])
    score, slip = np.empty((2, 3)), np.empty((2, 3))
    comb_scores(
        db,
        spectra.bins_per_order,
        bases,
        SLIP_TOLERANCE,
        FREE_SLIP,
        EDGE_PENALTY_DB,
        HARMONIC_WEIGHTS,
        score,
        slip,
    )
    for row in range(2):
        for m, base in enumerate(bases):
            steps = int(np.ceil(SLIP_TOLERANCE * base * spectra.bins_per_order * 6.0)) + 1
            slips = [SLIP_TOLERANCE * k / steps for k in range(-steps, steps + 1)]
            expected = oracle.comb_score(
                db[row],
                spectra.bins_per_order,
                base,
                slips,
                FREE_SLIP,
                SLIP_TOLERANCE,
                EDGE_PENALTY_DB,
                HARMONIC_WEIGHTS,
            )
            assert (score[row, m], slip[row, m]) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_weak_ball_is_known_by_its_sidebands_at_cage_speed(seed):
    found = families(damaged("bearing_ball", -12.0, seed))
    assert max(found, key=lambda name: found[name].confidence) == "bearing_ball"
    assert found["bearing_ball"].confidence > 0.5


def test_depth_counts_the_sidebands_of_a_ball_above_the_background_and_those_of_a_race_not():
    per_order, power = 40.0, np.full((1, 1200), 1e-4)
    bases, spacings, slip = np.array([5.0, 7.0]), np.array([0.4, 0.0]), np.zeros((1, 2))
    for base in bases:
        for order, value in ((base, 0.04), (base - 0.4, 0.01), (2 * base + 0.4, 0.02)):
            power[0, round(order * per_order)] = value
    db = 10.0 * np.log10(power / 1e-4)
    out = np.empty((1, 2))
    line_depths(power, db, np.array([2.0]), per_order, bases, spacings, slip, 4, out)
    floor = 3 * 1e-4
    assert out[0, 0] == pytest.approx(2.0 * np.sqrt(0.04 + floor + (0.01 - 1e-4) + (0.02 - 1e-4)))
    assert out[0, 1] == pytest.approx(2.0 * np.sqrt(0.04 + floor))
    line_depths(power, np.zeros_like(db), np.array([2.0]), per_order, bases, spacings, slip, 4, out)
    assert out[0, 0] == pytest.approx(out[0, 1])


def test_lines_at_cage_speed_alone_are_told_but_never_called():
    rng = np.random.default_rng(8)
    angle = 2.0 * np.pi * SPEED * BEARING.ftf * np.arange(int(4 * RATE)) / RATE
    # four harmonics and no more: the ninth would be the outer race's first
    modulation = sum(np.cos(k * angle) for k in range(1, 5))
    found = families(rng.standard_normal(angle.size) * (1.0 + modulation / 2.0))
    cage = found["bearing_cage"]
    assert max(found, key=lambda name: found[name].confidence) == "bearing_cage"
    assert cage.evidence > 0.9
    assert 0.2 < cage.confidence == UNNAMED < 0.5
