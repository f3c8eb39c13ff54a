"""Intermittent transport: a two-state Markov chain on an absolute grid of cells."""

from emulator.sensors.condition import SensorCondition
from emulator.streams import Streams


class Dropout:
    """Whether the value of a cell (a scan, or 100 ms of samples) is missing; decided once per cell."""

    def __init__(self, streams: Streams, path: str) -> None:
        self._draws = streams(f"{path}/dropout")
        self.missing = False
        self._decided = -1

    def gone(self, cell: int, cell_s: float, condition: SensorCondition) -> bool:
        """Return whether cell number `cell`, `cell_s` long, is missing."""
        if condition.dropout_gap_s <= 0.0:
            self.missing = False
        elif cell != self._decided:
            mean_s = condition.dropout_gap_s if self.missing else condition.dropout_every_s
            if self._draws.uniform(cell, 1)[0] < cell_s / max(mean_s, cell_s):
                self.missing = not self.missing
        self._decided = cell
        return self.missing

    def save(self) -> tuple[bool, int]:
        """Return the state."""
        return self.missing, self._decided

    def restore(self, saved: tuple[bool, int]) -> None:
        """Take back what `save` gave."""
        self.missing, self._decided = saved
