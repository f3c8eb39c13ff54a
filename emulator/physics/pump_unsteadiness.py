"""Slow unsteadiness of a pump's flow: the random force of recirculation and gas, and the surging of gas slugs."""

import math
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.streams import Stream

SLUG_S = 0.4  # time over which slugs of gas pass
SLUG_SWING = 0.35  # standard deviation of the gas fraction, relative to its mean
CENTRE, WIDTH = 0.5, 0.45  # of the turning frequency: most of the force lies at 0.2 … 0.8 of it


class Unsteadiness(Asset):
    """Noise of the tick's number, shaped by poles that follow the speed; still and silent while nothing excites it."""

    STATES: ClassVar[tuple[str, ...]] = ("ticks", "force_n", "swing", "_x1", "_x2", "_y1", "_y2")

    def __init__(self, stream: Stream) -> None:
        """Build it at rest."""
        self._stream = stream
        self.ticks = 0
        self.force_n = 0.0
        self.swing = 0.0
        self._x1 = 0.0
        self._x2 = 0.0
        self._y1 = 0.0
        self._y2 = 0.0

    def gas(self, fraction: float) -> float:
        """Return the gas fraction at the eye now: slugs around the mean, never more than 0.15."""
        return min(max(fraction * (1.0 + SLUG_SWING * self.swing), 0.0), 0.15) if fraction != 0.0 else 0.0

    def advance(self, level_n: float, turning_hz: float, gas: bool, dt_s: float) -> None:
        """Advance one tick [s]; `level_n` is the rms of the force wanted, `gas` whether slugs pass."""
        n = self.ticks
        self.ticks = n + 1
        if level_n == 0.0 and not gas:
            self.force_n = self._x1 = self._x2 = self._y1 = self._y2 = self.swing = 0.0
            return
        draw = self._stream.normal(2 * n, 2)
        if gas:
            keep = math.exp(-dt_s / SLUG_S)
            self.swing = keep * self.swing + math.sqrt(1.0 - keep * keep) * float(draw[0])
        # Second-order band pass (1 - A)/2 with the all-pass A: its noise gain is (1 - r²)/2, whatever its centre.
        # Beyond a fifth of the ticks' rate it would fold back.
        cosine = math.cos(2.0 * math.pi * min(CENTRE * turning_hz * dt_s, 0.2))
        tangent = math.tan(math.pi * min(max(WIDTH * turning_hz * dt_s, 1e-3), 0.2))
        r2 = (1.0 - tangent) / (1.0 + tangent)
        x = float(draw[1])
        y = math.sqrt(0.5 * (1.0 - r2)) * (x - self._x2) + cosine * (1.0 + r2) * self._y1 - r2 * self._y2
        self._y2, self._y1, self._x2, self._x1 = self._y1, y, self._x1, x
        self.force_n = level_n * y
