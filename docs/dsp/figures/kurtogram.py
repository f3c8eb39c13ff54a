"""Draw docs/dsp/img/kurtogram.png: a lone blow fools kurtosis; asking for repetition finds the damage.

Outer-race impacts ring a mode at 9.6 kHz, and one blow rings another at 2.4 kHz. Left: the kurtogram and the
spectral infogram; right: how `choose_band` scores the candidate bands, and the squared envelope spectra of the
band that kurtosis picks and of the band that the chooser picks.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from twin.dsp.bands import choose_band
from twin.dsp.demodulation import squared_envelope_spectrum
from twin.dsp.envelope import Band
from twin.dsp.infograms import infogram
from twin.dsp.kurtogram import fast_kurtogram

RATE, SECONDS, SPEED, BPFO = 25600.0, 4.0, 24.63, 3.5848


def ring(times: Iterable[float], strength: float, mode_hz: float, damping: float) -> np.ndarray:
    """Decaying oscillations that start at the given times."""
    x = np.zeros(int(RATE * SECONDS))
    decay = 2 * np.pi * mode_hz * damping
    for at in times:
        first = int(np.ceil(at * RATE))
        t = np.arange(first, min(first + int(8 / decay * RATE), x.size)) / RATE - at
        x[first : first + t.size] += strength * np.exp(-decay * t) * np.sin(2 * np.pi * mode_hz * t)
    return x


def tree(axes: Axes, rows: Sequence[np.ndarray], levels: Sequence[float], title: str, marked: Band) -> None:
    """Draw one value per node of the 1/3-binary tree and mark a band."""
    width = 3 * rows[-1].size
    image = np.stack([np.repeat(row, width // row.size) for row in rows])
    axes.imshow(image, aspect="auto", extent=(0, RATE / 2e3, len(rows), 0), interpolation="nearest", cmap="viridis")
    axes.set_yticks(np.arange(len(rows)) + 0.5, [f"{level:.1f}" for level in levels])
    axes.set(xlabel="frequency [kHz]", ylabel="level")
    axes.set_title(title, fontsize=10, loc="left")
    row = int(np.argmin([abs(RATE / 2 / r.size - (marked.high_hz - marked.low_hz)) for r in rows]))
    box = plt.Rectangle(
        (marked.low_hz / 1e3, row), (marked.high_hz - marked.low_hz) / 1e3, 1, fill=False, edgecolor="red", lw=1.8
    )
    axes.add_patch(box)


def spectrum(axes: Axes, x: np.ndarray, band: Band, title: str) -> None:
    """Draw the squared envelope spectrum of a band with the line's harmonics."""
    found = squared_envelope_spectrum(x, RATE, band)
    axes.plot(found.freq_hz, found.depth, lw=0.7, color="tab:blue")
    for k in range(1, 4):
        axes.axvline(k * BPFO * SPEED, color="tab:red", lw=0.8, ls=":")
    axes.set(xlabel="modulation frequency [Hz] (dotted: BPFO)", ylabel="depth", xlim=(5, 320))
    axes.set_ylim(0, 1.15 * found.depth[(found.freq_hz > 5) & (found.freq_hz < 320)].max())
    axes.set_title(title, fontsize=10, loc="left")


def main() -> None:
    """Make the picture."""
    rng = np.random.default_rng(1)
    period = 1.0 / (BPFO * SPEED)
    times = np.cumsum(period * (1 + 0.005 * rng.standard_normal(int(SECONDS / period) - 5)))
    x = ring(times, 1.5, 9600.0, 0.02) + ring([1.7], 60.0, 2400.0, 0.03) + rng.standard_normal(int(RATE * SECONDS))

    kurtosis = fast_kurtogram(x, RATE, 4)
    information = infogram(x, RATE, 4)
    choice = choose_band(x, RATE, SPEED)
    fooled = kurtosis.best()[0]

    figure, axes = plt.subplots(2, 3, figsize=(12.5, 6.4), constrained_layout=True)
    tree(axes[0, 0], kurtosis.kurtosis, kurtosis.levels, "Kurtogram: the lone blow wins (red)", fooled)
    tree(
        axes[1, 0],
        information.spectrum,
        information.levels,
        "Infogram of the envelope's spectrum: the blow again",
        information.best("spectrum")[0],
    )
    bars = axes[0, 1]
    for place, candidate in enumerate(reversed(choice.candidates[:12])):
        band = candidate.band
        colour = "tab:green" if candidate is choice.candidates[0] else "0.6"
        bars.barh(place, (band.high_hz - band.low_hz) / 1e3, left=band.low_hz / 1e3, color=colour)
        bars.text(13.0, place, f"{candidate.score:.1f}", va="center", fontsize=8)
    bars.axvline(9.6, color="tab:red", lw=0.8, ls=":")
    bars.set(xlabel="frequency [kHz] (dotted: the damage's mode)", yticks=[], xlim=(0, 14.6))
    bars.set_ylabel("the best 12 candidates")
    bars.set_title("choose_band: the damage's mode wins (score right)", fontsize=10, loc="left")
    axes[1, 1].plot(np.arange(x.size) / RATE, x, lw=0.3, color="0.4")
    axes[1, 1].set(xlabel="time [s]", ylabel="acceleration", xlim=(0, SECONDS))
    axes[1, 1].set_title("The signal", fontsize=10, loc="left")
    label = "{:.1f} … {:.1f} kHz".format
    spectrum(axes[0, 2], x, fooled, f"Kurtosis' band, {label(fooled.low_hz / 1e3, fooled.high_hz / 1e3)}: no line")
    best = choice.best
    spectrum(axes[1, 2], x, best, f"The chooser's band, {label(best.low_hz / 1e3, best.high_hz / 1e3)}")
    figure.savefig(Path(__file__).parent.parent / "img" / "kurtogram.png", dpi=100)


if __name__ == "__main__":
    main()
