"""Separation and cyclic coherence beside the same written well in numpy or scipy; ratios of medians, sizes stated."""

import numpy as np
import pytest

from benchmarks.side_by_side import medians
from twin.dsp.cyclic import cyclic_periodogram, spectral_coherence
from twin.dsp.separation import Sanc, drs
from twin.dsp.spectrum import hann

RATE = 25600.0


def told(title, times, ours):
    print(f"\n{title}")
    for name, seconds in times.items():
        print(f"  {name:<44} {seconds * 1e3:10.2f} ms   {seconds / times[ours]:8.1f} x")


def numpy_nlms(x, taps, delay, step):
    """Sample by sample with vector operations, the way padasip's FilterNLMS.run works."""
    past = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.zeros(delay + taps - 1), x]), taps)
    weights, out = np.zeros(taps), np.empty(x.size)
    for n in range(x.size):
        row = past[n]
        out[n] = np.dot(weights, row)
        energy = np.dot(row, row)
        if energy > 0.0:
            weights += (step * (x[n] - out[n]) / energy) * row
    return out


@pytest.mark.parametrize(("channels", "taps", "samples"), [(1, 64, 10_240), (1, 512, 10_240), (16, 256, 10_240)])
def test_self_adaptive_noise_cancellation(channels, taps, samples):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((channels, samples)) + np.sin(0.3 * np.arange(samples))
    ours = Sanc(taps, 100, step=0.01, channels=channels).process(x)[0]
    np.testing.assert_allclose(ours[0], numpy_nlms(x[0], taps, 100, 0.01), atol=1e-9)
    jobs = {
        "sanc": lambda: Sanc(taps, 100, step=0.01, channels=channels).process(x),
        "numpy loop over samples, as padasip": lambda: [numpy_nlms(row, taps, 100, 0.01) for row in x],
    }
    times = medians(jobs, 7)
    told(f"SANC, {channels} channel(s), {taps} taps, one block of {samples}", times, "sanc")
    print(f"  real time at 25.6 kS/s: {samples * channels / times['sanc'] / RATE:.0f} channels a core")


def scipy_drs(x, segment, lag):
    from scipy.signal import istft, stft

    options = {"window": hann(segment), "nperseg": segment, "noverlap": segment * 3 // 4, "boundary": None}
    _, _, frames = stft(x, padded=False, **options)
    before, after = frames[:, :-lag], frames[:, lag:]
    h = np.mean(after * before.conj(), axis=1) / np.mean(np.abs(before) ** 2, axis=1)
    options.pop("boundary")
    return istft(h[:, None] * before, boundary=False, **options)[1]


# scipy's window is zero in the very first sample
@pytest.mark.filterwarnings("ignore:NOLA condition failed")
@pytest.mark.parametrize(("samples", "segment"), [(51_200, 1024), (256_000, 4096)])
def test_discrete_random_separation(samples, segment):
    x = np.random.default_rng(1).standard_normal(samples) + np.sin(0.3 * np.arange(samples))
    lag = 5
    ours = drs(x, segment, segment // 4, false_alarm=None).deterministic
    inner = slice(3 * segment, samples - 2 * segment)
    theirs = scipy_drs(x, segment, lag)
    first = lag * segment // 4
    np.testing.assert_allclose(ours[inner], theirs[inner.start - first : inner.stop - first], atol=1e-9)
    jobs = {
        "drs": lambda: drs(x, segment, segment // 4, false_alarm=None),
        "scipy.signal stft, ratio, istft": lambda: scipy_drs(x, segment, lag),
    }
    told(f"DRS, 1 channel, {samples} samples, blocks of {segment}", medians(jobs, 9), "drs")


def numpy_fast_correlation(x, segment, hop, shifts, length, alphas):
    """Antoni, Xin & Hamzaoui 2017 as printed: one transform over the frames for every frequency shift."""
    window = hann(segment)
    frames = np.lib.stride_tricks.sliding_window_view(x, segment)[::hop]
    spectra = np.fft.rfft(frames * window, axis=1).T * (-1.0) ** np.arange(segment // 2 + 1)[:, None]
    white = spectra / np.sqrt(np.mean(np.abs(spectra) ** 2, axis=1))[:, None]
    wide = np.concatenate([white[1 : shifts + 1][::-1].conj(), white])
    alpha = np.arange(alphas) / (hop * length)
    place = np.arange(segment) - segment // 2
    total, response = 0.0, 0.0
    for p in range(shifts + 1):
        product = white * wide[shifts - p : shifts - p + white.shape[0]].conj()
        product -= product.mean(axis=1, keepdims=True)
        total = total + np.fft.fft(product, length, axis=1)[:, :alphas]
        response = response + (np.exp(-2j * np.pi * np.outer(alpha - p / segment, place)) @ window**2).real
    return total / (white.shape[1] * response / np.sum(window**2))


def numpy_periodogram(x, alphas, segment):
    """Averaged cyclic periodogram, all frames of an alpha in one batch of transforms."""
    window, t, out = hann(segment), np.arange(x.size) / RATE, []
    for alpha in alphas:
        pair = []
        for sign in (1.0, -1.0):
            moved = x * np.exp(-1j * np.pi * sign * alpha * t)
            frames = np.lib.stride_tricks.sliding_window_view(moved, segment)[:: segment // 4]
            pair.append(np.fft.fft(frames * window))
        high, low = pair
        power = np.sum(np.abs(high) ** 2, axis=0) * np.sum(np.abs(low) ** 2, axis=0)
        out.append(np.abs(np.sum(high * low.conj(), axis=0)) / np.sqrt(power))
    return np.array(out)


@pytest.mark.parametrize("alpha_max_hz", [300.0, 1000.0])
def test_fast_spectral_coherence(alpha_max_hz):
    samples, segment = 51_200, 256
    t = np.arange(samples) / RATE
    x = (1.0 + 0.8 * np.cos(2.0 * np.pi * 100.0 * t)) * np.random.default_rng(2).standard_normal(samples)
    x -= x.mean()
    plane = spectral_coherence(x, RATE, alpha_max_hz, segment)
    hop = int(RATE / (2.0 * max(alpha_max_hz, 300.0)))
    shifts, alphas = int(np.ceil(max(alpha_max_hz, 300.0) * segment / RATE)), plane.alpha_hz.size
    length = round(RATE / hop / (plane.alpha_hz[1]))
    theirs = numpy_fast_correlation(x, segment, hop, shifts, length, alphas)
    np.testing.assert_allclose(np.abs(plane.coherence), np.abs(theirs), atol=1e-9)
    few = plane.alpha_hz[200:224]
    at = int(np.argmin(abs(plane.alpha_hz - 100.0)))
    direct = numpy_periodogram(x, plane.alpha_hz[at : at + 1], segment)[0, 4:124]
    assert np.abs(plane.coherence[4:-5, at]).mean() == pytest.approx(direct.mean(), abs=0.03)
    jobs = {
        "spectral_coherence": lambda: spectral_coherence(x, RATE, alpha_max_hz, segment),
        "numpy, a transform for every shift (2017)": lambda: numpy_fast_correlation(
            x, segment, hop, shifts, length, alphas
        ),
        "24 alphas by a direct numpy periodogram": lambda: numpy_periodogram(x, few, segment),
        "24 alphas by cyclic_periodogram": lambda: cyclic_periodogram(x, RATE, few, segment),
    }
    times = medians(jobs, 7)
    told(
        f"whole plane, {samples} samples (2 s), frames of {segment}, {alphas} alphas to {alpha_max_hz:g} Hz",
        times,
        "spectral_coherence",
    )
    whole = times["24 alphas by a direct numpy periodogram"] * alphas / 24
    ratio = whole / times["spectral_coherence"]
    print(f"  all {alphas} alphas directly (24 measured, scaled): {whole:.1f} s, {ratio:.0f} x")
