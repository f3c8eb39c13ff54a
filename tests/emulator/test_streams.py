import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.physics.kernels.philox import philox4x32, philox_normal, philox_uniform
from emulator.streams import Streams

# Random123 tests/kat_vectors, lines "philox4x32 10": counter, key, answer.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [np.uint64(int(word, 16)) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_known_answers(counter, key, answer):
    assert list(philox4x32(*words(counter), *words(key))) == words(answer)


@settings(deadline=None)
@given(n0=st.integers(0, 2**40), cuts=st.lists(st.integers(1, 13), min_size=1, max_size=6))
def test_any_chunking_of_a_stream_gives_the_same_bits(n0, cuts):
    stream = Streams(7)("pump1/noise")
    whole_normal, whole_uniform = stream.normal(n0, sum(cuts)), stream.uniform(n0, sum(cuts))
    normal, uniform, at = [], [], n0
    for cut in cuts:
        normal.append(stream.normal(at, cut))
        uniform.append(stream.uniform(at, cut))
        at += cut
    assert np.concatenate(normal).tobytes() == whole_normal.tobytes()
    assert np.concatenate(uniform).tobytes() == whole_uniform.tobytes()


def test_a_single_draw_equals_the_draw_in_an_array():
    stream = Streams(7)("a")
    assert [philox_normal(stream.key0, stream.key1, i) for i in range(5, 18)] == list(stream.normal(5, 13))
    assert [philox_uniform(stream.key0, stream.key1, i) for i in range(5, 18)] == list(stream.uniform(5, 13))


def test_streams_differ_by_path_and_by_seed_and_repeat_by_both():
    first = Streams(1)("a").normal(0, 8)
    assert np.array_equal(first, Streams(1)("a").normal(0, 8))
    assert not np.array_equal(first, Streams(1)("b").normal(0, 8))
    assert not np.array_equal(first, Streams(2)("a").normal(0, 8))


def test_keys_are_the_same_on_every_machine():
    stream = Streams(1)("pump1/vib/noise")
    assert (stream.key0, stream.key1) == (2661855549, 720138389)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_draws_have_the_moments_of_their_distribution(seed):
    n = 400_000
    x, u = Streams(seed)("moments").normal(0, n), Streams(seed)("moments").uniform(0, n)
    assert abs(x.mean()) < 4 / np.sqrt(n)
    assert abs(x.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((x**4).mean() - 3) < 4 * np.sqrt(96 / n)
    assert abs(np.dot(x[1:], x[:-1]) / n) < 4 / np.sqrt(n)
    assert abs(u.mean() - 0.5) < 4 / np.sqrt(12 * n)
    assert 0 < u.min() < u.max() < 1


def test_a_negative_index_is_refused():
    with pytest.raises(ValueError, match="n0 = -1 must not be negative"):
        Streams(1)("a").normal(-1, 3)
