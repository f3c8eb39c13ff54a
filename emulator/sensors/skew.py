"""A sample clock that looks late, and later: where in the past a reading really comes from."""

import copy
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emulator.sensors.kernels.waveform import look_back

MOST_LATE_S: Final = 5.0
RESYNC_S: Final = 0.5


class LateLook:
    """Keeps the past of a signal and reads it at times before now (jitter may look a little ahead: then it reads now).

    The clock is late by a fixed time and runs slow; when it has lost `RESYNC_S` it is set right again, as devices
    that ask a time server do. Memory begins when the fault does: until late values come, the first one stands.
    `rate_hz` is how often the signal comes.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.lost = 0.0
        self._line: NDArray[np.float64] | None = None

    def read(
        self, x: NDArray[np.float64], late_s: float, drift_ppm: float, moved_s: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return `x` float64[n] as seen by the late clock; `moved_s` float64[n] is added to its lateness [s]."""
        if self._line is None:
            # three more than the longest look back: the interpolation's reach
            self._line = np.full(int((MOST_LATE_S + RESYNC_S) * self.rate_hz) + 4, x[0] if x.size else 0.0)
        line = np.concatenate((self._line, x))
        moved = np.zeros(x.size) if moved_s is None else moved_s * self.rate_hz
        out = np.empty(x.size)
        self.lost = look_back(
            line,
            self._line.size,
            late_s * self.rate_hz,
            drift_ppm * 1e-6,
            self.lost,
            RESYNC_S * self.rate_hz,
            moved,
            out,
        )
        self._line[:] = line[-self._line.size :]
        return out

    @property
    def active(self) -> bool:
        """Whether there is a past to forget."""
        return self._line is not None

    def forget(self) -> None:
        """Be a sound clock again, with no past."""
        self._line, self.lost = None, 0.0

    def save(self) -> Any:
        """Return what changes."""
        return copy.deepcopy((self.lost, self._line))

    def restore(self, saved: Any) -> None:
        """Take back what `save` gave."""
        self.lost, self._line = copy.deepcopy(saved)
