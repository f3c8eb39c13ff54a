import numpy as np
import pytest
from numpy.testing import assert_array_equal

from emulator.physics.kernels.order_rate import AFTER, BAND, BEFORE, BETWEEN, TAPS, blend, lane_between, order_strides
from emulator.physics.kernels.simd import LANES

RATE = 25_600.0


def strides(hz0, hz1, orders=40, span=256, lanes=LANES):
    out = np.empty(LANES, np.int64)
    w0, w1 = (2 * np.pi * np.broadcast_to(np.asarray(hz, float), LANES).copy() for hz in (hz0, hz1))
    order_strides(w0, w1, orders, RATE, span, lanes, out)
    return out


def test_the_interpolator_errs_by_less_than_a_millionth_in_its_band():
    f = np.linspace(0.0, BAND, 2001)
    for eighth in range(1, 8):
        away = np.arange(TAPS) - BEFORE - eighth / 8
        response = np.exp(2j * np.pi * np.outer(f, away)) @ BETWEEN[eighth].astype(float)
        assert np.abs(response - 1.0).max() < 7e-7


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_samples_between_are_those_of_the_signal_wherever_a_tile_begins(shift):
    stride, count, first = 1 << shift, 61, 1003
    f = (0.3 + np.arange(LANES)) / LANES * BAND / stride
    low = (first >> shift) - BEFORE
    rows = np.arange(low, ((first + count - 1) >> shift) + AFTER + 1)
    coarse = np.cos(2 * np.pi * np.outer(rows * stride, f) + 0.4).astype(np.float32).reshape(-1)
    x = np.empty((count, LANES), np.float32)
    lane_between(coarse, low, shift, BETWEEN, first, count, x.reshape(-1))
    assert np.abs(x - np.cos(2 * np.pi * np.outer(first + np.arange(count), f) + 0.4)).max() < 2e-6
    parts = np.empty_like(x)
    for a, b in ((0, 1), (1, 6), (6, 40), (40, 61)):
        lane_between(coarse, low, shift, BETWEEN, first + a, b - a, parts[a:b].reshape(-1))
    assert_array_equal(x, parts)


def test_strides_keep_the_highest_order_in_the_band():
    for orders in (1, 12, 40):
        hz = np.linspace(0.0, 400.0, LANES)
        found = strides(hz, hz, orders)
        coarse = found > 1
        assert np.all(orders * hz[coarse] * found[coarse] / RATE <= BAND)
        assert found[0] == 8
    assert strides(24.6, 24.6)[0] == 4
    assert strides(300.0, 300.0)[0] == 1
    assert strides(-24.6, -24.6)[0] == 4
    assert strides(0.0, 31.9)[0] < strides(0.0, 0.0)[0]
    # a start so fast that the law leaves the band beyond the tick
    assert strides(0.0, 31.9, span=64)[0] < strides(31.9, 31.9, span=64)[0]


def test_short_ticks_are_not_worth_it_and_idle_lanes_ask_for_nothing():
    assert strides(24.6, 24.6, span=16)[0] == 1
    assert_array_equal(strides(24.6, 24.6, lanes=3), [4] * 3 + [0] * (LANES - 3))


def test_a_lane_has_its_stride_whatever_its_neighbours_do():
    hz = np.geomspace(1.0, 500.0, LANES)
    mixed = strides(hz, hz)
    assert set(mixed) == {1, 2, 4, 8}
    assert_array_equal(mixed, [strides(h, h)[0] for h in hz])


def test_blending_takes_the_lanes_of_one_stride():
    x, y = np.zeros((5, LANES), np.float32), np.ones((5, LANES), np.float32)
    stride = np.array([8, 4] * 8)
    blend(stride, 4, y.reshape(-1), 5, x.reshape(-1))
    assert_array_equal(x, np.broadcast_to(stride == 4, x.shape))
