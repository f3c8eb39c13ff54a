"""Draw docs/dsp/img/envelope.png: impacts that slip, far below the noise, and where they show all the same.

Three panels: half a second of the signal, its spectrum, and the squared envelope spectrum of the struck mode's
band with the harmonics of the outer-race line marked.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.demodulation import analytic_band, squared_envelope_spectrum
from twin.dsp.envelope import Band
from twin.dsp.moments import Moments
from twin.dsp.spectrum import amplitude_spectrum

RATE, SECONDS, SPEED, BPFO, MODE = 25600.0, 4.0, 24.63, 3.5848, 5400.0
BAND = Band(4400.0, 6400.0)


def impacts(rng: np.random.Generator) -> np.ndarray:
    """Impacts with 1 % random-walk slip that ring a mode of 5400 Hz, damping ratio 0.03."""
    x = np.zeros(int(RATE * SECONDS))
    period = 1.0 / (BPFO * SPEED)
    decay = 2 * np.pi * MODE * 0.03
    for at in np.cumsum(period * (1 + 0.01 * rng.standard_normal(int(SECONDS / period) - 5))):
        t = (np.arange(int(np.ceil(at * RATE)), min(int((at + 0.01) * RATE), x.size))) / RATE - at
        x[int(np.ceil(at * RATE)) :][: t.size] += np.exp(-decay * t) * np.sin(2 * np.pi * MODE * t)
    return x


def main() -> None:
    """Make the picture."""
    rng = np.random.default_rng(6)
    signal = impacts(rng)
    noise = rng.standard_normal(signal.size)
    powers = [analytic_band(part, RATE, BAND).squared().mean() for part in (signal, noise)]
    signal *= np.sqrt(10**-0.77 * powers[1] / powers[0])
    x = signal + noise
    moments = Moments()
    moments.update(x)

    figure, (time, raw, envelope) = plt.subplots(3, 1, figsize=(8.0, 7.2), constrained_layout=True)
    shown = slice(0, int(0.1 * RATE))
    t = np.arange(x.size)[shown] / RATE
    time.plot(t, x[shown], lw=0.5, color="0.6", label=f"signal, kurtosis {moments.kurtosis:.2f}")
    time.plot(t, signal[shown], lw=0.9, color="tab:red", label="the impacts in it")
    time.set(xlabel="time [s]", ylabel="acceleration", xlim=(0, 0.1))
    time.legend(loc="upper right", ncols=2, fontsize=8)

    amplitude = amplitude_spectrum(x)
    frequency = np.arange(amplitude.size) / SECONDS
    raw.semilogy(frequency / 1e3, amplitude, lw=0.3, color="0.4")
    raw.axvspan(BAND.low_hz / 1e3, BAND.high_hz / 1e3, color="tab:blue", alpha=0.15, label="band demodulated")
    raw.set(xlabel="frequency [kHz]", ylabel="amplitude", xlim=(0, 12.8), ylim=(1e-4, 5e-2))
    raw.legend(loc="upper right", fontsize=8)

    found = squared_envelope_spectrum(x, RATE, BAND)
    envelope.plot(found.freq_hz, found.depth, lw=0.8, color="tab:blue")
    for k in range(1, 4):
        envelope.axvline(k * BPFO * SPEED, color="tab:red", lw=0.8, ls=":")
        envelope.annotate(f"{k}×BPFO", (k * BPFO * SPEED + 2, 0.9), xycoords=("data", "axes fraction"), fontsize=8)
    envelope.set(xlabel="modulation frequency [Hz]", ylabel="depth", xlim=(0, 320), ylim=(0, None))
    for axes, title in (
        (time, "In-band signal to noise -7.7 dB: nothing to see in time"),
        (raw, "Spectrum: nothing stands out"),
        (envelope, "Squared envelope spectrum of 4.4 … 6.4 kHz: the line and its harmonics"),
    ):
        axes.set_title(title, fontsize=10, loc="left")
    figure.savefig(Path(__file__).parent.parent / "img" / "envelope.png", dpi=100)


if __name__ == "__main__":
    main()
