"""Draw a run-up with and without order tracking, and what the tacho-less speed makes of it.

Above: the spectrum in Hz of a run-up 10 → 25 Hz is smeared, the order spectrum of the same samples is sharp. Below:
the ridge scores with the tracked speed, and its error beside the uncertainty it states. Nothing but the vibration is
used: the angle comes from `track_speed`.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.angular import to_angle
from twin.dsp.order_tracking import campbell, order_spectrum
from twin.dsp.spectrum import amplitude_spectrum
from twin.dsp.speed import track_speed

RATE = 12800.0
PER_REV = 128


def main() -> None:
    """Write orders.png."""
    rng = np.random.default_rng(7)
    t = np.arange(round(4 * RATE)) / RATE
    speed = 10.0 + 15.0 * t / 4.0
    revs = 10.0 * t + 15.0 * t**2 / 8.0
    x = 1.0 * rng.standard_normal(t.size)
    for order, amplitude in ((1, 1.0), (2, 0.5), (3, 0.3), (4, 0.3), (7.3, 0.4)):
        x += amplitude * np.cos(2 * np.pi * order * revs + order)
    track = track_speed(x, RATE, 8.0, 28.0, max_slope_hz_s=6.0)
    assert track.reason is None
    sharp = order_spectrum(to_angle(x, track.revs, PER_REV), PER_REV)
    fig, ((left, right), (ridge, error)) = plt.subplots(2, 2, figsize=(10, 6.6), layout="constrained")
    smeared = amplitude_spectrum(x)
    hz = np.arange(smeared.size) * RATE / t.size
    left.plot(hz[hz < 200], smeared[hz < 200], lw=0.8, color="tab:gray")
    left.set(xlabel="frequency [Hz]", ylabel="amplitude", ylim=(0, 1.1), title="Spectrum in Hz of a run-up 10 → 25 Hz")
    shown = sharp.orders < 10
    right.plot(sharp.orders[shown], sharp.amplitude[shown], lw=0.9, color="tab:blue")
    right.set(xlabel="shaft order", ylim=(0, 1.1), title="Order spectrum of the same samples, no tacho")
    for order, amplitude in ((1, 1.0), (2, 0.5), (7.3, 0.4)):
        right.annotate(f"{order}×", (order, amplitude), (4, 2), textcoords="offset points")
    diagram = campbell(x, track.speed_hz, RATE, window_s=0.4, speed_step_hz=0.5)
    low = diagram.axis < 200
    ridge.pcolormesh(
        diagram.axis[low], diagram.speed_hz, 20 * np.log10(diagram.amplitude[:, low]), vmin=-30, vmax=0, cmap="magma"
    )
    ridge.set(xlabel="frequency [Hz]", ylabel="shaft speed [Hz]", title="Campbell diagram")
    error.fill_between(
        t,
        -200 * track.std_hz / speed,
        200 * track.std_hz / speed,
        color="tab:orange",
        alpha=0.35,
        lw=0,
        label="±2 stated σ",
    )
    error.plot(t, 100 * (track.speed_hz / speed - 1), color="k", lw=1, label="error of the tracked speed")
    error.set(xlabel="time [s]", ylabel="% of the speed", ylim=(-0.5, 0.5), title="Tacho-less speed")
    error.legend(loc="lower right")
    fig.savefig(Path(__file__).parent.parent / "img" / "orders.png", dpi=100)


if __name__ == "__main__":
    main()
