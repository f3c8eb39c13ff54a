"""Terminal currents and voltages of a motor as waveforms: one block recorded substep by substep, read at any rate.

The record holds the space vectors in the frame of the supply, where those of a sound motor stand still, and the
supply's angle as an exact parabola of time; a sample is turned into its phase at its own instant. So the record of
20 000 substeps a second serves every rate up to that one, without resampling filters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_NS
from emulator.physics.kernels.motor import ROW_SIZE
from emulator.physics.kernels.motor_trace import render_phase

Floats = NDArray[np.float64]
PER_SECOND = 10**15  # of the finest time that a rate in µHz and a time in ns have in common
QUANTITIES = {
    "current_a_a": (0, False), "current_b_a": (1, False), "current_c_a": (2, False),
    "voltage_a_v": (0, True), "voltage_b_v": (1, True), "voltage_c_v": (2, True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MotorTrace:
    """One block of a motor's terminals.

    Attributes
    ----------
    t0_ns : plant time of the block's start [ns].
    steps : substeps per tick. h_s : one of them [s].
    rows : float64[ticks·steps, 10], see `emulator.physics.kernels.motor`.
    turn, speed_rad_s, slope : float64[ticks]: turn fraction, speed and its slope of the supply at each tick's start.

    """

    t0_ns: int
    steps: int
    h_s: float
    rows: Floats
    turn: Floats
    speed_rad_s: Floats
    slope: Floats

    def waveform(self, quantity: str, n0: int, count: int, rate_hz: float) -> Floats:
        """Return float64[count], A or V, at sample instants n0/rate_hz … of plant time within this block.

        `quantity` is one of `QUANTITIES`: line currents, and phase voltages against the star point. Any rate is
        allowed; above the substeps' own rate (20 kS/s) nothing is added to what they know.

        Raises
        ------
        ValueError
            An unknown quantity, no positive rate, or samples outside the block.

        """
        if quantity not in QUANTITIES:
            raise ValueError(f"no waveform {quantity!r} of a motor; there are: {', '.join(QUANTITIES)}")
        if not rate_hz > 0.0:
            raise ValueError(f"rate_hz = {rate_hz} must be positive")
        rate = round(rate_hz * 1e6)
        ticks = len(self.turn)
        first = np.zeros(ticks)
        counts, skip = np.zeros(ticks, dtype=np.int64), np.zeros(ticks, dtype=np.int64)
        n, end = n0, n0 + count
        for tick in range(ticks):
            start = (self.t0_ns + tick * TICK_NS) * rate  # in units of 1/(rate·PER_SECOND) s, whole numbers
            lowest = -(-start // PER_SECOND)
            stop = -(-(start + TICK_NS * rate) // PER_SECOND)
            if lowest <= n < min(stop, end):
                # The tick's own first sample, whichever the call begins with: a cut must not show in the last bit.
                base = (lowest * PER_SECOND - start) / (rate * 1e9)
                counts[tick] = min(stop, end) - n
                first[tick], skip[tick] = base, n - lowest
                n = min(stop, end)
        if n != end or (count > 0 and counts.sum() != count):
            raise ValueError(f"samples {n0} … {end - 1} at {rate_hz:g} Hz do not lie in the block just recorded")
        out = np.empty(count)
        phase, voltage = QUANTITIES[quantity]
        render_phase(
            self.rows, self.turn, self.speed_rad_s, self.slope, self.steps, self.h_s,
            first, skip, 1.0 / rate_hz, counts, phase, voltage, out,
        )  # fmt: skip
        return out


class Recorder:
    """Collects a block while the motor steps."""

    def __init__(self, ticks: int, steps: int, t0_ns: int) -> None:
        self.t0_ns, self.steps, self.ticks, self.done = t0_ns, steps, ticks, 0
        self._rows = np.empty((ticks * steps, ROW_SIZE))
        self._supply = np.empty((3, ticks))

    def rows(self, steps: int) -> Floats:
        """Return the rows the coming tick fills."""
        return self._rows[self.done * steps : (self.done + 1) * steps]

    def note(self, turn: float, speed_rad_s: float, slope: float) -> None:
        """Note the supply of the tick that filled them."""
        self._supply[:, self.done] = turn, speed_rad_s, slope
        self.done += 1

    @property
    def full(self) -> bool:
        """Whether every tick of the block is there."""
        return self.done == self.ticks

    def trace(self, tick_s: float) -> MotorTrace:
        """Return the block."""
        return MotorTrace(self.t0_ns, self.steps, tick_s / self.steps, self._rows, *self._supply)
