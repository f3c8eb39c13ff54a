"""Many measuring points, one walk through their samples: every stage works on a tile while it is in the cache.

Tiles of 64 samples start at the beginning of a window and go through every stage whole; samples that do not fill
one wait in it. So nothing depends on how the samples arrive.
"""

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import LANES, ahead, load, store
from twin.dsp.kernels.fft import SILENT, lane_fluctuation_power
from twin.dsp.kernels.lanes import (
    lane_envelope,
    lane_features,
    lane_high_pass,
    lane_inspect,
    lane_power_wide,
    lane_unit_biquads,
)
from twin.dsp.kernels.solo import solo_envelope, solo_features, solo_inspect, solo_power, solo_unit_biquads
from twin.dsp.kernels.watch import lane_line_chance, lane_summaries

TILE = 64
SPEED = 32
"""Flag of a channel whose speed is unknown, not positive or moved."""


@kernel
def lanes_advance(
    x, channels, start, rows, position, window, factor, first, last,
    tiles, held, watch, hp, hp_state, sums, extremes, speed, speed_state, power, band, band_state, taps, history, env,
):  # fmt: skip
    """Take rows samples of the groups first … last; position : samples of this window taken before.

    x : float32[samples * channels], samples side by side; start : first row. The other arrays have one row per
    group of 16 channels; their contents are those of the kernels in `lanes`. A tile is processed when it is full
    or when the window ends with it. env : float32[groups, window / factor * 16].
    """
    for g in range(first, last):
        tile = tiles[g]
        column = g * LANES
        whole = column + LANES <= channels
        at = position
        row = start
        end = start + rows
        while row < end:
            fill = at % TILE
            take = min(TILE - fill, end - row)
            if whole:
                for i in range(take):
                    # Rows lie a page or so apart where there are many channels: no hardware guesses the next one.
                    ahead(x, min(row + i + TILE, end - 1) * channels + column)
                    store(tile, LANES * (fill + i), load(x, (row + i) * channels + column))
            else:
                for i in range(take):
                    for lane in range(channels - column):
                        tile[LANES * (fill + i) + lane] = x[(row + i) * channels + column + lane]
            at += take
            row += take
            n = fill + take
            if n == TILE or at == window:
                lane_inspect(tile, n, held[g], watch[g])
                if speed.shape[1] > 0:
                    lane_power_wide(speed[g], speed_state[g], tile, n, power[g])
                lane_high_pass(hp[g], hp_state[g], tile, n)
                lane_features(tile, n, sums[g], extremes[g])
                before = at - n
                lane_unit_biquads(
                    band[g], band_state[g], tile, n, history[g], taps.shape[1] // 2 - LANES
                )  # fmt: skip
                lane_envelope(
                    taps[g], history[g], n, factor - 1 - before % factor, factor, env[g],
                    before // factor * LANES, LANES,
                )  # fmt: skip


@kernel
def solo_advance(
    x, channels, start, rows, position, window, factor, first, last,
    tiles, watch, filters, gains, filter_states, sums, extremes, speed, speed_state, power, taps, history, env,
    mid, out,
):  # fmt: skip
    """Like `lanes_advance` for few channels, one after the other; arrays have one row per channel.

    filters : float64[channels, passes * 15], the high-pass first; gains : float64[channels] of the high-pass;
    speed : float64[channels, sections * 5] or none;
    env : float32[groups, window / factor * 16], laid out as `lanes_advance` does; mid, out : scratch
    float32[channels, 65].
    """
    for c in range(first, last):
        tile = tiles[c]
        at = position
        row = start
        end = start + rows
        while row < end:
            fill = at % TILE
            take = min(TILE - fill, end - row)
            for i in range(take):
                tile[1 + fill + i] = x[(row + i) * channels + c]
            at += take
            row += take
            n = fill + take
            if n == TILE or at == window:
                solo_inspect(tile, n, watch[c])
                clean = mid[c]
                through = out[c]
                if speed.shape[1] > 0:
                    power[c, 0] += solo_power(speed[c], speed_state[c], tile, n)
                last_sample = tile[n]
                solo_unit_biquads(filters[c, :15], filter_states[c, :10], gains[c], tile, 1, n, clean[1:], through)
                for p in range(1, filters.shape[1] // 15):
                    solo_unit_biquads(
                        filters[c, 15 * p : 15 * p + 15], filter_states[c, 10 * p : 10 * p + 10], 1.0,
                        through, 0, n, tile, through,
                    )  # fmt: skip
                tile[0] = last_sample
                solo_features(clean, n, sums[c], extremes[c])
                clean[0] = clean[n]
                done = at - n
                kept = solo_envelope(
                    taps[c], history[c], through, n, factor - 1 - done % factor, factor, tile[1:], 0
                )  # fmt: skip
                for m in range(kept):
                    env[c // LANES, (done // factor + m) * LANES + c % LANES] = tile[1 + m]


@kernel
def pipeline_finish(
    channels, lanes, count, values, first, last,
    sums, extremes, watch, power, velocity, scale, clipped_share, features, flags,
    env, transform, window, twiddle, half_turn, a, b, mean, spectrum,
    df_hz, slowest, fastest, steady, extra, orders, tolerance, harmonics, independent, total, chance, found_hz,
):  # fmt: skip
    """End a window of the groups first … last: features, flags, envelope spectra, chance of every family; start anew.

    count : samples, values : envelope values of the window; lanes : whether sums stand side by side or alone.
    transform : whether to fill mean and spectrum, or they are filled already;
    a, b, total : work of this thread; slowest, fastest : float64[channels], shaft speed in the window [Hz], made
    ready for the next; steady : relative change allowed; extra : flags all channels get; chance, found_hz :
    float64[channels, families], families at orders : float64[channels, families] of the mean speed.
    """
    for g in range(first, last):
        if transform:
            lane_fluctuation_power(env[g], values, window, twiddle, half_turn, a, b, mean[g], spectrum[g])
        bins = spectrum.shape[1] // LANES
        for lane in range(min(LANES, channels - g * LANES)):
            c = g * LANES + lane
            row = g if lanes else c
            at = lane if lanes else 0
            flags[c] = lane_summaries(
                sums, extremes, watch, power, row, at, scale[c], count, clipped_share, velocity, features[c]
            )
            flags[c] |= extra
            shaft = 0.5 * (slowest[c] + fastest[c])
            # written so that NaN, an unknown speed, fails it
            if not (slowest[c] > 0.0 and fastest[c] - slowest[c] <= steady * fastest[c]):
                flags[c] |= SPEED
            slowest[c] = np.inf
            fastest[c] = -np.inf
            for f in range(orders.shape[1]):
                chance[c, f] = 0.0
            if flags[c] == 0 and mean[g, lane] > SILENT:
                lane_line_chance(
                    spectrum[g], lane, bins, df_hz, shaft, orders[c], tolerance, harmonics,
                    independent, total, chance[c], found_hz[c],
                )  # fmt: skip
        for row in range(g if lanes else g * LANES, g + 1 if lanes else min(g * LANES + LANES, channels)):
            width = watch.shape[1] // 5
            for i in range(sums.shape[1]):
                sums[row, i] = 0.0
            for i in range(LANES):
                power[row, i] = 0.0
                extremes[row, i] = np.float32(np.inf)
                extremes[row, LANES + i] = np.float32(-np.inf)
            for i in range(width):
                watch[row, i] = np.float32(0.0)
                watch[row, width + i] = np.float32(np.inf)
                watch[row, 2 * width + i] = np.float32(-np.inf)
                watch[row, 3 * width + i] = np.float32(0.0)
                watch[row, 4 * width + i] = np.float32(0.0)


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""

    def single(*shape):
        return np.zeros(shape, np.float32)

    def double(*shape):
        return np.zeros(shape)

    return [
        (
            "lanes_advance",
            lambda: lanes_advance(
                single(32), 16, 0, 2, 0, 64, 8, 0, 1, single(1, 1024), single(1, 16), single(1, 80), double(1, 64),
                double(1, 32), double(1, 112), single(1, 48), double(1, 80), double(1, 32), double(1, 16),
                single(1, 96), single(1, 32), single(1, 64), single(1, 1040), single(1, 128),
            ),
        ),
        (
            "solo_advance",
            lambda: solo_advance(
                single(2), 1, 0, 2, 0, 64, 8, 0, 1, single(1, 65), single(1, 5), double(1, 15), double(1),
                double(1, 10), double(1, 112), single(1, 48), double(1, 10), double(1, 4), double(1, 16), single(1, 32),
                single(1, 79), single(1, 128), single(1, 65), single(1, 65),
            ),
        ),
        (
            "pipeline_finish",
            lambda: pipeline_finish(
                1, True, 64, 8, 0, 1, double(1, 112), single(1, 48), single(1, 80), double(1, 16), False, double(1),
                0.1, double(1, 14), np.zeros(1, np.int64), single(1, 128), True, single(8), single(16), single(18),
                single(256), single(256), double(1, 16), single(1, 144), 1.0, double(1), double(1),
                0.01, 0, double(1, 4), 0.02, 4, 1.5,
                double(10), double(1, 4), double(1, 4),
            ),
        ),
    ]  # fmt: skip
