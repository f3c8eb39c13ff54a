"""Draw docs/dsp/img/filters.png: what a decimation by 8 passes and folds, and a high-pass that starts settled.

Left: gain of `Decimator(8)` measured with tones, over frequency in units of the rate that comes out, with the limits
it promises. Right: a sensor with a DC bias of 10 m/s² through a 2 Hz high-pass, started at rest and started settled.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.biquad import high_pass
from twin.dsp.filters import Decimator, SosFilter

FACTOR = 8


def gains_db(freq: np.ndarray) -> np.ndarray:
    """Gain of the decimator for tones at `freq`, in units of the output rate; all tones side by side."""
    t = np.arange(2000 * FACTOR)[:, None] / FACTOR
    out = Decimator(FACTOR, freq.size).process(np.sin(2 * np.pi * freq * t))[300:]
    return 10 * np.log10(2 * np.mean(out**2, axis=0) + 1e-30)


def main() -> None:
    """Make the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    freq = np.concatenate([np.linspace(0.02, 0.6, 240), np.linspace(0.6, 3.97, 240)])
    left.plot(freq, gains_db(freq), color="tab:blue", lw=1)
    left.axhline(-80, color="tab:red", ls="--", lw=1, label="80 dB: nothing folds from here")
    left.axvspan(0, 0.4, color="tab:green", alpha=0.15, label="flat within 0.05 dB")
    left.axvline(0.5, color="0.5", lw=0.8)
    left.set(xlabel="frequency / output rate", ylabel="gain [dB]", ylim=(-140, 5), title="Decimation by 8, measured")
    left.legend(loc="lower right", fontsize=8)

    rate = 25600.0
    t = np.arange(int(1.0 * rate)) / rate
    x = 10.0 + np.sin(2 * np.pi * 24.7 * t)
    for settled, colour, name in ((False, "0.6", "from rest"), (True, "tab:blue", "settled at the first sample")):
        section = SosFilter(high_pass(rate, 2.0))
        if settled:
            section.reset(float(x[0]))
        right.plot(t, section.process(x), color=colour, lw=1, label=name)
    right.set(xlabel="time [s]", ylabel="m/s²", title="10 m/s² of DC through a 2 Hz high-pass")
    right.legend(fontsize=8)
    figure.savefig(Path(__file__).parent.parent / "img" / "filters.png", dpi=110)


if __name__ == "__main__":
    main()
