"""Draw docs/dsp/img/cyclic.png and cyclic_envelope.png.

cyclic.png: the plane of the cyclic coherence of a slipping bearing under a gear, before and after the gear's lines
are taken out, with the column at the outer-race rate against its threshold. cyclic_envelope.png: the squared envelope
spectrum and the enhanced one of the same bearing under coloured noise and under blows.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from twin.dsp.cyclic import spectral_coherence
from twin.dsp.enhanced import enhanced_envelope, informative_weights
from twin.dsp.envelope import envelope_spectra

RATE, SPEED, SECONDS = 25600.0, 24.63, 4.0
BPFO = 3.5848 * SPEED
IMG = Path(__file__).parent.parent / "img"


def ringing(at: np.ndarray, heights: np.ndarray, mode_hz: float, damping: float) -> np.ndarray:
    """Add a decaying oscillation for every instant."""
    x = np.zeros(int(SECONDS * RATE))
    for start, height in zip(at, heights, strict=True):
        first = int(np.ceil(start * RATE))
        t = np.arange(first, min(first + 600, x.size)) / RATE - start
        x[first : first + t.size] += (
            height * np.exp(-2 * np.pi * mode_hz * damping * t) * np.sin(2 * np.pi * mode_hz * t)
        )
    return x


def bearing(rng: np.random.Generator) -> np.ndarray:
    """Strike a mode at 5400 Hz at the outer-race rate, 1 % slip."""
    at = np.cumsum((1.0 + 0.01 * rng.standard_normal(int(SECONDS * BPFO * 1.1))) / BPFO)
    at = at[at < SECONDS]
    return ringing(at, 1.0 + 0.15 * rng.standard_normal(at.size), 5400.0, 0.03)


def planes() -> None:
    """Draw the coherence with and without the gear's lines."""
    rng = np.random.default_rng(2)
    t = np.arange(int(SECONDS * RATE)) / RATE
    gear = 2.0 * (1 + 0.5 * np.cos(2 * np.pi * SPEED * t)) * np.sin(2 * np.pi * 23 * SPEED * t)
    x = gear + 0.6 * bearing(rng) + 0.3 * rng.standard_normal(t.size)
    figure, panels = plt.subplots(1, 3, figsize=(12, 4), constrained_layout=True, width_ratios=(1, 1, 0.7))
    for axes, removed in zip(panels[:2], (False, True), strict=True):
        plane = spectral_coherence(x, RATE, 220.0, 512, remove_lines=removed)
        # the largest of each group of columns: a line is narrower than a pixel
        group = plane.alpha_hz.size // 220
        size = plane.alpha_hz.size // group * group
        power = np.abs(plane.coherence[:, :size]) ** 2
        # what noise shows one time in a thousand stays white
        power[power < plane.threshold(1e-3)[:size]] = 0.0
        pooled = power.reshape(power.shape[0], -1, group).max(axis=2)
        image = axes.imshow(
            pooled.T,
            origin="lower",
            aspect="auto",
            extent=(0, plane.freq_hz[-1] / 1e3, 0, plane.alpha_hz[size - 1]),
            vmin=0,
            vmax=0.3,
            cmap="gist_heat_r",
        )
        axes.set(xlabel="carrier f [kHz]", title="|γ|², lines removed first" if removed else "|γ|², as recorded")
        for at, name in ((SPEED, "shaft"), (BPFO, "BPFO"), (2 * BPFO, "2×BPFO")):
            axes.annotate(name, (12.7, at), ha="right", va="bottom", fontsize=8)
    panels[0].set_ylabel("cyclic frequency α [Hz]")
    figure.colorbar(image, ax=panels[1])
    near = np.abs(plane.alpha_hz / BPFO - 1) < 0.01
    column = int(np.flatnonzero(near)[np.abs(plane.coherence[:, near]).mean(axis=0).argmax()])
    panels[2].plot(
        plane.freq_hz / 1e3, np.abs(plane.coherence[:, column]) ** 2, color="tab:red", lw=0.9, label="at BPFO"
    )
    panels[2].axhline(plane.threshold(1e-3)[column], color="k", ls="--", lw=0.8, label="noise: 1 in 1000")
    panels[2].set(
        xlabel="carrier f [kHz]", ylabel="|γ|²", xlim=(0, RATE / 2e3), ylim=(0, None), title="lines removed first"
    )
    panels[2].legend(loc="upper right", fontsize=8, handlelength=1)
    figure.savefig(IMG / "cyclic.png", dpi=100)


def envelopes() -> None:
    """Draw the plain and the enhanced spectra under two kinds of interference."""
    rng = np.random.default_rng(3)
    samples = int(SECONDS * RATE)
    base = 0.5 * bearing(rng) + 0.3 * rng.standard_normal(samples)
    # strong noise through a resonance at 900 Hz, by its frequency response
    f = np.fft.rfftfreq(samples, 1 / RATE)
    response = 1.0 / (1.0 - (f / 900.0) ** 2 + 0.1j * f / 900.0)
    coloured = base + np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * response, samples)
    at = np.sort(rng.uniform(0, SECONDS - 0.05, 40))
    blows = base + ringing(at, 60.0 * rng.standard_normal(at.size), 2000.0, 0.02)
    figure, panels = plt.subplots(2, 2, figsize=(11, 5), constrained_layout=True, sharex=True)
    for column, (x, name) in enumerate(((coloured, "strong noise at 900 Hz"), (blows, "ten blows a second at 2 kHz"))):
        spectra = envelope_spectra(x, RATE, SPEED, max_order=12.0, tree=())
        panels[0, column].plot(spectra.order_axis() * SPEED, spectra.depth(0), color="0.3", lw=0.7)
        panels[0, column].set_title(f"{name}: squared envelope spectrum", fontsize=10)
        plane = spectral_coherence(x, RATE, 290.0, blow_period_s=1 / BPFO)
        spectrum = enhanced_envelope(plane, weights=informative_weights(plane))
        panels[1, column].plot(spectrum.alpha_hz, spectrum.amplitude, color="tab:red", lw=0.7)
        panels[1, column].plot(
            spectrum.alpha_hz, spectrum.threshold(1e-4), "k--", lw=0.8, label="noise passes: 1 in 10 000"
        )
        panels[1, column].set_title("enhanced envelope spectrum, informative weights", fontsize=10)
        panels[1, column].set_xlabel("α [Hz]")
        panels[1, column].legend(loc="upper right", fontsize=8)
        for axes in panels[:, column]:
            axes.set(xlim=(5, 290), ylim=(0, None))
            for k in (1, 2, 3):
                axes.axvline(k * BPFO, color="tab:blue", lw=0.6, ls=":")
    panels[0, 0].set_ylabel("depth")
    panels[1, 0].set_ylabel("mean |γ|")
    figure.savefig(IMG / "cyclic_envelope.png", dpi=100)


planes()
envelopes()
