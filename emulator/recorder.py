"""One block of a drive train, written down for those who render waveforms from it."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from emulator.physics.asset import TICK_S
from emulator.physics.drive_train import DriveTrain
from emulator.physics.kernels.motor import E_IN
from emulator.physics.shaft import ShaftAngle, ShaftTrace


class Recorder:
    """Collects one block of one train, tick by tick, and makes the traces of its shafts.

    A train has its motor's shaft; gears behind it turn further ones, `ratios` by name, each with an angle of its own.
    """

    def __init__(self, ticks: int, ratios: Mapping[str, float] | None = None) -> None:
        self.ratios = dict(ratios or {})
        self.angles = {name: ShaftAngle() for name in self.ratios}
        self.starts: dict[str, tuple[int, float]] = {}
        self.speed = np.zeros(ticks + 1)
        self.line_hz = np.zeros(ticks + 1)
        self.rows = np.zeros((4, ticks))

    def begin(self, train: DriveTrain) -> None:
        """Note where the block starts."""
        self.start = (train.angle.revs, train.angle.frac)
        self.speed[0] = train.motor.speed_rad_s
        self.line_hz[0] = train.drive.frequency_hz
        self.energy_0 = float(train.motor.state[E_IN])
        self.current_square = 0.0
        self.starts = {name: (angle.revs, angle.frac) for name, angle in self.angles.items()}

    def note(self, i: int, train: DriveTrain) -> None:
        """Note tick `i` of the block."""
        self.speed[i + 1] = train.motor.speed_rad_s
        self.line_hz[i + 1] = train.drive.frequency_hz
        for name, ratio in self.ratios.items():
            self.angles[name].advance(self.speed[i] * ratio, self.speed[i + 1] * ratio, TICK_S)
        self.current_square += train.motor.current_square
        pump = train.pump
        self.rows[2, i] = train.radial_load_n
        if pump is not None:
            self.rows[0, i] = pump.sigma
            self.rows[1, i] = pump.flow_ratio
            self.rows[3, i] = pump.vane_force_n
        else:
            self.rows[0, i], self.rows[1, i] = 1e3, 1.0

    def trace(self, t0_ns: int) -> ShaftTrace:
        """Return the trace of the motor's shaft."""
        sigma, ratio, load, vane = (row.copy() for row in self.rows)
        line_hz = self.line_hz.copy()
        return ShaftTrace(t0_ns, TICK_S, *self.start, self.speed.copy(), sigma, ratio, load, vane, line_hz)

    def driven(self, name: str, t0_ns: int) -> ShaftTrace:
        """Return the trace of a shaft behind a gear."""
        revs, frac = self.starts[name]
        own = self.trace(t0_ns)
        return dataclasses.replace(own, revs0=revs, frac0=frac, speed_rad_s=own.speed_rad_s * self.ratios[name])

    def save(self) -> dict[str, tuple[int, float]]:
        """Return the angles of the driven shafts."""
        return {name: (angle.revs, angle.frac) for name, angle in self.angles.items()}

    def restore(self, saved: Mapping[str, tuple[int, float]]) -> None:
        """Take over what `save` returned."""
        for name, (revs, frac) in saved.items():
            self.angles[name].revs, self.angles[name].frac = revs, frac
