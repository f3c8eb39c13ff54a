"""Shaft phase from a key-phase or encoder signal: edges, their repair, and a smooth angle between them."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.tacho import rising_edges

Array = NDArray[np.float64]

NEIGHBOURS = 8
"""Intervals around one whose median says how long it should be."""
TOLERANCE = 0.3
"""How far, in pulse periods, an interval may lie from a whole number of periods."""


def pulse_levels(x: Array) -> tuple[float, float]:
    """Hysteresis levels (low, high) at 30 and 70 % between the extremes of x : float64[n], NaN ignored.

    The extremes are the 0.1 and 99.9 % quantiles, so that one spike sets no level; a pulse narrower than 0.1 %
    of its period needs levels given by hand.

    Raises
    ------
    ValueError
        If x holds no reading or is constant.
    """
    known = x[np.isfinite(x)]
    if known.size == 0:
        raise ValueError("the tacho signal holds no finite reading; check the channel")
    bottom, top = (float(value) for value in np.quantile(known, (0.001, 0.999)))
    if not top > bottom:
        raise ValueError(f"the tacho signal is constant at {bottom:g}: no pulses; check the probe, or give levels")
    return bottom + 0.3 * (top - bottom), bottom + 0.7 * (top - bottom)


class PulseDetector:
    """Finds the edges of pulses as samples arrive; any split of the input gives the same bits.

    The instant is that at which the straight line between two samples crosses `high`. NaN is no level: an edge
    inside it is not reported and shows up as missing (`repair_pulses`).

    Parameters
    ----------
    low, high : hysteresis, in the unit of the signal; see `pulse_levels`
    falling : take falling edges through `low` instead, armed above `high`
    """

    __slots__ = ("falling", "high", "low", "state")

    def __init__(self, low: float, high: float, *, falling: bool = False) -> None:
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"levels low = {low}, high = {high} must be finite, low below high")
        self.low, self.high, self.falling = low, high, falling
        self.state: Array = np.array([0.0, math.nan, 0.0])

    def process(self, x: Array) -> Array:
        """Edges in the next samples x : float64[n], as positions in samples since the first sample ever fed."""
        samples = np.array(x, dtype=np.float64)
        low, high = self.low, self.high
        if self.falling:
            np.negative(samples, out=samples)
            low, high = -high, -low
        out = np.empty(samples.size // 2 + 1)
        return out[: rising_edges(samples, low, high, self.state, out)]


@dataclass(frozen=True, slots=True)
class Pulses:
    """Edges after repair.

    Parameters
    ----------
    edges : float64[k], positions [samples] of the edges believed
    index : int64[k], number of each pulse counted from the first, with the missing ones counted
    missing : positions [samples] after which pulses were missing
    extra : positions [samples] of edges that were struck out
    lost : why the count cannot be trusted, None when it can
    """

    edges: Array = field(repr=False)
    index: NDArray[np.int64] = field(repr=False)
    missing: Array
    extra: Array
    lost: str | None


def repair_pulses(edges: Array, *, max_missing: int = 3) -> Pulses:
    """Strike out extra pulses, count missing ones, and say so; or say that the count is lost.

    An interval is judged against the median of its neighbours (robust; follows a run-up). An edge whose two
    intervals together make one period is extra. An interval of m periods holds m - 1 missing pulses, up to
    `max_missing` in a row. Anything else (the shaft stood or jerked, or the signal is noise) is `lost`.

    Parameters
    ----------
    edges : float64[k], rising positions

    Raises
    ------
    ValueError
        If edges are not finite or do not rise.
    """
    edges = np.asarray(edges, dtype=np.float64)
    if not np.all(np.isfinite(edges)) or np.any(np.diff(edges) <= 0.0):
        raise ValueError("edges must be finite and rise; give them as PulseDetector returned them")
    if edges.size < 4:
        nothing = np.empty(0)
        index = np.arange(edges.size)
        return Pulses(edges, index, nothing, nothing, f"{edges.size} pulses: at least 4 are needed for a phase")
    kept, extra = _strike_extra(edges)
    gaps = np.diff(kept)
    periods = gaps / _usual(gaps)
    whole = np.maximum(np.rint(periods), 1.0)
    index = np.concatenate([[0], np.cumsum(whole).astype(np.int64)])
    wrong = (np.abs(periods - whole) > TOLERANCE) | (whole - 1.0 > max_missing)
    lost = None
    if wrong.any():
        at = int(np.argmax(wrong))
        lost = (
            f"the interval after the pulse at sample {kept[at]:.0f} is {periods[at]:.2f} of its neighbours' period: "
            "the count is lost there (standstill, jerk or noise); use the parts before and after"
        )
    return Pulses(kept, index, kept[:-1][whole > 1.0], extra, lost)


def _strike_extra(edges: Array) -> tuple[Array, Array]:
    extra: list[float] = []
    while edges.size > 4:
        gaps = np.diff(edges)
        usual = _usual(gaps)
        pair = gaps[:-1] + gaps[1:]
        period = np.maximum(usual[:-1], usual[1:])
        short = np.minimum(gaps[:-1], gaps[1:]) < (1.0 - TOLERANCE) * period
        suspect = short & (pair < (1.0 + TOLERANCE) * period)
        if not suspect.any() or len(extra) > edges.size // 4:
            break
        # a bounce makes suspects of both its edges: strike the one whose removal leaves the interval that the
        # intervals just outside foretell, which also holds in a run-up
        outside = 0.5 * (np.concatenate([gaps[:1], gaps[:-2]]) + np.concatenate([gaps[2:], gaps[-1:]]))
        trusted = np.abs(outside / period - 1.0) < TOLERANCE
        odd = np.abs(pair - np.where(trusted, outside, period)) / period
        at = int(np.argmin(np.where(suspect, odd, np.inf))) + 1
        extra.append(float(edges[at]))
        edges = np.delete(edges, at)
    return edges, np.sort(np.array(extra))


def _usual(gaps: Array) -> Array:
    """Median of up to NEIGHBOURS intervals around each, itself left out."""
    half = NEIGHBOURS // 2
    padded = np.pad(gaps, half, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).copy()
    around[:, half] = np.nan
    return np.asarray(np.nanmedian(around, axis=1))


@dataclass(frozen=True, slots=True)
class ShaftPhase:
    """Shaft angle through the pulses, a cubic spline with continuous speed and acceleration.

    Parameters
    ----------
    first, last : positions [samples] of the first and last pulse; nothing is said outside them
    revs : float64[n], angle [rev] at the samples ceil(first) … floor(last), zero at the first pulse
    speed_hz : float64[n], its derivative
    offset : the sample that revs[0] belongs to
    pulses : what was believed, struck out and filled in
    reason : why there is no phase, None when there is one; revs and speed_hz are then empty
    """

    first: float
    last: float
    revs: Array = field(repr=False)
    speed_hz: Array = field(repr=False)
    offset: int
    pulses: Pulses
    reason: str | None


def shaft_phase(pulses: Pulses, rate_hz: float, pulses_per_rev: float = 1.0) -> ShaftPhase:
    """Angle and speed at every sample between the first and the last pulse.

    Cubic spline with not-a-knot ends (de Boor 1978, ch. IV) through the pulse numbers, so a steady acceleration
    is met exactly. Abstains (`reason`) where the count is lost, there are fewer than 4 pulses, or the spline
    turns backwards between pulses: the speed then changed too fast for so few of them.

    Raises
    ------
    ValueError
        If rate_hz or pulses_per_rev is not positive.
    """
    from scipy.interpolate import CubicSpline

    for name, value in (("rate_hz", rate_hz), ("pulses_per_rev", pulses_per_rev)):
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} = {value} must be positive")
    edges = pulses.edges
    nothing = np.empty(0)
    if pulses.lost is not None:
        return ShaftPhase(math.nan, math.nan, nothing, nothing, 0, pulses, pulses.lost)
    spline = CubicSpline(edges, pulses.index / pulses_per_rev)
    first, last = float(edges[0]), float(edges[-1])
    offset = math.ceil(first)
    at = np.arange(offset, math.floor(last) + 1, dtype=np.float64)
    speed = np.asarray(spline(at, 1), dtype=np.float64) * rate_hz
    if speed.size and float(speed.min()) <= 0.0:
        where = int(np.argmin(speed)) + offset
        reason = (
            f"between the pulses around sample {where} the speed changes too fast for {pulses_per_rev:g} pulses per "
            "revolution; use more of them, or drop that part"
        )
        return ShaftPhase(first, last, nothing, nothing, offset, pulses, reason)
    return ShaftPhase(first, last, np.asarray(spline(at), dtype=np.float64), speed, offset, pulses, None)
