"""The newest samples of a waveform, as a device keeps them for its readers."""

import numpy as np
from numpy.typing import NDArray


class SampleWindow:
    """Keeps the last `capacity` samples with their counter, handing out views that are never written again.

    A view stays as it was when it was taken (a frozen device goes on showing it): samples are appended behind it, and
    when the memory is full a new one is begun with the newest samples copied over.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._memory: NDArray[np.float32] = np.empty(4 * capacity, np.float32)
        self._start = 0
        self._end = 0
        self._next = 0

    @property
    def n0(self) -> int:
        """Sample counter of the first sample in the window."""
        return self._next - (self._end - self._start)

    def append(self, n0: int, samples: NDArray[np.float32]) -> None:
        """Add samples whose counter begins at `n0`; a jump in the counter begins the window anew."""
        if n0 != self._next:
            self._start = self._end
            self._next = n0
        count = len(samples)
        if self._end + count > len(self._memory):
            kept = self._memory[self._start : self._end]
            memory = np.empty(max(len(self._memory), 2 * (len(kept) + count)), np.float32)
            memory[: len(kept)] = kept
            self._memory, self._start, self._end = memory, 0, len(kept)
        self._memory[self._end : self._end + count] = samples
        self._end += count
        self._next += count
        self._start = max(self._start, self._end - self.capacity)

    def exchange(self, other: "SampleWindow", count: int, ratio: float) -> None:
        """Let the newest `count` samples of two windows change places; `ratio` scales the other's to this one's.

        Only before those samples have been handed out.
        """
        mine = self._memory[self._end - count : self._end]
        theirs = other._memory[other._end - count : other._end]  # noqa: SLF001 - the other half of one exchange
        kept = mine.copy()
        mine[:] = theirs * np.float32(ratio)
        theirs[:] = kept / np.float32(ratio)

    def view(self) -> NDArray[np.float32]:
        """Return the window's samples, oldest first, read-only."""
        view = self._memory[self._start : self._end]
        view.flags.writeable = False
        return view
