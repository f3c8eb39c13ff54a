"""Motor current beside numpy and scipy written well: same results, and the ratio of their times.

Streams are three phases of float64 at 10 kS/s in blocks of 64, 1024 and 10 240 samples a phase, windows of ten
supply periods with half overlap. Records are 640 000 samples a phase: 64 s at 10 kS/s.
"""

import numpy as np
import pytest

from benchmarks.side_by_side import medians
from twin.dsp.kernels.slots import slot_scores
from twin.dsp.sequence import SequenceMeter, sequences, space_vector
from twin.dsp.sidebands import rotor_sidebands
from twin.dsp.tones import fundamental

RATE, HZ, SLIP = 10_000.0, 50.013, 0.021


def currents(seconds):
    """Three phases with a pair of sidebands, a negative sequence and noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    apart = 4j * np.pi * SLIP * HZ * t
    vector = 10 * np.exp(2j * np.pi * HZ * t) * (1 + 0.01 * np.exp(-apart) + 0.005 * np.exp(apart))
    vector = vector + 0.3 * np.exp(-2j * np.pi * HZ * t)
    phases = np.array([(vector * np.exp(-2j * np.pi * k / 3)).real for k in range(3)])
    return phases + 0.01 * np.random.default_rng(0).standard_normal(phases.shape)


class NumpyMeter:
    """The same windows with one buffer, and a product with two real columns when windows are complete."""

    def __init__(self, cycles=10):
        self.window = round(cycles * RATE / 50.0)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        table = hann * np.exp(-2j * np.pi * 50.0 / RATE * np.arange(self.window)) * 2 / hann.sum()
        self.columns = np.ascontiguousarray(table).view(np.float64).reshape(-1, 2)
        a = np.exp(2j * np.pi / 3)
        self.mix = np.array([[1, a, a**2], [1, a**2, a], [1, 1, 1]]) / 3
        self.buffer = np.empty((3, 2 * self.window + 10_240))
        self.filled = 0

    def process(self, block):
        end = self.filled + block.shape[1]
        self.buffer[:, self.filled : end] = block
        self.filled = end
        hop = self.window // 2
        count = (end - self.window) // hop + 1
        if count < 1:
            return np.empty((0, 3), dtype=complex)
        pairs = np.array([self.buffer[:, k * hop : k * hop + self.window] @ self.columns for k in range(count)])
        self.filled = end - count * hop
        self.buffer[:, : self.filled] = self.buffer[:, count * hop : end].copy()
        return (pairs[..., 0] + 1j * pairs[..., 1]) @ self.mix.T


@pytest.mark.parametrize("block", [64, 1024, 10_240])
def test_streamed_sequences(block):
    i = currents(8.192)
    blocks = [np.ascontiguousarray(i[:, k : k + block]) for k in range(0, i.shape[1] - block + 1, block)]

    def run(meter):
        return np.concatenate([meter.process(one) for one in blocks])

    np.testing.assert_allclose(run(SequenceMeter(RATE, 50.0)), run(NumpyMeter()), atol=1e-9)
    times = medians({"twin": lambda: run(SequenceMeter(RATE, 50.0)), "numpy": lambda: run(NumpyMeter())})
    samples = len(blocks) * block
    print(
        f"\nsequences, blocks of {block} x 3 phases: twin {1e9 * times['twin'] / samples:.1f} ns a sample,"
        f" numpy {1e9 * times['numpy'] / samples:.1f}, ratio {times['numpy'] / times['twin']:.2f}"
    )


def least_squares(x, supply_hz, spacing_hz):
    """Time-domain least squares at known frequencies, the accurate way with numpy: normal equations of 3 lines."""
    n = np.arange(x.size) / RATE
    lines = np.exp(2j * np.pi * np.array([supply_hz, supply_hz - spacing_hz, supply_hz + spacing_hz])[:, None] * n)
    fitted = np.abs(np.linalg.solve(lines.conj() @ lines.T, lines.conj() @ x))
    return fitted[1:] / fitted[0]


def zoomed(x, supply_hz):
    """Zoom transform with a flat-top window over 8 Hz, 8 points a bin, largest near the expected places."""
    from scipy.signal import ZoomFFT, get_window

    window = get_window("flattop", x.size)
    points = round(8.0 * 8 * x.size / RATE)
    size = np.abs(ZoomFFT(x.size, [supply_hz - 4, supply_hz + 4], m=points, fs=RATE)(x * window))
    freq = supply_hz - 4 + np.arange(points) * 8 / points

    def top(hz):
        return size[np.abs(freq - hz) < 0.2].max()

    spacing = 2 * SLIP * supply_hz
    return np.array([top(supply_hz - spacing), top(supply_hz + spacing)]) / top(supply_hz)


def test_sidebands_of_a_record():
    x = space_vector(currents(64.0))
    supply_hz = fundamental(x, RATE, 50.0).hz

    def own():
        found = rotor_sidebands(x, RATE, supply_hz, SLIP, 5e-4)
        return np.array([found.lower, found.upper])

    spacing = rotor_sidebands(x, RATE, supply_hz, SLIP, 5e-4).spacing_hz
    np.testing.assert_allclose(own(), least_squares(x, supply_hz, spacing), rtol=2e-3)
    np.testing.assert_allclose(own(), zoomed(x, supply_hz), rtol=2e-2)
    times = medians(
        {
            "twin": own,
            "least squares": lambda: least_squares(x, supply_hz, spacing),
            "zoom": lambda: zoomed(x, supply_hz),
        },
        rounds=7,
    )
    print(
        f"\nsidebands, one space vector of {x.size} samples: twin {1e3 * times['twin']:.0f} ms (searches the spacing,"
        f" checks steadiness); numpy least squares at known frequencies {1e3 * times['least squares']:.0f} ms, ratio"
        f" {times['least squares'] / times['twin']:.2f}; scipy ZoomFFT, flat-top, {1e3 * times['zoom']:.0f} ms, ratio"
        f" {times['zoom'] / times['twin']:.2f}"
    )


def test_sequences_of_a_record():
    i = currents(64.0)

    def plain():
        n = i.shape[1]
        table = np.hanning(n) * np.exp(-2j * np.pi * HZ / RATE * np.arange(n))
        pairs = i @ table.view(np.float64).reshape(-1, 2)
        a, b, c = pairs[:, 0] + 1j * pairs[:, 1]
        turn = np.exp(2j * np.pi / 3)
        return abs(a + turn**2 * b + turn * c) / abs(a + turn * b + turn**2 * c)

    assert abs(sequences(i, RATE, HZ).negative_share) == pytest.approx(plain(), rel=1e-3)
    times = medians({"twin": lambda: sequences(i, RATE, HZ), "numpy": plain})
    print(
        f"\nsequences of a record of {i.shape[1]} x 3: twin {1e3 * times['twin']:.1f} ms (with a standard error),"
        f" numpy in one window {1e3 * times['numpy']:.1f} ms, ratio {times['numpy'] / times['twin']:.2f}"
    )


def test_slot_search():
    rng = np.random.default_rng(1)
    prominence = rng.exponential(4.0, 100_000)
    slips, bars, signs = np.linspace(5e-4, 0.08, 8000), np.arange(12.0, 101.0) / 2, np.arange(-7.0, 8.0, 2.0)
    per_f1 = 800.0

    def own():
        score, which = np.empty(slips.size), np.empty(slips.size, dtype=np.int64)
        slot_scores(prominence, per_f1, slips, bars, signs, 9.0, 30.0, score, which)
        return score

    gain = np.concatenate((np.where(prominence > 9.0, np.minimum(prominence, 30.0) - 9.0, 0.0), [0.0]))

    def vectorised():
        best = np.full(slips.size, -1.0)
        for count in bars:
            order = ((1 - slips) * count)[:, None] + signs
            at = np.floor(order * per_f1 + 0.5).astype(np.int64)
            at[(order <= 3.0) | (at >= 0.95 * prominence.size)] = prominence.size
            np.maximum(best, gain[at].sum(axis=1), out=best)
        return best

    np.testing.assert_allclose(own(), vectorised(), atol=1e-9)
    times = medians({"twin": own, "numpy": vectorised}, rounds=7)
    print(
        f"\nslot search, {slips.size} slips x {bars.size} bar counts x {signs.size} lines:"
        f" twin {1e3 * times['twin']:.0f} ms, numpy {1e3 * times['numpy']:.0f} ms,"
        f" ratio {times['numpy'] / times['twin']:.1f}"
    )
