import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.connectors.waveform import WaveformCursor


def block(first, count):
    return first, np.arange(first, first + count, dtype=np.float32)


def test_the_first_block_comes_whole():
    start, samples = WaveformCursor().cut(*block(100, 50), 1000.0)
    assert (start, samples.size) == (100, 50)


def test_what_was_seen_before_is_cut_off():
    cursor = WaveformCursor()
    cursor.cut(*block(0, 50), 1000.0)
    start, samples = cursor.cut(*block(30, 50), 1000.0)
    assert start == 50
    np.testing.assert_array_equal(samples, np.arange(50, 80))


def test_a_block_that_has_not_moved_gives_nothing():
    cursor = WaveformCursor()
    cursor.cut(*block(0, 50), 1000.0)
    assert cursor.cut(*block(0, 50), 1000.0)[1].size == 0


def test_lost_samples_show_as_a_jump():
    cursor = WaveformCursor()
    cursor.cut(*block(0, 50), 1000.0)
    assert cursor.cut(*block(70, 50), 1000.0)[0] == 70


@pytest.mark.parametrize(("first", "rate_hz"), [(0, 1000.0), (200, 2000.0)])
def test_a_restart_or_another_rate_starts_over(first, rate_hz):
    cursor = WaveformCursor()
    cursor.cut(*block(180, 50), 1000.0)
    start, samples = cursor.cut(*block(first, 20), rate_hz)
    assert (start, samples.size) == (first, 20)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(40, 60))
def test_however_often_it_is_read_every_sample_comes_once(advances, length):
    cursor = WaveformCursor()
    seen = []
    first = 0
    for advance in advances:
        first += advance
        seen.append(cursor.cut(*block(first, length), 1000.0)[1])
    got = np.concatenate(seen)
    np.testing.assert_array_equal(got, np.arange(advances[0], first + length))
