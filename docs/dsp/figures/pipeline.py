"""Draw docs/dsp/img/pipeline.png: 48 points watched for 30 s, an outer race growing at one of them.

Above: for every point and second, how unlikely chance makes the strongest family of lines (white: beyond the set
rate of 0.001, found). Below: envelope spectra of the damaged point, before and after.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.bearing import BEARINGS
from twin.dsp.pipeline import Pipeline
from twin.dsp.pipeline_design import MeasuringPoint

RATE, SHAFT, POINTS, SECONDS, SICK = 10000.0, 24.7, 48, 30, 17


def impacts(rng: np.random.Generator) -> np.ndarray:
    """Impacts of an outer race with 1 % slip that ring a 2.2 kHz mode ever harder."""
    x = np.zeros(int(RATE * SECONDS))
    period = 1.0 / (BEARINGS["6205"].bpfo * SHAFT)
    for at in np.cumsum(period * (1 + 0.01 * rng.standard_normal(int(SECONDS / period) - 20))):
        first = int(np.ceil(at * RATE))
        t = np.arange(first, min(first + 60, x.size)) / RATE - at
        x[first : first + t.size] += 5.0 * at / SECONDS * np.exp(-600 * t) * np.sin(2 * np.pi * 2200 * t)
    return x


def main() -> None:
    """Make the picture."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((int(RATE * SECONDS), POINTS)).astype(np.float32)
    x[:, SICK] += impacts(rng).astype(np.float32)
    x += np.sin(2 * np.pi * SHAFT * np.arange(len(x)) / RATE)[:, None].astype(np.float32)
    points = [MeasuringPoint(f"p{i}", (1700.0, 2700.0), BEARINGS["6205"]) for i in range(POINTS)]
    pipeline = Pipeline(points, RATE)
    seen, spectra, found = [], [], []
    for window in pipeline.feed(x, SHAFT):
        found += [(len(seen), finding.point) for finding in window.findings]
        seen.append(pipeline.log10_chance())
        spectra.append(window.envelope_spectrum(SICK))

    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 6.4), layout="constrained")
    picture = above.imshow(np.array(seen).T, aspect="auto", cmap="magma_r", vmin=-10, vmax=0, origin="lower")
    above.plot(*np.array(found).T, "w.", ms=7, mec="k", mew=0.5)
    above.set(xlabel="window [s]", ylabel="point", title=f"{POINTS} points, one growing outer race; dots: found")
    figure.colorbar(picture, ax=above, label="log10 chance")
    for k, colour in ((1, "0.6"), (len(spectra) - 1, "tab:red")):
        below.plot(*spectra[k], color=colour, lw=1, label=f"second {k + 1}")
    for h in range(1, 5):
        below.axvline(h * BEARINGS["6205"].bpfo * SHAFT, color="tab:blue", ls=":", lw=0.8)
    below.set(
        xlabel="Hz", ylabel="modulation depth", xlim=(0, 450), title=f"Envelope spectrum of point {SICK}; BPFO dotted"
    )
    below.legend(fontsize=8)
    figure.savefig(Path(__file__).parent.parent / "img" / "pipeline.png", dpi=100)


if __name__ == "__main__":
    main()
