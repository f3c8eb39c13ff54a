"""Pictures of the motor current page: sidebands of broken bars, and the ladder of the negative sequence.

Left, the spectrum of a current with one broken bar of 28 beside a healthy one, and the pair as measured; right,
how well the pair is read off the bins. Below, negative over positive sequence of synthesised currents with a
growing share of shorted turns, with and without a healthy record to compare with.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")
import matplotlib.pyplot as plt

from twin.dsp.motor_current import analyze_current
from twin.dsp.sequence import space_vector
from twin.dsp.sidebands import rotor_sidebands
from twin.dsp.tones import line_spectrum, supply_frequency

IMG = Path(__file__).parent.parent / "img"
RATE, SECONDS, HZ = 2000.0, 12.0, 50.017
T = np.arange(int(RATE * SECONDS)) / RATE
RNG = np.random.default_rng(5)
BLUE, ORANGE, GREY = "#1f5a92", "#d1661b", "#8a8a8a"


def phases(vector: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Three phase currents of a space vector, with a little noise."""
    clean = np.array([(vector * np.exp(-2j * np.pi * k / 3)).real for k in range(3)])
    return clean + 0.004 * RNG.standard_normal(clean.shape)


def rotor(slip: float, lower: float, upper: float) -> NDArray[np.complex128]:
    """Space vector with a pair of sidebands."""
    apart = 2j * np.pi * 2.0 * slip * HZ * T
    return 10.0 * np.exp(2j * np.pi * HZ * T) * (1.0 + lower * np.exp(-apart) + upper * np.exp(apart + 1j))


def sidebands(slip: float) -> None:
    """Spectrum beside the supply line, and the error of reading over many slips."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.6), width_ratios=(1.5, 1.0), layout="constrained")
    for lower, upper, colour, name in ((0.0005, 0.0004, GREY, "healthy"), (0.018, 0.012, BLUE, "one bar of 28 broken")):
        vector = space_vector(phases(rotor(slip, lower, upper)))
        spectrum = line_spectrum(vector, RATE)
        size = np.abs(spectrum.values[: T.size // 2])
        freq = np.arange(size.size) * spectrum.df_hz
        near = np.abs(freq - HZ) < 8.0
        left.plot(freq[near], 20 * np.log10(size[near] / size.max()), color=colour, lw=1.0, label=name)
    found = rotor_sidebands(vector, RATE, supply_frequency(vector, RATE, 50.0), slip, 1e-3)
    for sign, level in ((-1, found.lower_db), (1, found.upper_db)):
        place = HZ + sign * found.spacing_hz
        left.plot(place, level, "o", color=ORANGE, ms=5, zorder=3, label="measured pair" if sign < 0 else None)
        text = f"(1{'−' if sign < 0 else '+'}2s)f₁\n{level:.1f} dB"
        left.annotate(text, (place, level), (0, 7), textcoords="offset points", ha="center", fontsize=9)
    left.set(xlabel="frequency [Hz]", ylabel="dB re supply line", ylim=(-110, 3), xlim=(HZ - 8, HZ + 8))
    left.set_title(f"space vector of the current, slip {100 * slip:.1f} %, {SECONDS:.0f} s", fontsize=10)
    left.legend(loc="upper left", fontsize=8, frameon=False)

    slips = np.linspace(0.0300, 0.0320, 60)
    own, bins = [], []
    for one in slips:
        vector = space_vector(phases(rotor(one, 0.018, 0.012)))
        measured = rotor_sidebands(vector, RATE, supply_frequency(vector, RATE, 50.0), one, 1e-3)
        own.append(measured.lower_db - 20 * np.log10(0.018))
        size = np.abs(line_spectrum(vector, RATE).values)
        at = round(HZ * (1 - 2 * one) * SECONDS)
        bins.append(20 * np.log10(size[at - 1 : at + 2].max() / size.max() / 0.018))
    right.axhspan(-0.2, 0.2, color=GREY, alpha=0.15, lw=0)
    right.plot(100 * slips, bins, color=GREY, lw=1.0, label="largest bin over largest bin")
    right.plot(100 * slips, own, color=BLUE, lw=1.4, label="rotor_sidebands")
    right.set(xlabel="slip [%]", ylabel="error of the lower sideband [dB]", ylim=(-1.75, 0.35))
    right.set_title("between bins (band: ±0.2 dB)", fontsize=10)
    right.legend(fontsize=8, frameon=False, loc="lower left")
    right.margins(x=0)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    fig.savefig(IMG / "motor-current-sidebands.png", dpi=110)


def ladder() -> None:
    """Negative sequence over severity; calls alone and beside a healthy record."""
    severity = np.arange(0.0, 0.41, 0.05)
    own = 0.025 * np.exp(2.5j)  # what the supply and the sensors of a healthy motor show
    healthy = [phases(10.0 * (np.exp(2j * np.pi * HZ * T) + np.conj(own) * np.exp(-2j * np.pi * HZ * T)))]
    motor = {"poles": 4, "supply_hz": 50.0, "speed_hz": 24.2}
    share, alone, beside = [], [], []
    for turns in severity:
        negative = own + 0.8 * turns * np.exp(-0.4j)
        current = phases(10.0 * (np.exp(2j * np.pi * HZ * T) + np.conj(negative) * np.exp(-2j * np.pi * HZ * T)))
        first = analyze_current(current, RATE, **motor)
        share.append(first.features["negative_share_percent"])
        alone.append(first.confidence("stator_turns"))
        beside.append(analyze_current(current, RATE, **motor, reference=healthy).confidence("stator_turns"))
    fig, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    axis.plot(100 * severity, share, "o-", color=BLUE, lw=1.4, ms=4)
    axis.set(
        xlabel="share of shorted turns [%] (synthesised)", ylabel="negative over positive sequence [%]", ylim=(0, 32)
    )
    axis.yaxis.label.set_color(BLUE)
    other = axis.twinx()
    other.plot(100 * severity, beside, "s-", color=ORANGE, lw=1.2, ms=4, label="with a healthy record")
    other.plot(100 * severity, alone, "s--", color=ORANGE, lw=1.2, ms=4, mfc="white", label="alone: stator or supply")
    other.axhline(0.5, color=GREY, lw=0.8, ls=":")
    other.text(40, 0.515, "called", color=GREY, fontsize=8, ha="right")
    other.set(ylabel="confidence of stator_turns", ylim=(-0.03, 1.08))
    other.yaxis.label.set_color(ORANGE)
    other.legend(fontsize=8, frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.3))
    for each in (axis, other):
        each.spines["top"].set_visible(False)
    fig.savefig(IMG / "motor-current-ladder.png", dpi=110)


if __name__ == "__main__":
    sidebands(0.0312)
    ladder()
