"""Watching many points for families of lines: probabilities, cheap enough for every point every second."""

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import LANES


@kernel
def lane_summaries(sums, extremes, watch, power, row, lane, scale, count, clipped_share, velocity, out):
    """Fill out : float64[14] with the features of one channel's window and return its flags.

    row, lane : where the channel's sums stand (see `lanes` and `solo`); scale : unit factor; velocity : whether
    power holds a velocity. Features: mean, rms, standard deviation, peak, crest, kurtosis, skewness, shape, impulse,
    clearance, peak to peak, zero crossings, velocity rms, readings that were no numbers. Flags: 1 nan, 2 constant,
    4 clipped. A window with a reading that was no number has no features: NaN survives.
    """
    step = watch.shape[1] // 5
    bad = np.float64(watch[row, lane])
    constant = watch[row, step + lane] >= watch[row, 2 * step + lane]
    resting = max(watch[row, 3 * step + lane], watch[row, 4 * step + lane])
    flags = 0
    if bad > 0.0:
        flags |= 1
    if constant:
        flags |= 2
    elif resting > clipped_share * count:
        flags |= 4
    for i in range(13):
        out[i] = np.nan
    out[13] = bad
    if bad > 0.0:
        return flags
    m1 = sums[row, lane] / count
    m2 = sums[row, 16 + lane] / count
    m3 = sums[row, 32 + lane] / count
    m4 = sums[row, 48 + lane] / count
    size = sums[row, 64 + lane] / count
    root = sums[row, 80 + lane] / count
    low = np.float64(extremes[row, lane])
    high = np.float64(extremes[row, LANES + lane])
    if step == 1:  # a channel alone: its extremes stand in all lanes
        for i in range(LANES):
            low = min(low, np.float64(extremes[row, i]))
            high = max(high, np.float64(extremes[row, LANES + i]))
    variance = m2 - m1 * m1
    rms = np.sqrt(m2)
    peak = max(-low, high)
    out[0] = scale * m1
    out[1] = scale * rms
    out[2] = scale * np.sqrt(max(variance, 0.0))
    out[3] = scale * peak
    out[10] = scale * (high - low)
    out[11] = sums[row, 96 + lane]
    if velocity:
        out[12] = scale * np.sqrt(power[row, lane] / count)
    if variance > 0.0 and not constant:
        # raw moments about zero to central ones; the mean is near zero behind a high-pass, nothing cancels
        c3 = m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1
        c4 = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1 * m1 * m1 * m1
        out[4] = peak / rms
        out[5] = c4 / (variance * variance)
        out[6] = c3 / (variance * np.sqrt(variance))
        out[7] = rms / size
        out[8] = peak / size
        out[9] = peak / (root * root)
    return flags


@kernel
def lane_line_chance(
    power, lane, bins, df_hz, shaft_hz, orders, tolerance, harmonics, independent, total, chance, found_hz
):
    """Natural logarithm of the probability that chance alone shows a family of lines as strong as this.

    power : float32[bins * 16]; orders : float64[families], base frequencies in units of shaft_hz; independent : how
    many neighbouring bins make one independent value (window and zero padding); total : work, float64[bins + 1];
    chance, found_hz : filled.

    For Gaussian noise the values are exponential about a smooth level. With the level taken from K neighbours the
    ratio r exceeds x with probability (1 + x / K)**-K (an F distribution with 2 and 2K degrees of freedom). The
    probabilities of the harmonics are joined by Fisher's rule, chi-square with two degrees of freedom each, and
    multiplied by the number of slips tried (Bonferroni): the true rate of false alarms lies below the one set.
    """
    total[0] = 0.0
    for k in range(bins):
        total[k + 1] = total[k] + power[LANES * k + lane]
    guard = int(np.ceil(2.0 * independent))
    reach = guard + int(np.ceil(12.0 * independent))
    neighbours = 2.0 * (reach - guard) / independent
    even = 2.0 ** (1.0 / neighbours)  # below it the probability would exceed 1
    for family in range(orders.shape[0]):
        base = orders[family] * shaft_hz
        chance[family] = 0.0
        found_hz[family] = base
        if not (base > 0.0 and shaft_hz > 0.0):
            continue
        top = harmonics * base / df_hz
        steps = max(int(np.ceil(tolerance * top / independent)), 1)
        for s in range(-steps, steps + 1):
            f = base * (1.0 + tolerance * s / steps)
            product = 1.0
            used = 0
            for h in range(1, harmonics + 1):
                at = h * f / df_hz
                k = int(np.round(at))
                if k + reach >= bins or k - reach < 0:
                    continue
                # a line that also is a shaft harmonic says nothing about a bearing
                turns = h * f / shaft_hz
                if abs(turns - np.round(turns)) * shaft_hz < guard * df_hz:
                    continue
                level = (total[k - guard] - total[k - reach] + total[k + reach + 1] - total[k + guard + 1]) / (
                    2.0 * (reach - guard)
                )
                if level <= 0.0:
                    continue
                half = max(int(np.round(0.5 * independent)), 1)
                peak = 0.0
                for i in range(k - half, k + half + 1):
                    peak = max(peak, np.float64(power[LANES * i + lane]))
                product *= max(1.0 + peak / level / neighbours, even)
                used += 1
            if used == 0:
                continue
            # minus the logarithms of the probabilities together, each 2 (1 + x / K)**-K: two independent chances
            # within the bins looked at; one logarithm for all harmonics
            statistic = neighbours * np.log(product) - used * np.log(2.0)
            # survival of chi-square with 2 * used degrees of freedom at 2 * statistic
            term = 1.0
            series = 1.0
            for i in range(1, used):
                term *= statistic / i
                series += term
            log_p = np.log(series) - statistic + np.log(2.0 * steps + 1.0)
            if log_p < chance[family]:
                chance[family] = log_p
                found_hz[family] = f


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""

    def line(n):
        return np.zeros(n, np.float32)

    return [
        (
            "lane_summaries",
            lambda: lane_summaries(
                np.zeros((1, 112)), np.zeros((1, 48), np.float32), np.zeros((1, 80), np.float32), np.zeros((1, 16)),
                0, 0, 1.0, 64, 0.1, False, np.zeros(14),
            ),
        ),
        (
            "lane_line_chance",
            lambda: lane_line_chance(
                line(64 * 16), 0, 64, 1.0, 5.0, np.ones(2), 0.02, 4, 1.5, np.zeros(65), np.zeros(2), np.zeros(2)
            ),
        ),
    ]  # fmt: skip
