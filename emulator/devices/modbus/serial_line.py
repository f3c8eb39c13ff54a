"""When bytes go over a serial line: characters, silences, pacing like a UART's. No port, no clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

# Start, eight data, parity and stop bit; without parity the standard asks for a second stop bit (MB-SER
# 2.5.1).
CHARACTER_BITS: Final = 11
_FAST_BAUD: Final = 19200


@dataclass(frozen=True, slots=True)
class LineTiming:
    """Timing of one line.

    Parameters
    ----------
    baud
        bits per second; None is a line without pacing (as fast as the host), with the silences of a fast
        line.
    turnaround_s
        how long the device thinks before it answers; at least t3.5 passes in any case on a paced line.
    strict
        refuse frames with gaps over t1.5. Off by default: a host that is busy for a moment sees such gaps on
        healthy lines, and the standard's own implementation note allows to leave it out.
    """

    baud: int | None = 19200
    turnaround_s: float = 0.0
    strict: bool = False

    @property
    def character_s(self) -> float:
        """Time of one character [s]; 0 without pacing."""
        return 0.0 if self.baud is None else CHARACTER_BITS / self.baud

    @property
    def t1_5_s(self) -> float:
        """Longest gap inside a frame [s]: 1.5 characters, 750 µs above 19200 baud (MB-SER 2.5.1.1)."""
        return 0.00075 if self.baud is None or self.baud > _FAST_BAUD else 1.5 * self.character_s

    @property
    def t3_5_s(self) -> float:
        """Silence that ends a frame [s]: 3.5 characters, 1.75 ms above 19200 baud (MB-SER 2.5.1.1)."""
        return 0.00175 if self.baud is None or self.baud > _FAST_BAUD else 3.5 * self.character_s

    @property
    def before_answer_s(self) -> float:
        """Time from the last byte of a request to the first of its answer [s]."""
        return self.turnaround_s if self.baud is None else max(self.t3_5_s, self.turnaround_s)


class PacedWriter:
    """Hands out frames' bytes at the moments a UART would have finished sending them.

    All times are seconds of one monotonic clock. Character `i` of a frame that starts at `t` is due at
    `t + (i + 1) * character_s`; late calls find all bytes due by then, so lateness never adds up.
    """

    __slots__ = ("_character_s", "_free_s", "_queue")

    def __init__(self, character_s: float) -> None:
        self._character_s = character_s
        self._queue: deque[tuple[float, bytes, int]] = deque()
        self._free_s = float("-inf")

    def put(self, data: bytes, not_before_s: float) -> float:
        """Queue a frame to start at `not_before_s` or when the line is free; return its last byte's time."""
        start = max(not_before_s, self._free_s)
        self._free_s = start + len(data) * self._character_s
        self._queue.append((start, data, 0))
        return self._free_s

    def due(self, now_s: float) -> bytes:
        """Return the bytes that are due by now and were not handed out yet."""
        ready = bytearray()
        while self._queue:
            start, data, done = self._queue[0]
            if now_s < start:
                break
            # A hair more than now: a timer set for a character's end must not miss it by rounding.
            passed = (now_s - start) / self._character_s + 1e-6 if self._character_s else float(len(data))
            count = min(len(data), int(passed))
            ready += data[done:count]
            if count < len(data):
                self._queue[0] = (start, data, max(count, done))
                break
            self._queue.popleft()
        return bytes(ready)

    def next_s(self, grain_s: float) -> float | None:
        """Return when to ask again: the end of the frame under way, or `grain_s` of line time if sooner."""
        if not self._queue:
            return None
        start, data, done = self._queue[0]
        characters = 1 if not self._character_s else max(1, round(grain_s / self._character_s))
        return start + min(len(data), done + characters) * self._character_s

    def clear(self) -> None:
        """Forget everything not handed out yet: the device lost power."""
        self._queue.clear()
        self._free_s = float("-inf")
