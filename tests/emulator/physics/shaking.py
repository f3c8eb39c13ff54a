"""Helpers of the tests that look at vibration: a housing on a driven shaft, and what is read from its waveform."""

import itertools
import math

import numpy as np

from emulator.physics.housing import Housing, HousingParameters, sample_grid
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters
from emulator.physics.rotor import RotorCondition
from emulator.streams import Streams

RATE = 25_600.0
STEEL = HousingParameters(background_n=0.0, modes=())  # the support alone
QUIET = HousingParameters(background_n=0.0)


class Shaken:
    """A housing rendered block by block in the directions asked for; `changes` set fields of rotor and bearing."""

    def __init__(self, drive, parameters=STEEL, *, rate=RATE, seed=1, name="de", directions=("h",), **rotor):
        streams = Streams(seed)
        self.drive, self.rate, self.directions = drive, rate, directions
        self.housing = Housing(parameters, streams, name, "pump")
        self.bearing = RollingBearing(RollingBearingParameters(), streams, f"{name}/bearing")
        self.rotor = RotorCondition(**rotor)
        self.contact_n = []

    def block(self, trace, cuts=()):
        first, _ = sample_grid(trace, self.rate)
        a, b = int(first[0]), int(first[-1])
        edges = [a, *sorted(int(a + cut * (b - a)) for cut in cuts), b]
        parts = {d: [] for d in self.directions}
        for start, stop in itertools.pairwise(edges):
            for d in self.directions:
                parts[d].append(
                    self.housing.render(trace, self.rotor, self.bearing, start, stop - start, self.rate, direction=d)
                )
        self.contact_n.append(self.housing.contact_n(self.rate))
        return np.stack([np.concatenate(parts[d]) for d in self.directions])

    def run(self, blocks, skip=0):
        """Return float64[directions, n]; one direction: float64[n]."""
        x = np.concatenate([self.block(self.drive.step()) for _ in range(blocks)], axis=1)
        x = x[:, int(skip * x.shape[1] / blocks) :]
        return x[0] if len(self.directions) == 1 else x

    def save(self):
        return self.housing.save(), self.bearing.save()

    def restore(self, saved):
        self.housing.restore(saved[0])
        self.bearing.restore(saved[1])


def lines(x, frequencies, rate=RATE):
    """Complex amplitudes of lines, fitted together and with the mean."""
    t = np.arange(x.size) / rate
    turning = np.exp(2j * np.pi * np.outer(frequencies, t))
    basis = np.concatenate((turning.real, turning.imag, np.ones((1, x.size))))
    fit = np.linalg.solve(basis @ basis.T, basis @ x)
    n = len(frequencies)
    return fit[:n] - 1j * fit[n : 2 * n]


def line(x, hz, rate=RATE, others=()):
    """Complex amplitude of a line, fitted with others beside it."""
    return complex(lines(x, [hz, *(f for f in others if f != hz)], rate)[0])


def size(x, hz, rate=RATE, others=()):
    return abs(line(x, hz, rate, others))


def decibel(ratio):
    return 20.0 * math.log10(max(ratio, 1e-30))
