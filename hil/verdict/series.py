"""What a device offered and what the twin received, as arrays that can be held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEVERITY = 0xC0000000


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one point.

    Parameters
    ----------
    t_ns : int64[n], source time (UTC nanoseconds)
    values : float64[n], SI units; NaN where there was no number
    status : uint32[n], OPC UA StatusCode
    received_ns : int64[n] or None; when the twin had it
    stamp : ``source``, ``device_clock`` or ``poll``: whose clock `t_ns` is
    """

    t_ns: NDArray[np.int64]
    values: NDArray[np.float64]
    status: NDArray[np.uint32]
    received_ns: NDArray[np.int64] | None = None
    stamp: str = "source"

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which readings may be used as measured values, bool[n]."""
        good: NDArray[np.bool_] = (self.status & _SEVERITY) == 0
        return good


@dataclass(frozen=True, slots=True)
class Blocks:
    """A waveform as blocks.

    `n0` int64[k] are the first sample counters, `count` int64[k] the lengths, `t_ns` int64[k] the
    times of the blocks; `samples` float32[sum(count)] is None where they were not kept; `extremes`
    float64[k, 3] are then minimum, maximum and rms of each block.
    """

    n0: NDArray[np.int64]
    count: NDArray[np.int64]
    t_ns: NDArray[np.int64]
    samples: NDArray[np.float32] | None = None
    rate_hz: float = 0.0
    extremes: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Received against offered: how many were compared, how many were wrong, how many are missing."""

    compared: int = 0
    misattributed: int = 0
    gaps: int = 0
    first_wrong: str = ""
    first_gap: str = ""

    def __add__(self, other: Comparison) -> Comparison:
        """Sum up; the first offenders stay the first."""
        return Comparison(
            self.compared + other.compared,
            self.misattributed + other.misattributed,
            self.gaps + other.gaps,
            self.first_wrong or other.first_wrong,
            self.first_gap or other.first_gap,
        )


def compare_readings(
    name: str,
    offered: Series,
    received: Series,
    *,
    resolution: float,
    time_tolerance_ns: int,
    period_ns: int,
) -> Comparison:
    """Hold every good received reading against what the device offered at that source time.

    Parameters
    ----------
    resolution
        Largest difference that encoding may cause [the point's SI unit]; decoding must undo encoding to this.
    time_tolerance_ns
        How far the two time stamps may lie apart: the resolution of the device's clock, or one scan for a
        poll-stamped point.
    period_ns
        Poll period; a hole in source time of more than one and a half periods is a gap.
    """
    good = received.good & np.isfinite(received.values)
    t, v = received.t_ns[good], received.values[good]
    if offered.t_ns.size == 0 or t.size == 0:
        return Comparison()
    order = np.argsort(offered.t_ns, kind="stable")
    ot, ov = offered.t_ns[order], offered.values[order]
    low = np.searchsorted(ot, t - time_tolerance_ns, side="left")
    high = np.searchsorted(ot, t + time_tolerance_ns, side="right")
    wrong = 0
    first = ""
    for i in range(t.size):
        near = ov[low[i] : high[i]]
        margin = resolution + 1e-6 * abs(v[i])  # float32 on the wire carries seven digits
        if near.size == 0 or not np.any(np.abs(near - v[i]) <= margin):
            wrong += 1
            if not first:
                offer = f"{near[-1]:.6g}" if near.size else "nothing at that time"
                first = f"{name} = {v[i]:.6g} at {t[i]} ns, but the device offered {offer}"
    steps = np.diff(np.unique(t))
    gaps = int(np.count_nonzero(steps > period_ns * 3 // 2))
    hole = ""
    if gaps:
        hole = f"{name} has a hole of {steps.max() * 1e-9:.3g} s"
    return Comparison(int(t.size), wrong, gaps, first, hole)


def compare_blocks(name: str, offered: Blocks | None, received: Blocks) -> Comparison:
    """Check a waveform for holes in its sample counter, and each sample against the one offered."""
    order = np.argsort(received.n0, kind="stable")
    n0, count = received.n0[order], received.count[order]
    if n0.size == 0:
        return Comparison()
    ends = np.maximum.accumulate(n0 + count)
    holes = n0[1:] - ends[:-1]
    lost = holes[holes > 0]
    first = f"{name} lost {int(lost.sum())} samples in {lost.size} holes" if lost.size else ""
    result = Comparison(int(n0.size), 0, int(lost.size), first_gap=first)
    if offered is None or offered.samples is None or offered.n0.size == 0:
        return result
    return result + _compare_samples(name, offered, received)


def _compare_samples(name: str, offered: Blocks, received: Blocks) -> Comparison:
    # one flat line of everything offered, addressed by sample number
    base = int(offered.n0.min())
    line = np.full(int((offered.n0 + offered.count).max()) - base, np.nan, dtype=np.float32)
    assert offered.samples is not None, "the caller has made sure of it"
    at = 0
    for n0, count in zip(offered.n0.tolist(), offered.count.tolist(), strict=True):
        line[n0 - base : n0 - base + count] = offered.samples[at : at + count]
        at += count
    wrong, first, at = 0, "", 0
    for i, (n0, count) in enumerate(zip(received.n0.tolist(), received.count.tolist(), strict=True)):
        start = n0 - base
        there = line[start : start + count] if start >= 0 else line[:0]
        if received.samples is not None:
            same = np.array_equal(there, received.samples[at : at + count], equal_nan=True)
        elif received.extremes is not None:
            same = there.size == count and _alike(there, received.extremes[i])
        else:
            return Comparison()
        at += count
        if not same:
            wrong += 1
            first = first or f"{name}: the {count} samples from number {n0} are not what the device offered"
    return Comparison(0, wrong, 0, first)


def _alike(samples: NDArray[np.float32], extremes: NDArray[np.float64]) -> bool:
    """Compare a block by its minimum, maximum and rms: another block has others."""
    finite = samples[np.isfinite(samples)]
    if finite.size == 0:
        return bool(np.isnan(extremes).all())
    rms = np.sqrt(np.mean(np.square(finite, dtype=np.float64)))
    mine = np.array([finite.min(), finite.max(), rms], dtype=np.float64)
    return bool(np.allclose(mine, extremes, rtol=1e-6, atol=0.0))
