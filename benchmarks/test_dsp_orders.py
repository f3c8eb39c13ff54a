"""Angular resampling and synchronous averaging against the usual Python; only the results are asserted.

Blocks of 10,240 samples, 1 and 16 channels, a run-up of 10 → 25 Hz at 12.8 kHz; medians of 9 rounds. CubicSpline
and np.interp are fed the instants of the angles by np.interp, as one writes it; neither has an anti-alias filter.
"""

import numpy as np
import pytest

from benchmarks.side_by_side import medians
from twin.dsp.angular import to_angle
from twin.dsp.orders import resample_to_angle
from twin.dsp.tsa import SynchronousAverage

RATE = 12800.0
BLOCK = 10240
T = np.arange(4 * int(RATE)) / RATE
REVS = (10.0 * T + 15.0 / 8.0 * T**2)[20000 : 20000 + BLOCK]


def table(title, times, samples):
    print(f"\n{title}")
    base = times[next(iter(times))]
    for name, seconds in times.items():
        print(f"  {name:<38}{samples / seconds / 1e6:8.1f} MS/s in   {seconds / base:6.2f} × the time of the first")


@pytest.mark.parametrize("channels", [1, 16])
@pytest.mark.parametrize("per_rev", [256.0, 1024.0])
def test_angular_resampling(channels, per_rev):
    from scipy.interpolate import CubicSpline

    x = np.stack([np.cos(2 * np.pi * 9 * REVS + k) for k in range(channels)], axis=1)
    x = x[:, 0] if channels == 1 else x
    columns = [np.ascontiguousarray(column) for column in x.reshape(BLOCK, -1).T]
    revs = REVS
    place = np.arange(BLOCK, dtype=float)

    def instants():
        return np.interp(np.arange(np.ceil(revs[0] * per_rev), np.floor(revs[-1] * per_rev)) / per_rev, revs, place)

    jobs = {
        "to_angle (Kaiser sinc, anti-alias)": lambda: to_angle(x, revs, per_rev),
        "resample_to_angle (four points)": lambda: [resample_to_angle(column, revs, per_rev) for column in columns],
        "scipy CubicSpline": lambda: CubicSpline(place, x)(instants()),
        "np.interp": lambda: [np.interp(instants(), place, column) for column in columns],
    }
    table(f"angular resampling, {BLOCK} samples × {channels} ch, {per_rev:g} per rev", medians(jobs), BLOCK * channels)
    mine, spline = to_angle(x, revs, per_rev), CubicSpline(place, x)(instants())
    inner = slice(100, spline.shape[0] - 100)
    np.testing.assert_allclose(mine[inner], spline[inner], atol=2e-4)


@pytest.mark.parametrize("block", [1024, 10240, 102400])
def test_synchronous_average(block):
    per_rev = 1024
    x = np.random.default_rng(1).standard_normal(block)
    ours = SynchronousAverage(per_rev)
    sums, squares = np.zeros(per_rev), np.zeros(per_rev)

    def numpy_sums():
        turns = x.reshape(-1, per_rev)
        np.add(sums, np.nansum(turns, axis=0), out=sums)
        np.add(squares, np.nansum(turns * turns, axis=0), out=squares)
        return (~np.isnan(turns)).sum(axis=0)

    jobs = {
        "SynchronousAverage (streaming)": lambda: ours.update(x),
        "numpy nansum of whole turns": numpy_sums,
    }
    table(f"synchronous average, {block} samples, {per_rev} per rev, NaN-aware", medians(jobs), block)
    once = SynchronousAverage(per_rev)
    once.update(x)
    np.testing.assert_allclose(once.average().values, x.reshape(-1, per_rev).mean(axis=0), atol=1e-12)
