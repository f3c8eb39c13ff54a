"""Is a whole record fit to be judged? What forbids a judgement, and what is only to be told with it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import BearingGeometry
from twin.dsp.clockcheck import rate_check
from twin.dsp.moments import Moments
from twin.dsp.orders import angle_track
from twin.dsp.quality import has_bursts, signal_flags, touches_rails

Array = NDArray[np.float64]

MIN_REVS = 12.0
"""Fewer revolutions than this tell nothing about lines that repeat a few times a turn."""
STEADY_SPREAD = 0.003
"""Relative speed change within a record up to which a spectrum in Hz is a spectrum in orders."""
FASTEST_CHANGE = 0.3
"""Relative speed change within one averaged segment beyond which even orders smear: the ringing changes."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """What the samples allow.

    Parameters
    ----------
    forbidding : flags that forbid a judgement: empty, nan, inf, constant, coarse, dead, clipped, short,
        speed_change
    telling : flags that are reported beside one: clipped (few samples at the converter's ends), burst, rate,
        rate_doubtful, speed
    reasons : a sentence per flag
    features : rms, peak and number of samples
    """

    forbidding: tuple[str, ...]
    telling: tuple[str, ...]
    reasons: dict[str, str]
    features: dict[str, float | None]


def fitness(
    x: Array, rate_hz: float, speed_hz: float, bearing: BearingGeometry, *, revs: Array | None, segment_s: float
) -> Fitness:
    """Look at the raw samples x : float64[n]; revs as `angle_track` gives it when the speed moved."""
    if x.size == 0:
        return Fitness(("empty",), (), {"empty": "the record is empty: nothing to judge"}, {})
    moments = Moments()
    moments.update(x)
    low, high = float(moments.state[5]), float(moments.state[6])
    flags = list(signal_flags(x, nan_count=moments.nan_count, low=low, high=high))
    if {"constant", "coarse"} & set(flags):
        flags.append("dead")
    turned = x.size / rate_hz * speed_hz
    if turned < MIN_REVS:
        flags.append("short")
    if revs is not None and _fastest_change(revs, rate_hz, segment_s) > FASTEST_CHANGE:
        flags.append("speed_change")
    cage = 1.0 / bearing.ftf
    less = f", less than the {cage:.1f} of one cage turn" if turned < cage else ""
    reasons = {
        "nan": f"{moments.nan_count} of {x.size} samples are not numbers",
        "inf": "the record holds infinite values",
        "constant": "the signal never changes: a dead or disconnected sensor",
        "coarse": "the signal knows only a few levels: a machine at rest or a converter far too coarse",
        "dead": "nothing of a running machine is in it",
        "clipped": "the signal rests on its limits too often: saturated, not to be trusted",
        "short": f"the record holds {turned:.1f} revolutions{less}, {MIN_REVS:g} are the least:"
        f" {MIN_REVS / speed_hz:.2f} s at this speed",
        "speed_change": f"the speed changes by more than {FASTEST_CHANGE:.0%} within {segment_s:.1f} s:"
        " too fast for lines to hold still; give a steadier part",
    }
    plain = {"rms": _finite(moments.rms), "peak": _finite(moments.peak), "samples": float(x.size)}
    if flags:
        return Fitness(tuple(flags), (), reasons, plain)
    telling = []
    if touches_rails(x, low, high):
        telling.append("clipped")
        reasons["clipped"] = "a few samples reach both ends of the converter: peaks are cut"
    if revs is None:
        if has_bursts(x, rate_hz, speed_hz):
            telling.append("burst")
            reasons["burst"] = "a few turns are far louder than the rest: electrical noise, handling or a blow"
        clock = rate_check(x, rate_hz, speed_hz)
        if clock.flag is not None:
            telling.append(clock.flag)
            reasons[clock.flag] = clock.reason
    return Fitness((), tuple(telling), reasons, plain)


def speed_track(speed_hz: float | Array, size: int, rate_hz: float) -> tuple[float, Array | None]:
    """Mean speed, and the shaft angle [rev] of each sample when the speed moved.

    Parameters
    ----------
    speed_hz : one number, or a track evenly spaced over the record, first value at its first sample

    Raises
    ------
    ValueError
        If a speed is not a positive number.
    """
    track = np.atleast_1d(np.asarray(speed_hz, dtype=np.float64))
    if track.ndim != 1 or track.size == 0:
        raise ValueError(f"shaft speed of shape {track.shape} must be a number or a track float64[n]")
    lowest = float(track.min())
    if not (math.isfinite(float(track.sum())) and lowest > 0.0):
        bad = track[~np.isfinite(track)]
        worst = float(bad[0]) if bad.size else lowest
        raise ValueError(f"shaft speed {worst * 60:g} rpm must be positive")
    if track.size == 1 or size < 2:
        return float(track.mean()), None
    spread = np.interp(np.arange(size), np.linspace(0.0, size - 1.0, track.size), track)
    mean = float(spread.mean())
    if float(np.ptp(spread)) <= STEADY_SPREAD * mean:
        return mean, None
    return mean, angle_track(spread, rate_hz)


def _fastest_change(revs: Array, rate_hz: float, segment_s: float) -> float:
    """Largest relative speed change within a segment: from the means of eighths of it."""
    step = max(int(segment_s * rate_hz / 8.0), 1)
    speed = np.diff(revs[::step])
    if speed.size < 2:
        return 0.0
    worst = 0.0
    for start in range(max(speed.size - 7, 1)):
        piece = speed[start : start + 8]
        worst = max(worst, float(np.ptp(piece) / piece.mean()))
    return worst


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
