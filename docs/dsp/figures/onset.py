"""Draw docs/dsp/img/onset.png: a simulated life with running-in, a disturbance and an onset, and what was told of it.

Top: rms, peak and kurtosis over their baseline. Bottom: the fused rise over the reference, the growth asked for, the
alarm that was taken back and the one that stands.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.detect.onset import find_onset

rng = np.random.default_rng(7)
n = 1200
at = np.arange(n)
noise = np.empty(n)
noise[0] = 0.0
for i in range(1, n):
    noise[i] = 0.5 * noise[i - 1] + 0.35 * rng.standard_normal()
running_in = -3.0 * (1.0 - np.exp(-at / 200))
disturbed = np.where((at > 420) & (at < 480), 5.0, 0.0)
worn = np.clip(at - 900, 0, None) * 0.03
level = running_in + disturbed + worn + noise
knocks = np.where((at > 600) & (at < 680), 9.0, 0.0)  # peak and kurtosis only: an electrical disturbance
features = {
    "rms": 0.3 * 10 ** (level / 20),
    "peak": 1.2 * 10 ** ((level + knocks + 0.8 * rng.standard_normal(n)) / 20),
    "kurt": 3.0 * 10 ** ((knocks + 0.5 * worn + 0.3 * np.abs(rng.standard_normal(n))) / 20),
}
onset = find_onset(features)

figure, (top, bottom) = plt.subplots(2, 1, figsize=(8.0, 5.2), sharex=True, layout="constrained")
for (name, values), colour in zip(features.items(), ("#1f4e79", "#b5651d", "#7a9e4b"), strict=True):
    top.plot(at, 20 * np.log10(values / np.median(values[:100])), lw=0.7, color=colour, label=name)
top.set_ylabel("over baseline [dB]")
top.legend(loc="upper left", ncols=3, frameon=False)
top.axvspan(0, 100, color="0.9")
top.text(4, top.get_ylim()[0] + 0.5, "baseline", color="0.4")
bottom.plot(at, onset.rise_db, lw=0.7, color="0.35", label="fused rise over the reference")
bottom.axhline(onset.growth_db, color="0.6", ls="--", lw=0.8)
bottom.text(720, onset.growth_db + 0.2, "growth asked for", color="0.4", ha="center")
bottom.axhline(0.25 * onset.growth_db, color="0.6", ls=":", lw=0.8)
for episode in onset.retracted:
    bottom.axvspan(episode.alarmed, episode.retracted, color="#f3d9a4", label="alarm, taken back")
if onset.standing is not None:
    bottom.axvspan(onset.standing.alarmed, n, color="#e7a6a1", label="onset, stands")
    bottom.axvline(onset.standing.began, color="#a02c2c", lw=1.0, label="began, as estimated")
bottom.set_xlabel("reading")
bottom.set_ylabel("[dB]")
bottom.legend(loc="upper left", frameon=False)
for axes in (top, bottom):
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0, n)
figure.savefig(Path(__file__).parent.parent / "img" / "onset.png", dpi=100)
