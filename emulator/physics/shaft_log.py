"""What a machine writes down of its own shaft during a block, for its waveforms."""

from dataclasses import dataclass, field

import numpy as np

from emulator.physics.asset import TICK_S
from emulator.physics.shaft import ShaftAngle, ShaftTrace


@dataclass(slots=True)
class ShaftLog:
    """Speed tick by tick, and the angle it has come to; `rows` are further numbers at the same instants.

    `trace` ends a block; the block it returned stays readable in `last` and `last_rows` until the next.
    """

    angle: ShaftAngle = field(default_factory=ShaftAngle)
    speeds: list[float] = field(default_factory=lambda: [0.0])
    rows: list[tuple[float, ...]] = field(default_factory=lambda: [(0.0,)])
    first: tuple[int, float] = (0, 0.0)
    last: ShaftTrace | None = None
    last_rows: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))

    @property
    def speed_rad_s(self) -> float:
        """Speed at the end of the last tick."""
        return self.speeds[-1]

    def begin(self, speed_rad_s: float, row: tuple[float, ...]) -> None:
        """Correct what was noted last: where the tick that comes really starts from."""
        self.speeds[-1] = speed_rad_s
        self.rows[-1] = row

    def note(self, speed_rad_s: float, row: tuple[float, ...]) -> None:
        """Note the end of a tick."""
        self.angle.advance(self.speeds[-1], speed_rad_s, TICK_S)
        self.speeds.append(speed_rad_s)
        self.rows.append(row)

    def trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block that began at `t0_ns` [ns] and has just ended."""
        ticks = len(self.speeds) - 1
        ones = np.ones(ticks)
        self.last = ShaftTrace(
            t0_ns, TICK_S, *self.first, np.array(self.speeds), 1e3 * ones, ones, 0.0 * ones, 0.0 * ones
        )
        self.last_rows = np.array(self.rows)
        self.first = (self.angle.revs, self.angle.frac)
        del self.speeds[:-1], self.rows[:-1]
        return self.last
