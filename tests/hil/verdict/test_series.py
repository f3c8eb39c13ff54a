"""Waveforms received against waveforms offered."""

import numpy as np
import pytest

from hil.verdict.series import Blocks, compare_blocks


def blocks(n0, counts, samples=None, extremes=None):
    return Blocks(np.array(n0), np.array(counts), np.array(n0) * 1000, samples, 10.0, extremes)


@pytest.fixture
def line():
    return np.random.default_rng(1).standard_normal(100).astype(np.float32)


def extremes(line, n0, counts):
    parts = [line[a : a + c].astype(np.float64) for a, c in zip(n0, counts, strict=True)]
    return np.array([[p.min(), p.max(), np.sqrt(np.mean(p**2))] for p in parts])


def test_a_complete_waveform_cut_in_any_way_is_whole(line):
    offered = blocks([0, 40], [40, 60], line)
    for cut in ([0, 50], [0, 10, 50, 90]):
        counts = np.diff([*cut, 100]).tolist()
        result = compare_blocks("vib", offered, blocks(cut, counts, line))
        assert (result.compared, result.misattributed, result.gaps) == (len(cut), 0, 0)


def test_overlapping_blocks_are_no_gap(line):
    both = np.concatenate([line[:60], line[40:]])
    assert compare_blocks("vib", blocks([0], [100], line), blocks([0, 40], [60, 60], both)).gaps == 0


def test_a_jump_of_the_sample_counter_is_a_gap_and_says_how_much_is_lost(line):
    result = compare_blocks("vib", blocks([0], [100], line), blocks([0, 50], [40, 50], np.r_[line[:40], line[50:]]))
    assert result.gaps == 1
    assert result.first_gap == "vib lost 10 samples in 1 holes"


def test_samples_under_a_wrong_number_are_misattributed(line):
    shifted = blocks([1], [50], line[:50])
    assert compare_blocks("vib", blocks([0], [100], line), shifted).misattributed == 1


def test_samples_nobody_offered_are_misattributed(line):
    assert compare_blocks("vib", blocks([0], [50], line[:50]), blocks([40], [20], line[40:60])).misattributed == 1


def test_without_samples_the_extremes_of_each_block_must_agree(line):
    offered = blocks([0], [100], line)
    n0, counts = [0, 50], [50, 50]
    right = extremes(line, n0, counts)
    assert compare_blocks("vib", offered, blocks(n0, counts, None, right)).misattributed == 0
    assert compare_blocks("vib", offered, blocks(n0, counts, None, right[::-1].copy())).misattributed == 2


def test_continuity_is_judged_even_where_nothing_was_offered_to_the_bench(line):
    assert compare_blocks("vib", None, blocks([0, 60], [50, 40])).gaps == 1
