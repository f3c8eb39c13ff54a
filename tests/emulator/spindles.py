"""A spindle by itself: stepped tick by tick, its waveforms taken block by block."""

import numpy as np

from emulator.physics.site import Site
from emulator.physics.spindle import Spindle
from emulator.physics.spindle_data import SpindleParameters
from emulator.streams import Streams

TICK_NS = 10_000_000


class Cell:
    def __init__(self, seed=1, warm=True, level="F2", ambient_k=293.15, **parameters):
        self.site = Site(Streams(seed), ambient_k=ambient_k, warm=warm)
        self.spindle = Spindle(SpindleParameters(**parameters), self.site, "spindle1", level)
        self.spindle.start()
        self.t_ns = self.t0_ns = 0

    def step(self, ticks=10):
        self.t0_ns = self.t_ns
        for _ in range(ticks):
            self.spindle.tick(self.t_ns)
            self.t_ns += TICK_NS

    def hear(self, quantity, rate=51200.0):
        n0, n1 = (-(-t * round(rate) // 1_000_000_000) for t in (self.t0_ns, self.t_ns))
        return self.spindle.waveform(quantity, None, n0, n1 - n0, rate)

    def run(self, quantities, seconds, rate=51200.0, ticks=10):
        out = []
        for _ in range(round(seconds * 100) // ticks):
            self.step(ticks)
            out.append(np.stack([self.hear(q, rate) for q in quantities]))
        return np.concatenate(out, axis=1)

    def until_cutting(self):
        """Step to the block in which the tool is in the part from begin to end."""
        for _ in range(400):
            self.step()
            if self.spindle.step.phase == 2:
                self.step()
                return self
        raise AssertionError("the program does not cut")

    def cut(self, quantities, seconds=1.0, settle=0.5, rate=51200.0):
        """Waveforms while it cuts, after the tool has come to rest in the cut."""
        self.until_cutting()
        self.run(quantities, settle, rate)
        return self.run(quantities, seconds, rate)


def spectrum(x, rate=51200.0):
    """Frequencies and amplitudes under a Hann window."""
    return np.fft.rfftfreq(x.size, 1.0 / rate), np.abs(np.fft.rfft(x * np.hanning(x.size))) * 4.0 / x.size


def line(x, hz, rate=51200.0, width=4.0):
    f, a = spectrum(x, rate)
    return float(a[np.abs(f - hz) <= width].max())
