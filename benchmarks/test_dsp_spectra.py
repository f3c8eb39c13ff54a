"""Spectra beside scipy.signal, in turns: same records, same segments, same results.

Run with `pytest benchmarks/test_dsp_spectra.py -s`; the ratio is scipy's median time over ours.
"""

import numpy as np
import pytest
from scipy import signal

from benchmarks.side_by_side import medians
from twin.dsp.cross import cross_spectrum
from twin.dsp.density import StreamingWelch, welch
from twin.dsp.short_time import istft, stft
from twin.dsp.zooming import zoom

RATE = 25600.0
CASES = [(1, 102400, 1024), (1, 102400, 10240), (16, 102400, 1024), (16, 102400, 10240), (256, 10240, 1024)]


def noise(channels, n):
    return np.random.default_rng(0).standard_normal((channels, n))


def show(what, channels, n, size, peer, times):
    ours = times["ours"]
    speed = channels * n / ours / 1e6
    print(
        f"\n{what:18s} {channels:4d} ch × {n:6d}, {size:5d}: {peer} {times['scipy'] * 1e3:7.2f} ms, "
        f"ours {ours * 1e3:7.2f} ms ({speed:5.0f} MS/s), {times['scipy'] / ours:4.1f}×",
        end="",
    )


@pytest.mark.parametrize(("channels", "n", "segment"), CASES)
def test_welch(channels, n, segment):
    x = noise(channels, n)
    jobs = {"scipy": lambda: signal.welch(x, RATE, nperseg=segment)[1], "ours": lambda: welch(x, RATE, segment).density}
    np.testing.assert_allclose(jobs["ours"](), jobs["scipy"](), rtol=1e-9)
    show("welch", channels, n, segment, "signal.welch", medians(jobs))


@pytest.mark.parametrize(("channels", "n", "segment"), CASES)
def test_welch_of_a_stream_in_blocks_of_1024(channels, n, segment):
    x = noise(channels, n)
    blocks = np.split(x, range(1024, n, 1024), axis=1)
    stream = StreamingWelch(RATE, segment, channels)

    def ours():
        stream.reset()
        for block in blocks:
            stream.push(block)
        return stream.result().density

    jobs = {"scipy": lambda: signal.welch(x, RATE, nperseg=segment)[1], "ours": ours}
    np.testing.assert_allclose(ours(), jobs["scipy"](), rtol=1e-9)
    show("streaming welch", channels, n, segment, "signal.welch, whole record", medians(jobs))


@pytest.mark.parametrize(("channels", "n", "segment"), CASES)
def test_coherence(channels, n, segment):
    x, y = noise(channels, n), noise(channels, n)[:, ::-1] + noise(channels, n)
    jobs = {
        "scipy": lambda: signal.coherence(x, y, RATE, nperseg=segment)[1],
        "ours": lambda: cross_spectrum(x, y, RATE, segment).coherence(),
    }
    np.testing.assert_allclose(jobs["ours"](), jobs["scipy"](), atol=1e-9)
    show("coherence", channels, n, segment, "signal.coherence", medians(jobs, 7))


@pytest.mark.parametrize(("channels", "n", "segment"), [(1, 102400, 1024), (16, 102400, 1024), (256, 10240, 1024)])
def test_stft_and_back(channels, n, segment):
    x = noise(channels, n)
    # scipy's newer class, the one it recommends, on the same frames
    short = signal.ShortTimeFFT(signal.get_window("hann", segment), segment // 4, RATE)
    there = {"scipy": lambda: short.stft(x), "ours": lambda: stft(x, RATE, segment).values}
    frames, theirs = stft(x, RATE, segment), short.stft(x)
    inner = slice(4, 4 + n // (segment // 4) - 8)
    first = round((frames.time_s[0] - short.t(n)[0]) * RATE / (segment // 4))
    np.testing.assert_allclose(
        np.abs(frames.values[:, inner, 1:-1]),
        np.abs(theirs[:, 1:-1, inner.start + first : inner.stop + first].swapaxes(1, 2)) * 4.0 / segment,
        atol=1e-9,
    )
    show("stft, hop 256", channels, n, segment, "ShortTimeFFT", medians(there, 7))
    back = {"scipy": lambda: short.istft(theirs, k1=n), "ours": lambda: istft(frames)}
    np.testing.assert_allclose(back["ours"](), back["scipy"](), atol=1e-9)
    show("istft, hop 256", channels, n, segment, "ShortTimeFFT", medians(back, 7))


@pytest.mark.parametrize(
    ("channels", "n", "points"), [(1, 10240, 1024), (1, 102400, 1024), (16, 102400, 1024), (256, 10240, 512)]
)
def test_zoom(channels, n, points):
    x = noise(channels, n)
    window = signal.get_window("hann", n) * (4.0 / n)
    plan = signal.ZoomFFT(n, [900.0, 1100.0], points, fs=RATE, endpoint=True)
    jobs = {
        "scipy": lambda: plan((x - x.mean(axis=-1, keepdims=True)) * window),
        "ours": lambda: zoom(x, RATE, 900.0, 1100.0, points).spectrum,
    }
    np.testing.assert_allclose(jobs["ours"](), jobs["scipy"](), atol=1e-9)
    show("zoom", channels, n, points, "ZoomFFT, planned", medians(jobs, 7))
