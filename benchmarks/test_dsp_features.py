"""Time features beside numpy written well and scipy.stats, in one run, interleaved; float64 windows.

`pytest benchmarks/test_dsp_features.py -s` prints ratios. Same results to 1e-9 are asserted, speed is not.
"""

import numpy as np
import pytest
from scipy import stats

from benchmarks.side_by_side import medians
from twin.dsp.features import FeatureStream, time_features

NAMES = ("mean", "std", "rms", "peak", "peak_to_peak", "crest", "skewness", "kurtosis", "shape", "impulse", "clearance")


def with_numpy(x):
    """Every array made once, sums of products by einsum: as good as numpy gets without a loop."""
    n = x.shape[-1]
    mean = x.mean(axis=-1)
    d = x - mean[..., None]
    d2 = d * d
    m2 = d2.mean(axis=-1)
    m3 = np.einsum("...i,...i->...", d2, d) / n
    m4 = np.einsum("...i,...i->...", d2, d2) / n
    low, high = x.min(axis=-1), x.max(axis=-1)
    peak = np.maximum(np.abs(low), np.abs(high))
    rms = np.sqrt(m2 + mean * mean)
    magnitude = np.abs(x)
    absolute = magnitude.mean(axis=-1)
    root = np.sqrt(magnitude, out=magnitude).mean(axis=-1)
    above = x >= 0.0
    crossings = np.count_nonzero(above[..., 1:] != above[..., :-1], axis=-1)
    return {
        "mean": mean,
        "std": np.sqrt(m2),
        "rms": rms,
        "peak": peak,
        "peak_to_peak": high - low,
        "crest": peak / rms,
        "skewness": m3 / m2**1.5,
        "kurtosis": m4 / m2**2,
        "shape": rms / absolute,
        "impulse": peak / absolute,
        "clearance": peak / root**2,
        "crossings": crossings,
    }


def with_scipy(x):
    """As commonly written: scipy.stats for the moments, one call for each feature."""
    rms = np.sqrt(np.mean(x**2, axis=-1))
    peak = np.max(np.abs(x), axis=-1)
    return {
        "mean": np.mean(x, axis=-1),
        "std": np.std(x, axis=-1),
        "rms": rms,
        "peak": peak,
        "peak_to_peak": np.ptp(x, axis=-1),
        "crest": peak / rms,
        "skewness": stats.skew(x, axis=-1),
        "kurtosis": stats.kurtosis(x, axis=-1, fisher=False),
        "shape": rms / np.mean(np.abs(x), axis=-1),
        "impulse": peak / np.mean(np.abs(x), axis=-1),
        "clearance": peak / np.mean(np.sqrt(np.abs(x)), axis=-1) ** 2,
        "crossings": np.count_nonzero(np.diff(x >= 0.0, axis=-1), axis=-1),
    }


@pytest.mark.parametrize(("channels", "block"), [(1, 64), (1, 1024), (1, 10240), (16, 10240), (256, 10240)])
def test_time_features(channels, block):
    x = np.random.default_rng(1).standard_normal((channels, block)) + 0.1
    repeats = max(1, 50_000 // x.size)

    def many(function):
        def run():
            for _ in range(repeats):
                function(x)

        return run

    times = medians({"ours": many(time_features), "numpy": many(with_numpy), "scipy": many(with_scipy)})
    ours = time_features(x).as_dict()
    for peer in (with_numpy(x), with_scipy(x)):
        for name, value in peer.items():
            np.testing.assert_allclose(ours[name], value, rtol=1e-9, err_msg=name)
    rate = repeats * x.size / 1e6
    print(
        f"\n{channels:4d} channels x {block:6d} samples, float64, one core: ours {rate / times['ours']:6.0f} MS/s,"
        f" numpy {rate / times['numpy']:6.0f} ({times['numpy'] / times['ours']:5.1f} x slower),"
        f" scipy.stats {rate / times['scipy']:6.1f} ({times['scipy'] / times['ours']:5.1f} x slower)"
    )


@pytest.mark.parametrize("block", [64, 256, 1024, 10240])
def test_a_stream_of_blocks(block):
    x = np.random.default_rng(1).standard_normal(102_400)
    blocks = [np.ascontiguousarray(x[at : at + block]) for at in range(0, x.size, block)]
    stream = FeatureStream()

    def ours():
        stream.reset()
        for piece in blocks:
            stream.update(piece)
        return stream.features()

    def peer():  # keeps running raw sums, which is as far as plain numpy goes block by block
        sums = np.zeros(5)
        low = high = 0.0
        for piece in blocks:
            square = piece * piece
            sums += (
                piece.sum(),
                square.sum(),
                (square * piece).sum(),
                np.dot(square, square),
                np.abs(piece).sum(),
            )
            low, high = min(low, piece.min()), max(high, piece.max())
        return sums, low, high

    times = medians({"ours": ours, "numpy": peer})
    sums, low, high = peer()
    features = ours()
    assert float(features.rms) == pytest.approx(np.sqrt(sums[1] / x.size), rel=1e-12)
    assert float(features.peak) == max(-low, high)
    print(
        f"\nstream in blocks of {block:6d}, 1 channel: ours {0.1024 / times['ours']:6.0f} MS/s,"
        f" numpy sums (without roots and crossings) {0.1024 / times['numpy']:6.0f}"
        f" ({times['numpy'] / times['ours']:4.1f} x slower)"
    )
