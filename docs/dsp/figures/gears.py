"""Draw one averaged turn of a gear with a cracked tooth, its difference signal and its demodulated mesh.

Signal: 23 teeth, three mesh harmonics, at tooth 9 amplitude and phase sag over one tooth; 100 turns in noise twice
as strong as the crack's trace.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.gear import GearMonitor, demodulate_mesh, difference_signal
from twin.dsp.tsa import Average, SynchronousAverage

TEETH = 23
TOOTH = 9
PER_REV = 512


def averaged(depth: float, rng: np.random.Generator) -> tuple[np.ndarray, Average]:
    """One raw turn and the average of 100."""
    turn = np.arange(PER_REV) / PER_REV
    dip = depth * np.exp(-0.5 * ((turn * TEETH - TOOTH) / 0.6) ** 2)
    clean = np.zeros(PER_REV)
    for m, amplitude in ((1, 1.0), (2, 0.4), (3, 0.2)):
        clean += amplitude * (1.0 - dip) * np.cos(2 * np.pi * m * TEETH * turn - m * dip + 0.7 * m)
    averager = SynchronousAverage(PER_REV)
    raw = np.tile(clean, 100) + 0.6 * rng.standard_normal(100 * PER_REV)
    averager.update(raw)
    return raw[:PER_REV], averager.average()


def main() -> None:
    """Write gears.png."""
    rng = np.random.default_rng(3)
    _, healthy = averaged(0.0, rng)
    raw, cracked = averaged(0.3, rng)
    monitor = GearMonitor(TEETH)
    before, after = monitor.update(healthy), monitor.update(cracked)
    teeth = np.arange(PER_REV) * TEETH / PER_REV
    fig, axes = plt.subplots(4, 1, figsize=(7.2, 6), sharex=True, layout="constrained")
    axes[0].plot(teeth, raw, lw=0.5, color="0.7", label="one turn")
    axes[0].plot(teeth, cracked.values, lw=0.9, color="tab:blue", label=f"average of {cracked.turns}")
    axes[0].set(ylabel="signal", title=f"A gear of {TEETH} teeth, tooth {TOOTH} cracked (dashed)")
    axes[1].plot(
        teeth,
        difference_signal(healthy, TEETH),
        lw=0.7,
        color="0.5",
        label=f"healthy, FM4 {before.fm4:.1f}, M6A {before.m6a:.0f}",
    )
    axes[1].plot(
        teeth,
        difference_signal(cracked, TEETH),
        lw=0.9,
        color="tab:red",
        label=f"cracked, FM4 {after.fm4:.1f}, M6A {after.m6a:.0f}",
    )
    axes[1].set(ylabel="difference signal")
    for average, color, name in ((healthy, "0.5", "healthy"), (cracked, "tab:red", "cracked")):
        modulation = demodulate_mesh(average, TEETH)
        axes[2].plot(teeth, modulation.amplitude, color=color, label=name)
        axes[3].plot(teeth, modulation.phase, color=color, label=name)
    axes[2].set(ylabel="mesh amplitude")
    axes[3].set(ylabel="mesh phase [rad]", xlabel="tooth", xlim=(0, TEETH))
    for axis in axes:
        axis.axvline(TOOTH, color="k", lw=0.7, ls="--")
        axis.legend(loc="lower right", fontsize=7)
    fig.savefig(Path(__file__).parent.parent / "img" / "gears.png", dpi=100)


if __name__ == "__main__":
    main()
