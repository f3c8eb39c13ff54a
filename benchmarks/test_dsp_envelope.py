"""Envelope and kurtogram side by side with what an analyst would otherwise use; -s shows the table.

Peers: numpy/scipy written well (rfft band-pass, scipy.signal.hilbert, rfft), and for the kurtogram PySDKit, the
fastest installable Python implementation found (pip install pysdkit), with numpy's own convolution beside it.
"""

import importlib
import importlib.util

import numpy as np
import pytest

from benchmarks.side_by_side import medians
from tests.oracles import envelope as oracle
from tests.oracles.bearing_signals import ring
from twin.dsp.bands import choose_band
from twin.dsp.demodulation import squared_envelope_spectrum
from twin.dsp.envelope import Band
from twin.dsp.infograms import infogram
from twin.dsp.kurtogram import fast_kurtogram, kurtograms
from twin.dsp.spectrum import hann

RATE = 25600.0
BAND = Band(4000.0, 6000.0)


def by_scipy(x):
    from scipy.fft import irfft, rfft
    from scipy.signal import hilbert

    n = x.shape[-1]
    spectrum = rfft(x, axis=-1)
    freq = np.fft.rfftfreq(n, 1.0 / RATE)
    spectrum[..., (freq < BAND.low_hz) | (freq >= BAND.high_hz)] = 0.0
    squared = np.abs(hilbert(irfft(spectrum, n, axis=-1), axis=-1)) ** 2
    mean = squared.mean(axis=-1, keepdims=True)
    window = hann(n)
    return np.abs(rfft((squared - mean) * window, axis=-1)) * (2.0 / window.sum()) / mean


@pytest.mark.parametrize(("channels", "samples"), [(1, 10240), (16, 10240), (1, 102400), (16, 102400)])
def test_squared_envelope_spectrum(channels, samples):
    x = np.random.default_rng(0).standard_normal((channels, samples))
    ours = squared_envelope_spectrum(x, RATE, BAND).depth
    theirs = by_scipy(x)
    size = ours.shape[-1] // 2
    np.testing.assert_allclose(ours[:, 2:size], theirs[:, 2:size], atol=1e-9)
    time = medians({"ours": lambda: squared_envelope_spectrum(x, RATE, BAND), "scipy": lambda: by_scipy(x)})
    ours_rate, theirs_rate = (x.size / time[name] / 1e6 for name in ("ours", "scipy"))
    print(
        f"\nsquared envelope spectrum, {channels} × {samples}, band 2 of 12.8 kHz: {ours_rate:.1f} MS/s, "
        f"scipy.signal.hilbert {theirs_rate:.1f} MS/s: {ours_rate / theirs_rate:.1f} times faster"
    )


@pytest.mark.parametrize(("samples", "levels"), [(16384, 6), (131072, 7), (262144, 8)])
def test_kurtogram(samples, levels):
    times = np.arange(0.01, samples / RATE, 1.0 / 88.0)
    x = 3.0 * ring(times, np.ones(times.size), RATE, samples) + np.random.default_rng(0).standard_normal(samples)
    ours = fast_kurtogram(x, RATE, levels)
    jobs = {"ours": lambda: fast_kurtogram(x, RATE, levels)}
    if samples <= 131072:
        jobs["numpy"] = lambda: oracle.kurtogram(x, levels)
        for row, right in zip(ours.kurtosis, oracle.kurtogram(x, levels), strict=True):
            np.testing.assert_allclose(row, right, rtol=1e-9, atol=1e-10)
    if importlib.util.find_spec("pysdkit"):
        peer = importlib.import_module("pysdkit.utils").fast_kurtogram
        jobs["PySDKit"] = lambda: peer(x, levels, RATE)
        theirs, _ = jobs["PySDKit"]()
        # it drops a tap of the upper filter, keeps samples that lean on the record's ends and takes means off
        if theirs.shape[0] == len(ours.kurtosis):
            difference = np.abs(ours.image() * (ours.image() > 0.0) - theirs)
            assert np.median(difference) < 0.1
    else:
        print("\nPySDKit is not installed (pip install pysdkit): compared with numpy alone")
    time = medians(jobs, rounds=7)
    shown = ", ".join(
        f"{name} {samples / t / 1e6:.2f} MS/s: {t / time['ours']:.1f} times faster"
        for name, t in time.items()
        if name != "ours"
    )
    print(f"\nkurtogram, 1 × {samples}, {levels} levels: {samples / time['ours'] / 1e6:.1f} MS/s; {shown}")


def test_kurtograms_on_two_cores():
    x = np.random.default_rng(0).standard_normal((8, 131072))
    time = medians({"one": lambda: kurtograms(x, RATE), "two": lambda: kurtograms(x, RATE, threads=2)}, rounds=7)
    one, two = (x.size / time[name] / 1e6 for name in ("one", "two"))
    print(f"\nkurtograms, 8 × 131072, 7 levels: {one:.1f} MS/s on one core, {two:.1f} MS/s on two")


def test_infogram_and_choice_of_a_band():
    x = np.random.default_rng(0).standard_normal(102400)
    time = medians({"infogram": lambda: infogram(x, RATE), "choice": lambda: choose_band(x, RATE, 25.0)}, rounds=7)
    print(
        f"\n1 × 102400: infogram, 6 levels, {x.size / time['infogram'] / 1e6:.1f} MS/s; choose_band, 23 candidates, "
        f"{1e3 * time['choice']:.0f} ms"
    )
