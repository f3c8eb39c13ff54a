"""Draw what the time features see: a window of a healthy and of a pitted bearing, and what a reference makes of change.

Left: two signals of equal rms and their features. Right: how often `compare` calls a record changed, by how much one
band of twenty has risen, at a false-alarm probability of 2 %, with one and with four healthy references.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from twin.dsp.features import time_features
from twin.dsp.reference import compare

IMG = Path(__file__).parent.parent / "img"
RATE = 10240.0
N = 32 * 320


def machine(rng: np.random.Generator, rise: float = 0.0, samples: int = N) -> NDArray[np.float64]:
    """Noise and two lines; `rise` scales extra noise between 3.0 and 3.6 kHz."""
    t = np.arange(samples) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    freq = np.fft.rfftfreq(samples, 1.0 / RATE)
    band = np.fft.irfft(np.where((freq >= 3000) & (freq < 3600), spectrum, 0.0), samples)
    return rng.standard_normal(samples) + np.sin(2 * np.pi * 50 * t) + 0.5 * np.sin(2 * np.pi * 567 * t) + rise * band


def impacts(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Strike a mode 107 times a second, with 1 % of slip, in noise."""
    t = np.arange(samples) / RATE
    at = np.cumsum(rng.normal(1.0 / 107.0, 1e-4, 400))
    at = at[at < t[-1]]
    x = np.zeros(samples)
    for begin in at:
        since = np.maximum(t - begin, 0.0)
        x += np.exp(-1500 * since) * np.sin(2 * np.pi * 3000 * since)
    return x + 0.07 * rng.standard_normal(samples)


def main() -> None:
    """Draw the figure."""
    rng = np.random.default_rng(1)
    figure, axes = plt.subplot_mosaic([["a", "c"], ["b", "c"]], figsize=(10, 4.6), width_ratios=[1.35, 1])
    signals = (("healthy", rng.standard_normal(N)), ("pitted", impacts(rng, N)))
    for axis, (title, signal) in zip((axes["a"], axes["b"]), signals, strict=True):
        x = signal / signal.std()
        f = time_features(x, RATE)
        shown = slice(0, 1024)
        axis.plot(np.arange(1024) / RATE * 1e3, x[shown], lw=0.6, color="#1f5582")
        axis.set_ylim(-11, 11)
        axis.set_ylabel("m/s²")
        axis.set_title(
            f"{title}:  rms {f.rms:.2f},  crest {f.crest:.1f},  kurtosis {f.kurtosis:.1f},"
            f"  impulse {f.impulse:.1f},  clearance {f.clearance:.1f}",
            fontsize=8.5,
            loc="left",
        )
    axes["b"].set_xlabel("ms")
    rises = np.array([0.0, 0.3, 0.5, 0.7, 0.85, 1.0, 1.25, 1.5, 2.0, 2.5])
    for count, colour in ((1, "#b5651d"), (4, "#1f5582")):
        samples = N if count > 1 else 100 * 256
        found = []
        for rise in rises:
            calls = [
                compare(machine(rng, rise, samples), [machine(rng, 0.0, samples) for _ in range(count)], RATE).outcome
                for _ in range(40)
            ]
            found.append(100.0 * np.mean([call == "changed" for call in calls]))
        label = f"{count} healthy reference{'s' if count > 1 else ''}"
        axes["c"].plot(10 * np.log10(1 + rises**2), found, "o-", color=colour, ms=4, label=label)
    axes["c"].axhline(2.0, color="grey", lw=0.8, ls=":")
    axes["c"].set_xlabel("rise of one band of twenty [dB]")
    axes["c"].set_ylabel("records called changed [%]")
    axes["c"].legend(fontsize=9)
    axes["c"].set_title("compare(…, false_alarm=0.02)", fontsize=9, loc="left")
    for axis in axes.values():
        axis.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(IMG / "time-features.png", dpi=110)


if __name__ == "__main__":
    main()
