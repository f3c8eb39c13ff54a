"""Draw docs/dsp/img/spectra.png: densities with their certainty, lines between bins, zoom, coherence, frames.

Top left: Welch's density of noise with two lines, and its 95 % interval. Top right: error of a line's amplitude read
off the highest bin and by `measure_line`, alone and with an equal neighbour three bins away. Bottom left: a zoomed
band where 4 s resolve two lines and 1 s does not. Bottom right: coherence of two channels that share a band, with
the threshold that chance passes in 1 % of bins.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.cross import coherence_threshold, cross_spectrum
from twin.dsp.density import welch
from twin.dsp.lines import measure_line
from twin.dsp.spectrum import amplitude_spectrum
from twin.dsp.zooming import zoom

OUT = Path(__file__).parent.parent / "img"
rng = np.random.default_rng(0)
figure, ((density, scallop), (zoomed, coherence)) = plt.subplots(2, 2, figsize=(10, 6.6), layout="constrained")

rate = 1000.0
t = np.arange(16384) / rate
x = np.convolve(rng.standard_normal(t.size), [1.0, 0.7, 0.3], "same")
x += 0.3 * np.cos(2 * np.pi * 120.0 * t) + 0.15 * np.cos(2 * np.pi * 310.0 * t)
result = welch(x, rate, 512)
low, high = result.interval(0.95)
density.fill_between(
    result.freq_hz[1:-1], low[1:-1], high[1:-1], color="tab:blue", alpha=0.3, lw=0, label="95 % interval"
)
density.semilogy(result.freq_hz[1:-1], result.density[1:-1], color="tab:blue", lw=0.9, label="density")
density.set(xlabel="frequency [Hz]", ylabel="density [unit²/Hz]", xlim=(0, 500))
density.set_title(
    f"welch: {int(result.segments)} segments, {float(result.effective_averages):.1f} effective", fontsize=10, loc="left"
)
density.legend(fontsize=8)

n = 2048
m = np.arange(n)
offsets = np.linspace(0.0, 1.0, 21)
bin_error, alone, beside = [], [], []
for offset in offsets:
    line = np.cos(2 * np.pi * (300 + offset) * m / n + 0.7)
    neighbour = np.cos(2 * np.pi * (303 + offset) * m / n)
    bin_error.append(20 * np.log10(amplitude_spectrum(line)[299:303].max()))
    noise = 0.01 * rng.standard_normal(n)
    alone.append(20 * np.log10(measure_line(line + noise, n, 300.0 + offset).amplitude))
    beside.append(20 * np.log10(measure_line(line + neighbour + noise, n, 300.0 + offset, 0.5).amplitude))
scallop.plot(offsets, bin_error, color="tab:gray", label="highest Hann bin")
scallop.plot(offsets, alone, color="tab:blue", marker=".", label="measure_line, alone")
scallop.plot(offsets, beside, color="tab:red", ls="--", marker="x", ms=4, label="measure_line, neighbour 3 bins away")
scallop.set(xlabel="place of the line between two bins", ylabel="error of the amplitude [dB]", ylim=(-1.6, 0.7))
scallop.set_title("line amplitude between bins (noise 40 dB below)", fontsize=10, loc="left")
scallop.legend(fontsize=8, loc="upper center")

t = np.arange(4000) / rate
pair = np.cos(2 * np.pi * 50.0 * t) + np.cos(2 * np.pi * 50.9 * t - 0.9 * np.pi)
for samples, color in ((1000, "tab:orange"), (4000, "tab:blue")):
    band = zoom(pair[:samples], rate, 46.0, 55.0, 600)
    says = "resolved" if band.resolves(50.0, 50.9) else "not resolvable"
    label = f"{samples / rate:.0f} s: two peaks from {band.separation_hz:.1f} Hz, {says}"
    zoomed.plot(band.freq_hz, band.amplitude(), color=color, label=label)
for line_hz in (50.0, 50.9):
    zoomed.axvline(line_hz, color="black", lw=0.7, ls=":")
zoomed.set(xlabel="frequency [Hz] (dotted: the two lines)", ylabel="amplitude", ylim=(0, 2.9))
zoomed.set_title("zoom: two lines of amplitude 1, 0.9 Hz apart, in phase at 0.5 s", fontsize=10, loc="left")
zoomed.legend(fontsize=8, loc="upper left")

shared, left, right = rng.standard_normal((3, 20000))
keep = np.abs(np.fft.rfftfreq(shared.size, 1 / rate) - 200.0) < 60.0
shared = np.fft.irfft(np.fft.rfft(shared) * keep)
two = cross_spectrum(shared + 0.3 * left, shared + 0.3 * right, rate, 512)
limit = float(coherence_threshold(two.effective_averages, 0.01))
coherence.plot(two.freq_hz, two.coherence(), color="tab:blue", lw=0.9)
coherence.axhline(limit, color="tab:red", lw=0.9, ls="--", label=f"chance passes {limit:.3f} in 1 % of bins")
coherence.axhline(
    1 / float(two.effective_averages), color="gray", lw=0.9, ls=":", label="its mean where nothing is shared, 1/N"
)
coherence.set(xlabel="frequency [Hz]", ylabel="coherence γ²", ylim=(0, 1), xlim=(0, 500))
coherence.set_title("coherence: 140 to 260 Hz is shared", fontsize=10, loc="left")
coherence.legend(fontsize=8)
figure.savefig(OUT / "spectra.png", dpi=100)
