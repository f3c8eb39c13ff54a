"""The queue of one monitored item, and what happens when it is full: OPC 10000-4 §5.13.1.5."""

from collections import deque
from typing import Any, Final, NamedTuple

OVERFLOW: Final = 0x480  # InfoType DataValue, InfoBits Overflow (OPC 10000-4 §7.39.1)


class Sample(NamedTuple):
    """One look at an attribute: encoded value (None for none), StatusCode, times (FILETIMEs; None for none)."""

    variant: bytes | None
    status: int
    source: int | None
    server: int | None


class ItemQueue:
    """Samples that wait to be published, oldest first.

    Parameters
    ----------
    size : int
        At least 1. A queue of one is a buffer of the newest and never overflows.
    discard_oldest : bool
        Which one makes room: the oldest, or the newest before the one that comes. The gap is marked on the sample
        that stands after it.

    """

    __slots__ = ("discard_oldest", "samples", "size")

    def __init__(self, size: int, discard_oldest: bool) -> None:
        self.size = size
        self.discard_oldest = discard_oldest
        self.samples: deque[Sample] = deque()

    def push(self, sample: Sample) -> None:
        """Take a sample, at the cost of another when there is no room."""
        samples = self.samples
        if len(samples) < self.size:
            samples.append(sample)
        elif self.size == 1:
            samples[0] = sample
        elif self.discard_oldest:
            samples.popleft()
            samples[0] = _marked(samples[0])
            samples.append(sample)
        else:
            samples[-1] = _marked(sample)

    def resize(self, size: int, discard_oldest: bool) -> None:
        """Be another queue, with what fits of the old one kept."""
        self.size, self.discard_oldest = size, discard_oldest
        kept: Any = list(self.samples)
        if len(kept) <= size:
            return
        if discard_oldest:
            kept = kept[-size:]
            if size > 1:
                kept[0] = _marked(kept[0])
        else:
            kept = [*kept[: size - 1], kept[-1] if size == 1 else _marked(kept[-1])]
        self.samples = deque(kept)


def _marked(sample: Sample) -> Sample:
    return sample._replace(status=sample.status | OVERFLOW)
