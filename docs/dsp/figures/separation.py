"""Draw docs/dsp/img/separation.png: a gear and a slipping bearing, before and after separation.

Left: power density of the record and of its random part by DRS. Right: how the residue of a gear line falls while
the adaptive canceller learns, for three steps, beside what DRS leaves.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from twin.dsp.separation import Sanc, drs
from twin.dsp.spectrum import welch

RATE, SPEED, SECONDS = 25600.0, 24.63, 10.0
BPFO = 3.5848 * SPEED


def strikes(rng: np.random.Generator) -> np.ndarray:
    """Ring a mode at 5400 Hz at every passage of an outer-race spall, 1 % slip."""
    x = np.zeros(int(SECONDS * RATE))
    at = np.cumsum((1.0 + 0.01 * rng.standard_normal(int(SECONDS * BPFO * 0.98))) / BPFO)
    for start in at[at < SECONDS - 0.02]:
        first = int(np.ceil(start * RATE))
        t = np.arange(first, first + 300) / RATE - start
        x[first : first + 300] += np.exp(-2 * np.pi * 5400 * 0.03 * t) * np.sin(2 * np.pi * 5400 * t)
    return x


rng = np.random.default_rng(1)
t = np.arange(int(SECONDS * RATE)) / RATE
mesh = 2 * np.pi * 23 * SPEED * t
gear = (1 + 0.3 * np.cos(2 * np.pi * SPEED * t)) * (np.sin(mesh) + 0.7 * np.sin(2 * mesh) + 0.5 * np.sin(3 * mesh))
x = gear + 2.0 * strikes(rng) + 0.2 * rng.standard_normal(t.size)
parts = drs(x, 8192, 2048)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), constrained_layout=True)
for values, label, colour in ((x, "record", "0.65"), (parts.random[parts.valid], "random part", "tab:red")):
    density = welch(values, RATE, 8192)
    left.plot(
        density.freq_hz / 1e3, 10 * np.log10(density.density[: density.freq_hz.size]), color=colour, lw=0.9, label=label
    )
left.set(xlim=(0, 9), ylim=(-70, 5), xlabel="frequency [kHz]", ylabel="power density [dB]", title="DRS, blocks of 8192")
left.annotate("gear mesh ×1, ×2, ×3", (1.75, -10), (2.6, -14), arrowprops={"arrowstyle": "->"}, va="center")
left.annotate("bearing rings here: untouched", (5.4, -37), (4.6, -26), arrowprops={"arrowstyle": "->"})
left.legend(loc="upper right")

window = 4096
wave = np.exp(-1j * mesh)
for step, colour in ((0.001, "tab:blue"), (0.005, "tab:orange"), (0.02, "tab:green")):
    random = Sanc(512, 400, step=step).process(x)[1]
    level = np.abs((random * wave)[: t.size // window * window].reshape(-1, window).mean(axis=1)) * 2
    right.plot(
        (np.arange(level.size) + 0.5) * window / RATE, 20 * np.log10(level), color=colour, label=f"SANC, step {step:g}"
    )
level = np.abs((parts.random * wave)[: t.size // window * window].reshape(-1, window).mean(axis=1)) * 2
right.plot((np.arange(level.size) + 0.5) * window / RATE, 20 * np.log10(level), "k--", label="DRS")
right.set(xlabel="time [s]", ylabel="mesh line left [dB]", title="What is left of the mesh line", xlim=(0, SECONDS))
right.legend(loc="upper right")
for axes in (left, right):
    axes.grid(alpha=0.3)
figure.savefig(Path(__file__).parent.parent / "img" / "separation.png", dpi=110)
