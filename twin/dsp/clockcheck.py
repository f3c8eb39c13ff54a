"""Whether sample rate and shaft speed are what they are said to be.

Mains lines and shaft harmonics stand at known places. A clock that is off moves both by one ratio; a wrong
speed moves the shaft's alone. Each comb is searched with one ratio common to all its harmonics. A ratio is
believed only where several harmonics stand out, the declared place does much worse, and so do combs of other
fundamentals that nothing has (in a spectrum full of lines every comb finds some). Where no line tells, the
number of samples may: blocks are customarily a whole second of one of the customary rates.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.spectrum import amplitude_spectrum

Array = NDArray[np.float64]

SPAN = 0.045
"""Relative error looked for; beyond it a neighbouring harmonic could be meant."""
TIGHT = 0.006
"""Relative error taken for the grid's or the tachometer's own."""
AGREE = 0.012
"""Difference of the two ratios up to which they are one: speeds are often nominal ones."""
LINE_DB = 12.0
"""Height over the background from which a bin is a line."""
CAP_DB = 25.0
LEAST_LINES = 4
MAINS_COUNT, SHAFT_COUNT = 16, 10
DECOYS = (0.79, 0.86, 0.91, 1.11, 1.16, 1.23)
"""Fundamentals, relative to the one sought, whose combs tell what chance finds."""
ABOVE_CHANCE = 1.4
WORSE = 0.5
"""Share of the best score that the declared place may have, by lines of another cause."""
CUSTOMARY_HZ = (8192.0, 10240.0, 12800.0, 20480.0, 25600.0, 40960.0, 51200.0, 65536.0, 102400.0)


@dataclass(frozen=True, slots=True)
class RateCheck:
    """What the lines say about the clock and the speed.

    Parameters
    ----------
    verdict : "ok" (lines stand where they should), "clock" (rate wrong), "clock_doubtful" (only the number
        of samples says so), "speed" (only the shaft's lines are off), or "unknown" (too few lines)
    ratio : found over declared frequency of the lines judged by; 1 when nothing is off
    rate_hz : likely true sample rate
    speed_hz : likely true shaft speed, by the true clock
    lines : how many lines tell
    reason : one sentence
    """

    verdict: str
    ratio: float
    rate_hz: float
    speed_hz: float
    lines: int
    reason: str

    @property
    def flag(self) -> str | None:
        """Data-quality flag this raises, if any."""
        return {"clock": "rate", "clock_doubtful": "rate_doubtful", "speed": "speed"}.get(self.verdict)


@dataclass(frozen=True, slots=True)
class _Comb:
    ratio: float
    lines: int
    score: float
    at_one: float

    @property
    def sure(self) -> bool:
        return self.lines >= LEAST_LINES

    @property
    def off(self) -> bool:
        return self.sure and abs(self.ratio - 1.0) > TIGHT and self.at_one < WORSE * self.score


def rate_check(
    x: Array, rate_hz: float, speed_hz: float | None = None, *, mains_hz: tuple[float, ...] = (50.0, 60.0)
) -> RateCheck:
    """Hold the declared rate and speed against the lines of one record.

    Parameters
    ----------
    x : float64[n] or float64[channels, n], any unit; a machine at rest, which shows the mains alone, is best
    rate_hz, speed_hz : as declared; speed None when standing or unknown
    mains_hz : grid frequencies that may be there

    Raises
    ------
    ValueError
        If rate or speed are not positive, or x is empty.
    """
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    if speed_hz is not None and not (math.isfinite(speed_hz) and speed_hz > 0.0):
        raise ValueError(f"shaft speed {speed_hz:g} Hz must be positive; give None for a machine at rest")
    if x.size == 0 or x.ndim > 2:
        raise ValueError(f"x of shape {x.shape} must be one record, float64[n] or float64[channels, n], not empty")
    rows = np.atleast_2d(x)
    size = rows.shape[1]
    df = rate_hz / size
    db = np.mean([_prominence(row) for row in rows], axis=0)
    speed = speed_hz or math.nan
    shaft = _comb(db, df, speed, SHAFT_COUNT, ()) if speed_hz is not None else None
    # a shaft line may pass for a mains line, never the other way round: a shaft has its harmonics in a row
    own = tuple(k * speed * shaft.ratio for k in range(1, 31)) if shaft is not None and shaft.sure else ()
    grid_hz, mains = max(((f, _comb(db, df, f, MAINS_COUNT, own)) for f in mains_hz), key=lambda pair: pair[1].score)
    turning_off = shaft is not None and shaft.off and _beats_chance(shaft, db, df, speed, SHAFT_COUNT, ())
    if shaft is None or not shaft.sure:
        clock_off = mains.off and _beats_chance(mains, db, df, grid_hz, MAINS_COUNT, own)
    else:
        # two combs that agree need no third witness
        clock_off = mains.off and turning_off and abs(shaft.ratio / mains.ratio - 1.0) < AGREE
    if clock_off:
        true = rate_hz / mains.ratio
        return RateCheck(
            "clock",
            mains.ratio,
            true,
            speed,
            mains.lines,
            f"{mains.lines} mains lines stand at {mains.ratio:.4f} of their place:"
            f" the sample rate is rather {true:.0f} Hz than {rate_hz:g} Hz",
        )
    if shaft is not None and turning_off and abs(shaft.ratio - 1.0) > AGREE:
        return RateCheck(
            "speed",
            shaft.ratio,
            rate_hz,
            speed * shaft.ratio,
            shaft.lines,
            f"{shaft.lines} shaft harmonics stand at {shaft.ratio:.4f} of their place:"
            f" the shaft turns rather at {60.0 * speed * shaft.ratio:.0f} rpm than at {60.0 * speed:.0f} rpm"
            + ("" if mains.sure else ", or the sample rate is off by as much: no mains lines tell"),
        )
    lines = (mains.lines if mains.sure else 0) + (shaft.lines if shaft is not None and shaft.sure else 0)
    if mains.sure and abs(mains.ratio - 1.0) <= TIGHT:
        return RateCheck("ok", 1.0, rate_hz, speed, lines, "mains lines stand where they should")
    count = _by_count(size, rate_hz)
    if count is not None:
        return RateCheck(
            "clock_doubtful",
            rate_hz / count,
            count,
            speed,
            0,
            f"{size} samples are a whole number of seconds at {count:g} Hz, not at {rate_hz:g} Hz",
        )
    if lines:
        return RateCheck("ok", 1.0, rate_hz, speed, lines, "shaft harmonics stand where they should")
    return RateCheck("unknown", 1.0, rate_hz, speed, 0, "too few lines of mains or shaft stand out to tell")


def _prominence(x: Array) -> Array:
    """Decibels of each bin over the median of its neighbourhood."""
    power = amplitude_spectrum(x - x.mean()) ** 2
    block = 64
    padded = np.pad(power, (0, -power.size % block), mode="edge")
    medians = np.median(padded.reshape(-1, block), axis=1)
    middle = (np.arange(medians.size) + 0.5) * block
    background = np.interp(np.arange(power.size), middle, medians)
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-300) / np.maximum(background, 1e-300)))


def _comb(db: Array, df_hz: float, base_hz: float, count: int, taken_hz: tuple[float, ...]) -> _Comb:
    """Best common ratio of the harmonics of base_hz; places within two bins of taken_hz tell nothing."""
    place = base_hz * np.arange(1, count + 1) / df_hz
    place = place[(place > 8.0) & (place < 0.9 * db.size)]
    if place.size < LEAST_LINES:
        return _Comb(1.0, 0, 0.0, 0.0)
    if taken_hz:
        db = db.copy()
        for f_hz in taken_hz:
            centre = round(f_hz / df_hz)
            db[max(centre - 2, 0) : centre + 3] = 0.0
    # half a bin at the highest harmonic
    steps = math.ceil(2.0 * SPAN * place[-1])
    ratios = 1.0 + SPAN * np.arange(-steps, steps + 1) / steps
    bins = np.rint(ratios[:, None] * place[None, :]).astype(np.intp)
    height = np.maximum.reduce([db[np.clip(bins + j, 0, db.size - 1)] for j in (-1, 0, 1)])
    height = np.where(height >= LINE_DB, np.minimum(height, CAP_DB), 0.0)
    score = height.sum(axis=1)
    best = float(score.max())
    # the middle of the ratios that do as well, the sharpest being those of the highest harmonics
    top = np.flatnonzero(score >= best - 1e-9)
    row = int(top[top.size // 2])
    near = np.abs(ratios - 1.0) <= TIGHT
    return _Comb(float(ratios[row]), int(np.count_nonzero(height[row])), best, float(score[near].max()))


def _beats_chance(
    comb: _Comb, db: Array, df_hz: float, base_hz: float, count: int, taken_hz: tuple[float, ...]
) -> bool:
    chance = np.median([_comb(db, df_hz, base_hz * factor, count, taken_hz).score for factor in DECOYS])
    return comb.score > ABOVE_CHANCE * float(chance)


def _by_count(size: int, rate_hz: float) -> float | None:
    """Customary rate near the declared one at which the samples are a whole number of seconds, if only there."""
    seconds = size / rate_hz
    if (abs(seconds - round(seconds)) < 1e-9 and round(seconds) > 0) or rate_hz in CUSTOMARY_HZ:
        return None
    for rate in CUSTOMARY_HZ:
        whole = round(size / rate)
        if 0.0 < abs(rate / rate_hz - 1.0) < SPAN and whole > 0 and size == whole * rate:
            return rate
    return None
