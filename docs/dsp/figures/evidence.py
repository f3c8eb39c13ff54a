"""Draw what chance reaches, and whether the false-alarm rate that is set is met.

`python docs/dsp/figures/evidence.py [--records N]` simulates healthy records of three kinds from three seeds
(white noise; coloured noise; a machine with shaft harmonics, mains lines and a modulated gear mesh), scores
them, prints how often the smallest p value of a record was below the rates set, and draws
`docs/dsp/img/evidence.png`: scores of decoys and of families on healthy records beside those of one damaged
record, and the rates met over the rates set.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import BEARINGS, FAMILIES, BearingGeometry
from twin.dsp.chance import decoy_orders
from twin.dsp.envelope import QUICK_TREE, EnvelopeSpectra, envelope_spectra
from twin.dsp.evidence import decoy_scores, max_order, score_families

mpl.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[np.float64]
RATE_HZ, SECONDS = 12000.0, 2.0
RATES = (0.1, 0.03, 0.01, 0.003, 0.001)
KINDS = ("white noise", "coloured noise", "healthy machine")


def healthy(kind: str, speed_hz: float, rng: np.random.Generator) -> Array:
    """Simulate one record without bearing lines."""
    samples = int(SECONDS * RATE_HZ)
    x = rng.standard_normal(samples)
    if kind == "coloured noise":
        angle, radius = 2.0 * np.pi * rng.uniform(0.05, 0.45), rng.uniform(0.8, 0.98)
        z = np.exp(-2j * np.pi * np.fft.rfftfreq(samples))
        x = np.fft.irfft(np.fft.rfft(x) / (1.0 - 2.0 * radius * np.cos(angle) * z + radius**2 * z**2), samples)
    if kind == "healthy machine":
        t = np.arange(samples) / RATE_HZ
        for k in range(1, 6):
            x += rng.uniform(0.1, 1.0) / k * np.sin(2 * np.pi * k * speed_hz * t + rng.uniform(0, 6.28))
        for k in (1, 2, 6):
            x += rng.uniform(0.0, 0.3) * np.sin(2 * np.pi * 50.0 * k * t + rng.uniform(0, 6.28))
        modulation = 1.0 + 0.4 * np.cos(2 * np.pi * speed_hz * t)
        x += rng.uniform(0.1, 1.0) * modulation * np.sin(2 * np.pi * 23 * speed_hz * t + rng.uniform(0, 6.28))
    return x


def spectra_of(x: Array, speed_hz: float, bearing: BearingGeometry) -> EnvelopeSpectra:
    """Spectra as a streaming point makes them."""
    return envelope_spectra(x, RATE_HZ, speed_hz, max_order=max_order(bearing), tree=QUICK_TREE)


def main() -> None:
    """Simulate, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100, help="records per kind and seed")
    count = parser.parse_args().records
    decoys: list[Array] = []
    families: list[float] = []
    smallest: dict[str, Array] = {}
    for kind in KINDS:
        p_values, sure = [], 0.0
        for seed in range(3):
            rng = np.random.default_rng(seed)
            for i in range(count):
                bearing = BEARINGS[("6205", "6203", "MFPT")[i % 3]]
                speed_hz = rng.uniform(15.0, 50.0)
                spectra = spectra_of(healthy(kind, speed_hz, rng), speed_hz, bearing)
                lines = score_families(spectra, bearing)
                p_values.append(min(line.p_value for line in lines.values()))
                sure = max(sure, *(line.confidence for line in lines.values()))
                families += [lines[family].score_db for family in FAMILIES[:3]]
                if i % 4 == 0:
                    decoys.append(decoy_scores(spectra, decoy_orders(bearing)))
        smallest[kind] = np.array(p_values)
        met = ", ".join(f"{np.mean(smallest[kind] < rate):.4f} at {rate:g}" for rate in RATES)
        print(f"{kind}: {len(p_values)} records, below the rate set: {met}; largest confidence {sure:.2f}")
    draw(np.concatenate(decoys), np.array(families), smallest)


def damaged(rng: np.random.Generator) -> float:
    """Score of an outer race 10 dB below the noise of its band."""
    bearing, speed_hz = BEARINGS["6205"], 25.0
    x = rng.standard_normal(int(SECONDS * RATE_HZ))
    ring = np.exp(-np.arange(60) / 12.0) * np.sin(2 * np.pi * 3000.0 / RATE_HZ * np.arange(60))
    for at in np.cumsum(rng.normal(1.0, 0.01, 170)) / (bearing.bpfo * speed_hz) * RATE_HZ:
        first = int(at)
        if first + 60 < x.size:
            x[first : first + 60] += 2.5 * ring
    return score_families(spectra_of(x, speed_hz, bearing), bearing)["bearing_outer_race"].score_db


def draw(decoys: Array, families: Array, smallest: dict[str, Array]) -> None:
    """Two panels: scores, and rates."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.9), dpi=105)
    bins = np.arange(-2.0, 16.0, 0.5)
    left.hist(decoys, bins, density=True, histtype="step", color="0.4", label="decoys, healthy records")
    left.hist(families, bins, density=True, alpha=0.5, label="families, healthy records")
    score = damaged(np.random.default_rng(5))
    left.axvline(score, color="tab:red", label=f"outer race damaged: {score:.1f} dB")
    left.set(xlabel="score over the median decoy [dB]", ylabel="density", yscale="log", ylim=(3e-4, 3.0))
    left.legend(fontsize=8, loc="center", bbox_to_anchor=(0.67, 0.62))
    left.set_title("What chance reaches", fontsize=10)
    wanted = np.geomspace(2e-3, 0.3, 40)
    total = len(next(iter(smallest.values())))
    spread = 3.09 * np.sqrt(wanted * (1.0 - wanted) / total)
    right.fill_between(
        wanted, np.maximum(wanted - spread, 1e-5), wanted + spread, color="0.9", label="binomial, 99.8 %"
    )
    right.plot(wanted, wanted, color="0.5", linewidth=1)
    for kind, values in smallest.items():
        right.plot(wanted, [np.mean(values < rate) for rate in wanted], label=kind)
    right.set(xscale="log", yscale="log", xlim=(2e-3, 0.3), ylim=(5e-4, 0.4), xlabel="rate set", ylabel="rate met")
    right.legend(fontsize=8, loc="upper left")
    right.set_title(f"Records below the rate ({total} of each kind)", fontsize=10)
    figure.tight_layout()
    figure.savefig(Path(__file__).parent.parent / "img" / "evidence.png")


if __name__ == "__main__":
    main()
