"""What a device says about itself: is it there, does its clock run, did it restart, do its values move."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.batch import Batch

SECOND = 1_000_000_000
CLOCK_STEP_NS = 75_000_000
"""A clock that runs ahead by less than this is within one scan and is not judged."""
CLOCK_LAG_NS = 250_000_000
"""The same for a clock that falls behind: a slow link makes every stamp look older, and must not pass for it."""


USUAL_AFTER = 16
"""Polls after which the usual offset of a device's clock is fixed."""


@dataclass(slots=True)
class DeviceChecks:
    """Running checks of one device.

    Parameters
    ----------
    stale_after_ns
        From the rig: silence longer than this is a lost link.
    poll_ns
        Poll period.
    """

    stale_after_ns: int
    poll_ns: int
    last_good_ns: int | None = None
    first_seen_ns: int | None = None
    last_stamp_ns: int | None = None
    stamp_moved_ns: int | None = None
    values_moved_ns: int | None = None
    values: dict[str, float] = field(default_factory=dict)
    stamps: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    """Point → its newest source time and when that last moved."""
    last_heard: dict[str, int] = field(default_factory=dict)
    uptime_s: float = math.nan
    restarts: list[tuple[int, float, float]] = field(default_factory=list)
    waiting_since_ns: int | None = None
    offsets: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=40))
    usual_offset_ns: int | None = None
    _usual_spread_ns: int = 0

    def take(self, batch: Batch, *, uptime: bool, lively: bool) -> None:
        """Take note of a scalar batch. `lively` points carry sensor noise, so they always move when alive."""
        now = batch.received_ns
        if not batch.good or batch.values.shape[0] == 0:
            if batch.quality & 0xFFFF0000 == 0x80320000 and self.waiting_since_ns is None:
                self.waiting_since_ns = now
            return
        self.first_seen_ns = now if self.first_seen_ns is None else self.first_seen_ns
        self.last_good_ns = now
        self.waiting_since_ns = None
        value = float(batch.values[-1])
        if uptime:
            if value < self.uptime_s - 0.5:
                self.restarts.append((now, self.uptime_s, value))
            self.uptime_s = value
        if (lively or uptime) and self.values.get(batch.point) != value:
            self.values_moved_ns = now
        self.values[batch.point] = value
        self.last_heard[batch.point] = now
        if batch.stamp != "poll":
            if self.last_stamp_ns is None or batch.t0_ns != self.last_stamp_ns:
                if self.stamps.get(batch.point, (None, 0))[0] != batch.t0_ns:
                    self.stamp_moved_ns = now
                self.last_stamp_ns = batch.t0_ns
            if self.stamps.get(batch.point, (None, 0))[0] != batch.t0_ns:
                self.stamps[batch.point] = (batch.t0_ns, now)
            offset = batch.t0_ns - now
            if self.offsets and self.offsets[-1][0] == now:
                # One point's own stamp may hang: the youngest of a poll is the device's clock.
                self.offsets[-1] = (now, max(offset, self.offsets[-1][1]))
            else:
                self.offsets.append((now, offset))
                if self.usual_offset_ns is None and len(self.offsets) >= USUAL_AFTER:
                    settled = sorted(off for _, off in self.offsets)
                    self.usual_offset_ns = settled[-1]
                    self._usual_spread_ns = settled[-1] - settled[len(settled) // 2]

    def lost(self, now_ns: int) -> int | None:
        """Return since when the link has been silent, if for longer than allowed."""
        if self.last_good_ns is None:
            return None
        silent = now_ns - self.last_good_ns
        return self.last_good_ns if silent > self.stale_after_ns else None

    def frozen(self, now_ns: int) -> tuple[str, int] | None:
        """Return ("device_frozen" | "source_time_frozen", since) while the device answers without living."""
        wait = max(self.stale_after_ns, 4 * self.poll_ns)
        if self.last_good_ns is None or now_ns - self.last_good_ns > 2 * self.poll_ns:
            return None
        values_old = self.values_moved_ns is not None and self.last_good_ns - self.values_moved_ns >= wait
        stamp_old = self.stamp_moved_ns is not None and self.last_good_ns - self.stamp_moved_ns >= wait
        if values_old and (stamp_old or self.stamp_moved_ns is None):
            assert self.values_moved_ns is not None
            return "device_frozen", self.values_moved_ns
        if stamp_old and not values_old:
            assert self.stamp_moved_ns is not None
            return "source_time_frozen", self.stamp_moved_ns
        return None

    def hanging(self, now_ns: int) -> list[tuple[str, int]]:
        """Return points whose own source time stands still while the device's moves: (point, since)."""
        wait = max(self.stale_after_ns, 4 * self.poll_ns)
        if self.last_good_ns is None or self.stamp_moved_ns is None or self.stamp_moved_ns < now_ns - 2 * self.poll_ns:
            return []
        return [
            (point, moved) for point, (_, moved) in sorted(self.stamps.items()) if self.last_good_ns - moved >= wait
        ]

    def clock_shift(self, now_ns: int) -> tuple[int, int, int] | None:
        """Return (offset now, usual offset, since) in ns when the device's clock has left its usual place.

        Transport only ever makes a stamp look older, so the youngest age of a window is the clock itself.
        """
        window = [(t, off) for t, off in self.offsets if t > now_ns - 8 * SECOND]
        if len(window) < 5 or self.usual_offset_ns is None:
            return None
        youngest = max(off for _, off in window[-8:])
        ahead, behind = (max(step, 2 * self._usual_spread_ns) for step in (CLOCK_STEP_NS, CLOCK_LAG_NS))
        oldest = min(off for _, off in window[-8:])
        shift = youngest - self.usual_offset_ns
        if shift < -behind or oldest - self.usual_offset_ns > ahead:
            moved = ((t, off - self.usual_offset_ns) for t, off in window)
            first = next((t for t, by in moved if by < -behind or by > ahead), now_ns)
            return youngest, self.usual_offset_ns, first
        return None
