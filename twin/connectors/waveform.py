"""Cutting the new samples out of a device's buffer by its sample counter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class WaveformCursor:
    """Remembers how far a waveform has been read.

    `next_n` is the counter of the first sample not yet seen, None before the first block; `rate_hz` the
    rate it counts at.
    """

    next_n: int | None = None
    rate_hz: float = 0.0

    def cut(self, first_n: int, samples: NDArray[np.generic], rate_hz: float) -> tuple[int, NDArray[np.generic]]:
        """Return the counter of the first new sample, and the new samples.

        Parameters
        ----------
        first_n : counter of `samples[0]`
        samples : [n], everything the device offers now
        rate_hz : rate the device declares now

        Returns
        -------
        Nothing lost: the counter continues where the last call ended. Samples lost: it jumps forward.
        Device restarted or sampling differently: it starts over with the whole buffer.
        """
        end_n = first_n + samples.shape[0]
        restarted = self.next_n is None or rate_hz != self.rate_hz or end_n < self.next_n
        start_n = first_n if restarted or self.next_n is None else max(first_n, min(self.next_n, end_n))
        self.next_n = end_n
        self.rate_hz = rate_hz
        return start_n, samples[start_n - first_n :]
