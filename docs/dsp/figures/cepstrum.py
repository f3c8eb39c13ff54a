"""Draw docs/dsp/img/cepstrum.png: a bearing behind a gear, in the cepstrum and in squared envelope spectra.

A pinion's 23-tooth mesh, modulated by both shafts, hides outer-race impacts with 1 % slip. Top: the real cepstrum,
where the mesh and the shafts make sharp combs. Below: squared envelope spectra (3 to 8 kHz) of the raw signal, after
full pre-whitening, and after the comb lifter of the shafts and the mesh.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.cepstrum import prewhiten, real_cepstrum, remove_families
from twin.dsp.demodulation import squared_envelope_spectrum
from twin.dsp.envelope import Band

OUT = Path(__file__).parent.parent / "img"
RATE, SECONDS, SPEED = 25600.0, 4.0, 1480.0 / 60.0
WHEEL, MESH, BPFO = SPEED * 23 / 67, 23 * SPEED, 3.5848 * SPEED
rng = np.random.default_rng(9)
t = np.arange(int(RATE * SECONDS)) / RATE
x = 0.3 * rng.standard_normal(t.size)
for m in range(1, 21):
    a, b, c = rng.uniform(0, 2 * np.pi, 3)
    modulation = 1 + 0.3 * np.cos(2 * np.pi * SPEED * t + a) + 0.2 * np.cos(2 * np.pi * WHEEL * t + b)
    x += modulation * np.cos(2 * np.pi * MESH * m * t + c) / np.sqrt(m)
for at in np.cumsum((1 + 0.01 * rng.standard_normal(400)) / BPFO):
    first = int(np.ceil(at * RATE))
    age = np.arange(first, min(first + 300, t.size)) / RATE - at
    x[first : first + age.size] += 0.7 * np.exp(-2 * np.pi * 162 * age) * np.sin(2 * np.pi * 5400 * age)

figure, axes = plt.subplots(4, 1, figsize=(7.6, 7.2), layout="constrained")
cepstrum = real_cepstrum(x, RATE)
shown = (cepstrum.quefrency_s > 4e-4) & (cepstrum.quefrency_s < 0.14)
axes[0].plot(1e3 * cepstrum.quefrency_s[shown], cepstrum.values[shown], lw=0.5, color="black")
for k in range(1, 4):
    axes[0].axvline(
        1e3 * k / SPEED, color="tab:blue", lw=4, alpha=0.25, label="1/shaft speed and multiples" if k == 1 else None
    )
axes[0].set(xlabel="quefrency [ms]", ylabel="cepstrum [neper]", xlim=(0, 140))
axes[0].set_title(
    "real cepstrum: the mesh repeats every 1.76 ms, its comb is highest at turns of the shaft", fontsize=10, loc="left"
)
axes[0].legend(fontsize=8, loc="upper right")
for axis, y, title in (
    (axes[1], x, "raw"),
    (axes[2], prewhiten(x), "prewhiten: every bin alike, no speed needed"),
    (axes[3], remove_families(x, RATE, [SPEED, WHEEL, MESH]), "remove_families: shafts and mesh spacing"),
):
    found = squared_envelope_spectrum(y, RATE, Band(3000.0, 8000.0))
    part = (found.freq_hz > 4) & (found.freq_hz < 300)
    axis.plot(found.freq_hz[part], found.depth[part], lw=0.8, color="black")
    for k in range(1, 4):
        axis.axvline(k * BPFO, color="tab:red", lw=4, alpha=0.25, label="BPFO and multiples" if k == 1 else None)
    for k in range(1, 12):
        axis.axvline(k * SPEED, color="tab:blue", lw=0.8, ls=":", label="shaft and multiples" if k == 1 else None)
    axis.set(ylabel="modulation depth", xlim=(0, 300), ylim=(0, None))
    axis.set_title(f"squared envelope spectrum, {title}", fontsize=10, loc="left")
axes[1].legend(fontsize=8, loc="upper right")
axes[3].set_xlabel("modulation frequency [Hz]")
figure.savefig(OUT / "cepstrum.png", dpi=100)
