"""One timer that is on time to some ten microseconds.

The event loop's own timers are late by up to a millisecond, for its selector counts in milliseconds: ten characters at
115,200 baud. The kernel's timer descriptors are not; where there are none (not on Linux), the loop's timers serve.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOCK_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1
_NONBLOCK_CLOEXEC: Final = 0o2004000
# struct itimerspec: interval and value, each in seconds and nanoseconds.
_SPEC: Final = struct.Struct("@4l")


class Alarm:
    """Calls `ring()` once at a time of the event loop's clock; setting it again replaces the time."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._fd = int(self._libc.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC))
        except AttributeError:
            self._fd = -1
        if self._fd >= 0:
            self._loop.add_reader(self._fd, self._rang)

    def set(self, at_s: float | None) -> None:
        """Ring at `at_s` [loop seconds], at once if that has passed; None: not at all."""
        if self._fd < 0:
            if self._handle is not None:
                self._handle.cancel()
            self._handle = None if at_s is None else self._loop.call_at(at_s, self._ring)
            return
        nanoseconds = 0 if at_s is None else max(1, int(at_s * 1e9))
        spec = _SPEC.pack(0, 0, *divmod(nanoseconds, 1_000_000_000))
        self._libc.timerfd_settime(self._fd, _ABSOLUTE, spec, None)

    def close(self) -> None:
        """Never ring again."""
        self.set(None)
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _rang(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # set anew since
            return
        self._ring()
