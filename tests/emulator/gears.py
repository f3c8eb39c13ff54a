"""A gearbox on a test stand: its shaft turned as told, a brake on its output."""

import numpy as np

from emulator.physics.gear_data import GearboxParameters
from emulator.physics.gearbox import Gearbox
from emulator.physics.shaft import ShaftAngle, ShaftTrace
from emulator.physics.site import Site
from emulator.streams import Streams

RATED = 1480.0 * np.pi / 30.0
EVEN = 1500.0 * np.pi / 30.0  # 25 turns a second: whole turns fit whole samples
TICK_NS = 10_000_000


class Brake:
    """Takes torque in proportion to the square of speed, or a fixed one."""

    inertia_kg_m2 = 0.2
    radial_load_n = 0.0

    def __init__(self, torque_nm, square=0.0):
        self.torque_nm, self.square = torque_nm, square

    def half_step(self, speed_rad_s, dt_s):
        pass

    def load(self, speed_rad_s):
        k = self.square
        return self.torque_nm + k * speed_rad_s * abs(speed_rad_s), 2.0 * k * abs(speed_rad_s), 2.0 * k

    def account(self, speed_rad_s, dt_s):
        pass

    def settle(self, speed_rad_s):
        return self.load(speed_rad_s)[0]


class Stand:
    def __init__(self, torque_nm=200.0, seed=1, level="F2", square=0.0, settled=RATED, ambient_k=293.15, **parameters):
        self.site = Site(Streams(seed), ambient_k=ambient_k)
        self.gear = Gearbox(GearboxParameters(**parameters), self.site, "gear1", level)
        self.gear.driven.append(Brake(torque_nm, square))
        if settled:
            self.gear.settle(settled)
        self.speed = settled or 0.0
        self.t_ns, self.angle, self.trace = 0, ShaftAngle(), None

    def step(self, speed=RATED, ticks=10):
        """One block at a speed, or with a speed as function of time [s]."""
        at = speed if callable(speed) else lambda _t: speed
        t0, revs, frac = self.t_ns, self.angle.revs, self.angle.frac
        speeds = [self.speed]
        for _ in range(ticks):
            w0, w1 = self.speed, float(at((self.t_ns + TICK_NS) * 1e-9))
            self.gear.tick(self.t_ns)
            self.gear.half_step(w0, 0.005)
            self.gear.half_step(w1, 0.005)
            self.gear.account(w1, 0.01)
            self.angle.advance(w0, w1, 0.01)
            self.t_ns += TICK_NS
            self.speed = w1
            speeds.append(w1)
        none = np.zeros(ticks)
        self.trace = ShaftTrace(t0, 0.01, revs, frac, np.array(speeds), none, none, none, none)

    def range(self, rate):
        ticks = self.trace.speed_rad_s.size - 1
        return tuple(
            -(-t * round(rate) // 1_000_000_000) for t in (self.trace.t0_ns, self.trace.t0_ns + ticks * TICK_NS)
        )

    def hear(self, quantity, rate=51200.0):
        n0, n1 = self.range(rate)
        return self.gear.waveform(quantity, self.trace, n0, n1 - n0, rate)

    def run(self, quantities, seconds, speed=RATED, rate=51200.0, ticks=10):
        """Return float64[q, n]."""
        out = []
        for _ in range(round(seconds * 100) // ticks):
            self.step(speed, ticks)
            out.append(np.stack([self.hear(q, rate) for q in quantities]))
        return np.concatenate(out, axis=1)


def lines(x, hz, rate=51200.0):
    """Amplitudes of tones that fit the window with whole periods."""
    spectrum = np.abs(np.fft.rfft(x)) * 2.0 / x.size
    return np.array([spectrum[round(f * x.size / rate)] for f in np.atleast_1d(hz)])
