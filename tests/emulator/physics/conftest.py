import numpy as np
import pytest

from emulator.physics.shaft import ShaftAngle, ShaftTrace

TICK_S = 0.01


class ShaftDrive:
    """Makes consecutive blocks of shaft motion from speeds given at ticks."""

    def __init__(self, speed_at, ticks=10, sigma=5.0, flow=1.0, load=1500.0, vane=5.0):
        self.speed_at, self.ticks, self.angle, self.block = speed_at, ticks, ShaftAngle(), 0
        self.sigma, self.flow, self.load, self.vane = sigma, flow, load, vane

    def step(self):
        k, first = self.ticks, self.block * self.ticks
        speed = np.array([float(self.speed_at((first + i) * TICK_S)) for i in range(k + 1)])

        def each(value):
            return np.array([float(value(first + i)) if callable(value) else float(value) for i in range(k)])

        trace = ShaftTrace(
            first * 10_000_000,
            TICK_S,
            self.angle.revs,
            self.angle.frac,
            speed,
            each(self.sigma),
            each(self.flow),
            each(self.load),
            each(self.vane),
        )
        for i in range(k):
            self.angle.advance(float(speed[i]), float(speed[i + 1]), TICK_S)
        self.block += 1
        return trace


def constant(hz):
    return lambda _t: 2.0 * np.pi * hz


@pytest.fixture
def drive():
    def make(hz=1480 / 60, **more):
        return ShaftDrive(hz if callable(hz) else constant(hz), **more)

    return make
