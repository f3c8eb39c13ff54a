"""Shaft speed without a tacho: from a family of harmonics of the shaft or of its gear mesh.

Coarse by the ridge of the family in short-time spectra (`ridge`), fine by the phase of each harmonic demodulated
with the coarse track (Bonnardot et al. 2005, MSSP 19; Urbanek et al. 2011, MSSP 25 for the two stages). It says
how sure it is, and abstains with a reason where it cannot be.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.dsp.angular import to_angle
from twin.dsp.ridge import RidgeGrid, best_path, null_scores, ridge_grid, ridge_scores
from twin.dsp.spectrum import fast_length, hann

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SIGMAS = 7.0
"""Standard deviations of the noise's best path by which a ridge must stand above its mean."""
RIVAL = 0.62
"""Share of the best path's height that another may reach before the speed is called ambiguous (half the speed: 0.5)."""
LEAST_SNR = 4.0
"""Power of a demodulated harmonic over the power beside it, below which it does not count."""
SMOOTHING = 2.5
"""Length of the window in which the angle is a cubic, in frames of the ridge."""
FILTER_SHARE = 0.25
"""Longest filter of a harmonic, as a share of that window."""
WORST_STD = 0.02
"""Relative standard deviation of the speed beyond which nothing is said."""


@dataclass(frozen=True, slots=True)
class SpeedTrack:
    """A speed track, or why there is none.

    Parameters
    ----------
    speed_hz : float64[n], at every sample; empty when reason is given
    revs : float64[n], its integral by phase [rev], zero at the first sample
    std_hz : float64[n], standard deviation of speed_hz from the noise beside the harmonics. It grows towards the
        ends; it does not hold phase that the machine itself adds (a resonance passed, modulation of the mesh)
    ridge_sigmas : how far the ridge stands above noise, in standard deviations of the noise's own best path
    orders_used : the harmonics that were strong enough to carry the phase
    reason : why the speed cannot be said, None when it can
    """

    speed_hz: Array = field(repr=False)
    revs: Array = field(repr=False)
    std_hz: Array = field(repr=False)
    ridge_sigmas: float
    orders_used: tuple[float, ...]
    reason: str | None


def track_speed(
    x: Array,
    rate_hz: float,
    low_hz: float,
    high_hz: float,
    *,
    orders: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0),
    max_slope_hz_s: float | None = None,
) -> SpeedTrack:
    """Follow the shaft speed within a known range.

    Parameters
    ----------
    x : float64[n], vibration (or current, sound), any unit
    rate_hz : its sample rate
    low_hz, high_hz : range the shaft speed is known to stay in; a narrow one is the best help
    orders : harmonics of the shaft that the machine shows: 1, 2, 3, 4, or teeth and 2·teeth of a gear. With a
        single order any line in its range may be taken for the shaft
    max_slope_hz_s : fastest change of speed; (high_hz - low_hz) per half of the record when None

    Raises
    ------
    ValueError
        If the range, the orders or the slope make no sense at this rate, or x is not finite, constant, or too
        short for four frames at the lowest speed.
    """
    x = np.asarray(x, dtype=np.float64)
    family = np.sort(np.asarray(orders, dtype=np.float64))
    slope = 2.0 * (high_hz - low_hz) * rate_hz / max(x.size, 1) if max_slope_hz_s is None else max_slope_hz_s
    _check(x, rate_hz, low_hz, high_hz, family, slope)
    band, band_rate = _band(x, rate_hz, 0.4 * float(family[0]) * low_hz, 1.6 * float(family[-1]) * high_hz)
    grid = ridge_grid(band_rate, low_hz, high_hz, family, slope)
    if band.size < grid.size + 3 * grid.hop:
        raise ValueError(
            f"{x.size / rate_hz:.3g} s are too short: four frames of {grid.size / band_rate:.3g} s (six periods of the "
            f"family at {low_hz:g} Hz) need {(grid.size + 3 * grid.hop) / band_rate:.3g} s"
        )
    scores = ridge_scores(band, grid)
    path, height = best_path(scores, grid.reach)
    mean, spread = null_scores(grid, scores.shape[0])
    sigmas = (height - mean) / spread
    reason = _doubt(scores, path, height, mean, spread, grid)
    if reason is not None:
        return _abstain(sigmas, reason)
    centres = (np.arange(path.size) * grid.hop + 0.5 * (grid.size - 1)) / band_rate
    coarse = _along(np.arange(band.size) / band_rate, np.asarray(centres), grid.speeds_hz[path])
    return _refined(band, grid, coarse, x.size, rate_hz, sigmas)


def _check(x: Array, rate_hz: float, low_hz: float, high_hz: float, family: Array, slope: float) -> None:
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"rate_hz = {rate_hz} must be positive")
    if not (math.isfinite(low_hz) and math.isfinite(high_hz) and 0.0 < low_hz < high_hz):
        raise ValueError(f"speed range {low_hz} … {high_hz} Hz must be positive and rise; a shaft at rest has no lines")
    if family.size == 0 or not np.all(np.isfinite(family)) or family[0] <= 0.0 or np.any(np.diff(family) <= 0.0):
        raise ValueError(f"orders {tuple(family)} must be positive and different, such as (1, 2, 3)")
    if not (math.isfinite(slope) and slope > 0.0):
        raise ValueError(f"max_slope_hz_s = {slope} must be positive; 0.1 for a machine at steady speed")
    if family[-1] * high_hz > rate_hz / 2.56:
        raise ValueError(
            f"order {family[-1]:g} at {high_hz:g} Hz lies above 1/2.56 of the sample rate {rate_hz:g} Hz; "
            "use lower orders or a faster record"
        )
    if not np.all(np.isfinite(x)):
        raise ValueError("x holds NaN or infinity; cut the record there")
    if x.size < 2 or float(np.ptp(x)) == 0.0:
        raise ValueError("x is empty or constant: no harmonics to follow; check the channel")


def _band(x: Array, rate_hz: float, low_hz: float, top_hz: float) -> tuple[Array, float]:
    """Cut the family's band out of x, at about five samples per period of its top."""
    # mirrored through its end points, so that cutting the band does not join the end to the beginning
    margin = min(x.size - 1, round(0.25 * x.size))
    mirrored = np.concatenate([2.0 * x[0] - x[margin:0:-1], x, 2.0 * x[-1] - x[-2 : -2 - margin : -1]])
    share = min(5.0 * top_hz / 1.6 / rate_hz, 1.0)
    length = min(fast_length(math.ceil(share * mirrored.size)), mirrored.size)
    duration = mirrored.size / rate_hz
    spectrum = np.fft.rfft(mirrored - mirrored.mean())
    piece = spectrum[: length // 2 + 1].copy()
    piece[: math.ceil(low_hz * duration)] = 0.0
    piece[math.ceil(top_hz * duration) :] = 0.0
    band_rate = length / duration
    begin = margin / rate_hz * band_rate
    # the band's samples fall beside those of x: shift by a fraction of one, so that both begin together
    piece *= np.exp(2j * np.pi * np.arange(piece.size) * (begin - math.floor(begin)) / length)
    band = np.fft.irfft(piece, length) * (length / mirrored.size)
    first = math.floor(begin)
    return np.asarray(band[first : first + math.ceil(x.size / rate_hz * band_rate) + 1]), band_rate


def _doubt(
    scores: Array, path: NDArray[np.int64], height: float, mean: float, spread: float, grid: RidgeGrid
) -> str | None:
    """Say why a path is not to be trusted, or None."""
    if height < mean + SIGMAS * spread:
        return (
            f"the ridge is weak: {(height - mean) / spread:.1f} standard deviations above the best path in noise, "
            f"{SIGMAS:g} are needed; the lines are absent, or the speed changes too fast for frames of "
            f"{grid.size / grid.rate_hz:.3g} s"
        )
    along = scores[np.arange(path.size), path]
    # over five frames a path in noise keeps near the mean of noise; one that is lost for longer sinks to it
    local = np.convolve(along, np.full(5, 0.2), mode="valid") if path.size >= 5 else np.array([along.mean()])
    if float(local.min()) < mean:
        at = (int(local.argmin()) + 2) * grid.hop / grid.rate_hz
        return f"the ridge is lost around {at:.2f} s: no stronger there than in noise; use the parts before and after"
    if path.size > 5 and np.mean(np.abs(path[5:] - path[:-5]) > 4.5 * grid.reach) > 0.1:
        limit = grid.reach * grid.rate_hz / grid.hop * float(grid.speeds_hz[1] - grid.speeds_hz[0])
        return f"the speed changes as fast as was allowed ({limit:.3g} Hz/s); raise max_slope_hz_s"
    if np.mean((path == 0) | (path == grid.speeds_hz.size - 1)) > 0.1:
        return (
            f"the ridge runs along the edge of the range {grid.speeds_hz[0]:g} … {grid.speeds_hz[-1]:.4g} Hz; widen it"
        )
    mask = math.ceil(2.0 * grid.rate_hz / grid.size / float(grid.orders[0]) / (grid.speeds_hz[1] - grid.speeds_hz[0]))
    others = np.where(np.abs(np.arange(grid.speeds_hz.size) - path[:, None]) <= mask, np.minimum(scores, 0.0), scores)
    rival, other = best_path(others, grid.reach)
    if other - mean > RIVAL * (height - mean):
        return (
            f"ambiguous: speeds around {grid.speeds_hz[path].mean():.3g} Hz and {grid.speeds_hz[rival].mean():.3g} Hz "
            "explain the lines about as well; narrow the range or name more orders"
        )
    return None


def _other_reading(orders: Array, used: list[int]) -> str | None:
    """Say why the harmonics that are there do not make this speed the only one, or None."""
    if orders.size > 1 and len(used) < 2:
        return f"only order {orders[used[0]]:g} is there: any single line would look like it; name other orders"
    for factor in range(2, math.floor(float(orders[-1] / orders[0])) + 1):
        if all(np.any(np.isclose(orders[k] / factor, orders)) for k in used):
            names = ", ".join(f"{orders[k]:g}" for k in used)
            return (
                f"only the orders {names} are there: the shaft may as well turn {factor} times as fast; widen the range"
            )
    return None


def _abstain(sigmas: float, reason: str) -> SpeedTrack:
    nothing = np.empty(0)
    return SpeedTrack(nothing, nothing, nothing, sigmas, (), reason)


def _along(t: Array, centres: Array, values: Array) -> Array:
    """Interpolate between frames, with the slope of the outer frames carried on to the ends."""
    out = np.interp(t, centres, values)
    count = min(4, centres.size)
    for part, side in ((t < centres[0], slice(0, count)), (t > centres[-1], slice(-count, None))):
        line = np.polyfit(centres[side], values[side], 1)
        out[part] = np.maximum(np.polyval(line, t[part]), 0.5 * float(values.min()))
    return out


def _refined(band: Array, grid: RidgeGrid, coarse: Array, n: int, rate_hz: float, sigmas: float) -> SpeedTrack:
    """Correct the angle by the phase of the harmonics, in the angle domain, where the family stands still."""
    from scipy.signal import savgol_filter

    rate = grid.rate_hz
    revs = np.concatenate([[0.0], np.cumsum(0.5 * (coarse[1:] + coarse[:-1]))]) / rate
    per_rev = math.ceil(5.0 * float(grid.orders[-1]))
    smooth_s = min(SMOOTHING * grid.size / rate, 0.9 * band.size / rate)
    smooth_revs = smooth_s * float(coarse.mean())
    blur = round(smooth_revs * per_rev)
    width = round(smooth_s * rate) // 2 * 2 - 1
    # a Hann filter of this length has zeros at the neighbouring harmonics; as the angle gets better it may be longer
    shortest = 2.0 / grid.spacing
    longest = max(shortest, FILTER_SHARE * smooth_revs)
    for filter_revs in (shortest, math.sqrt(shortest * longest), longest):
        size = max(round(filter_revs * per_rev), 4)
        sampled = to_angle(band, revs, per_rev)
        lines = [_demodulated(sampled, float(order) / per_rev, size) for order in grid.orders]
        # half-way to the neighbours a filter of twice the shortest length has its zeros
        clear = max(size, round(2.0 * shortest * per_rev))
        beside = [
            _power(_demodulated(sampled, (float(order) + sign * 0.5 * grid.spacing) / per_rev, clear), blur)
            * (clear / size)
            for order in grid.orders
            for sign in (-1.0, 1.0)
        ]
        noise = [0.5 * (low + high) for low, high in zip(beside[::2], beside[1::2], strict=True)]
        carrier = [np.maximum(_power(line, blur) - n0, 0.0) for line, n0 in zip(lines, noise, strict=True)]
        snr = np.array([float(np.mean(c) / np.mean(n0)) for c, n0 in zip(carrier, noise, strict=True)])
        # while the filter is wide the best harmonic leads; what counts is what stands out in the end
        used = [k for k in range(snr.size) if snr[k] > LEAST_SNR] or [int(np.argmax(snr))]
        phase, used = _joint_phase(lines, grid.orders, snr, used)
        # smoothed is the whole angle, over time: what the coarse track got wrong must not stay in
        angle = np.arange(phase.size) / per_rev
        whole = revs + np.interp(revs, angle, phase)
        information = np.sum([grid.orders[k] ** 2 * carrier[k] / noise[k] for k in used], axis=0)
        information = np.interp(revs, angle, information)
        revs = savgol_filter(whole, width, 3, mode="interp")
        speed = savgol_filter(whole, width, 3, deriv=1, delta=1.0 / rate, mode="interp")
        worst = max(used, key=lambda k: snr[k])
        blurred = float(np.std(whole - revs)) * 2.0 * math.pi * float(grid.orders[worst])
        if blurred > 3.0 * math.sqrt(0.5 / snr[worst]) + 0.1:
            return _abstain(sigmas, f"the speed changes too fast for a window of {width / rate:.3g} s")
        if float(speed.min()) <= 0.0 or float(np.diff(revs).min()) <= 0.0:
            return _abstain(sigmas, "the phase of the harmonics runs backwards: the lines do not belong to one shaft")
        revs -= revs[0]
        std = _speed_std(information, filter_revs / speed, width / rate, rate)
        # what a window of half the length sees more of than its larger noise (8 times the variance) is bend
        half = savgol_filter(whole, width // 4 * 2 + 1, 3, deriv=1, delta=1.0 / rate, mode="interp")
        std = np.sqrt(std**2 + np.maximum(_moving_mean((half - speed) ** 2, width) - 7.0 * std**2, 0.0))
    if snr[used].max() <= LEAST_SNR:
        return _abstain(
            sigmas, f"no harmonic stands {10 * math.log10(LEAST_SNR):.0f} dB above what is beside it after tracking"
        )
    if (alone := _other_reading(grid.orders, used)) is not None:
        return _abstain(sigmas, alone)
    if float(np.median(std / speed)) > WORST_STD:
        return _abstain(sigmas, f"the speed is uncertain by more than {100 * WORST_STD:g} % after tracking")
    at, own = np.arange(n) / rate_hz, np.arange(band.size) / rate
    return SpeedTrack(
        np.interp(at, own, speed),
        np.interp(at, own, revs),
        np.interp(at, own, std),
        sigmas,
        tuple(float(grid.orders[k]) for k in used),
        None,
    )


def _demodulated(sampled: Array, cycles: float, size: int) -> ComplexArray:
    window = hann(size + 1)[1:]  # odd in effect: the centre is a sample
    window = window if window.size % 2 else window[:-1]
    low = np.convolve(sampled * np.exp(-2j * np.pi * cycles * np.arange(sampled.size)), window, mode="same")
    return np.asarray(low / np.convolve(np.ones(sampled.size), window, mode="same"))


def _power(line: ComplexArray, size: int) -> Array:
    return np.maximum(_moving_mean(np.abs(line) ** 2, size), np.finfo(float).tiny)


def _moving_mean(x: Array, size: int) -> Array:
    window = np.ones(min(size, x.size))
    return np.asarray(np.convolve(x, window, mode="same") / np.convolve(np.ones(x.size), window, mode="same"))


def _joint_phase(lines: list[ComplexArray], orders: Array, snr: Array, used: list[int]) -> tuple[Array, list[int]]:
    """Shaft angle error [rev] from the harmonics, weighted by what each knows of it; slipped ones are left out."""
    angle = {k: np.unwrap(np.angle(lines[k])) / (2.0 * np.pi * orders[k]) for k in used}
    best = max(used, key=lambda k: snr[k])
    lead = angle[best] - angle[best].mean()
    kept = [k for k in used if np.std(angle[k] - lead) * 2.0 * np.pi * orders[k] < 1.0 or k == best]
    weights = np.array([snr[k] * orders[k] ** 2 for k in kept])
    joint = np.average([angle[k] - angle[k].mean() for k in kept], axis=0, weights=weights)
    return np.asarray(joint), kept


def _speed_std(information: Array, filter_s: Array, window_s: float, rate_hz: float) -> Array:
    """Give the standard deviation [Hz] of the slope of a cubic fitted to the noisy angle over a window.

    A harmonic of power C in noise of density n0 has white phase noise of density n0/(2C); the variance of a
    polynomial's slope at s in (-1, 1) of its window is the sum of (2k+1) P_k'(s)² over Legendre's P_k.
    """
    n = information.size
    from_end = np.minimum(np.arange(n), np.arange(n)[::-1]) / rate_hz
    s = np.maximum(1.0 - 2.0 * from_end / window_s, 0.0)
    shape = 3.0 + 5.0 * (3.0 * s) ** 2 + 7.0 * (7.5 * s**2 - 1.5) ** 2
    # noise was measured behind a Hann filter of equivalent width 1.5/filter_s
    density = filter_s / 1.5 / (2.0 * np.maximum(information, 1e-12))
    return np.asarray(np.sqrt(density / window_s * (2.0 / window_s) ** 2 * shape) / (2.0 * np.pi))
