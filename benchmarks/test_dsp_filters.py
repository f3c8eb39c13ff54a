"""Filters of many channels beside scipy: ``tox -e bench -- benchmarks/test_dsp_filters.py -s``.

Ours take [samples, channels]; scipy gets [channels, samples], contiguous, which is what it is fastest with. One
thread, wall clock, medians of turns.
"""

import numpy as np
import pytest
from scipy import signal

from benchmarks.side_by_side import medians
from twin.dsp.biquad import BiquadCascade
from twin.dsp.filters import Decimator, SosFilter

RATE = 25600.0
SOS = signal.butter(4, [2000.0, 4000.0], "bandpass", fs=RATE, output="sos")  # four biquads


def told(what: str, samples: int, times: dict[str, float]) -> None:
    rates = {name: samples / seconds / 1e6 for name, seconds in times.items()}
    first = next(iter(rates.values()))
    shown = ", ".join(f"{name} {rate:.0f} MS/s" for name, rate in rates.items())
    print(f"\n{what}: {shown}; ratios " + " ".join(f"{first / rate:.1f}" for rate in list(rates.values())[1:]))


@pytest.mark.parametrize("size", [64, 256, 1024, 10240])
@pytest.mark.parametrize("channels", [1, 16, 256, 1024])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_four_biquads(size: int, channels: int, dtype: type):
    x = np.random.default_rng(1).standard_normal((size, channels)).astype(dtype)
    across = np.ascontiguousarray(x.T)
    ours = SosFilter(SOS, channels, dtype)
    out = np.empty_like(x)
    sos = SOS.astype(dtype)
    rest = np.zeros((4, channels, 2), dtype)
    # the same from rest first
    expected = signal.sosfilt(sos, across, axis=1, zi=rest)[0].T
    np.testing.assert_allclose(ours.process(x, out), expected, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)
    state = [rest]

    def theirs() -> None:
        _, state[0] = signal.sosfilt(sos, across, axis=1, zi=state[0])

    repeat = max(1, 200_000 // (size * channels))

    def many(job):
        def run() -> None:
            for _ in range(repeat):
                job()

        return run

    jobs = {"lanes": many(lambda: ours.process(x, out)), "scipy": many(theirs)}
    if channels == 1 and dtype == np.float64:
        cascade, line, target = BiquadCascade(SOS), x[:, 0].copy(), np.empty(size)
        jobs["one channel's kernel"] = many(lambda: cascade.process(line, target))
    told(f"4 biquads, {np.dtype(dtype)}, {channels} channels, blocks of {size}", repeat * x.size, medians(jobs, 9))


@pytest.mark.parametrize("channels", [1, 16, 256])
def test_decimation_by_8(channels: int):
    """Beside one polyphase FIR of scipy with the same stop band; both leave the state of streaming out of the count."""
    size = 10240
    x = np.random.default_rng(1).standard_normal((size, channels)).astype(np.float32)
    across = np.ascontiguousarray(x.T)
    ours = Decimator(8, channels, np.float32)
    taps = signal.firwin(449, 0.45 / 8 * 2, window=("kaiser", 9.0)).astype(np.float32)
    times = medians(
        {"stages": lambda: ours.process(x), "scipy upfirdn": lambda: signal.upfirdn(taps, across, 1, 8, axis=1)}, 9
    )
    told(f"decimation by 8, 80 dB, float32, {channels} channels, blocks of {size}", x.size, times)
