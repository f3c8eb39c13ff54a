"""Rendering of many vibration channels, sixteen side by side: orders of the shaft, modes, impacts, sensor chain."""

from typing import NamedTuple

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.lanes import (
    INV_TWO_PI,
    PLACES,
    lane_amplifier,
    lane_contact,
    lane_digitise,
    lane_fir,
    lane_mode,
    lane_orders,
    lane_two_modes,
    order_gains,
)
from emulator.physics.kernels.noise import fill_electronics, fill_noise
from emulator.physics.kernels.order_rate import (
    AFTER,
    BEFORE,
    BETWEEN,
    CLASSES,
    TAPS,
    blend,
    lane_between,
    order_strides,
)
from emulator.physics.kernels.simd import LANES, fma, fnma, load, splat, store

TILE = 64  # samples; the working set of a tile then stays in a second-level cache, its hot part in the first


class Motion(NamedTuple):
    """A block of the shafts, by lane: g groups, k ticks.

    first int64[k+1], lead float64[k] : first sample of each tick and its time into it · speed float64[g, k+1, 16],
    frac float64[g, k, 16] [turns] at tick edges · level float32[g, k, 16] : impulse per sample of the broadband force
    """

    first: np.ndarray
    lead: np.ndarray
    speed: np.ndarray
    frac: np.ndarray
    level: np.ndarray


class Structure(NamedTuple):
    """What does not change, by group; see `lanes` for each. pole, hit float64[channels, 2, ...] serve impacts."""

    turning: np.ndarray  # float32[g, m, 2 * 16]
    place: np.ndarray  # float32[g, m, PLACES * 2 * 16]
    square: np.ndarray  # float32[g, m * 16]
    damping: np.ndarray
    inverse_mass: np.ndarray
    speed_ratio: np.ndarray  # float32[g, 16]
    line: np.ndarray  # float32[g, 2 * orders * 16]
    force: np.ndarray  # float32[g, 4 * orders * 16]
    contact_gain: np.ndarray  # float32[g, 3, 2 * 16]
    contact_decay: np.ndarray  # float32[3]
    contact_s: np.ndarray  # float64[3]
    contact_place: np.ndarray  # float32[PLACES, 2]
    pole: np.ndarray  # float64[g * 16, m, 2]
    hit_gain: np.ndarray  # float64[g * 16, 2, m, 2]
    key0: np.ndarray  # uint32[g, 16]
    key1: np.ndarray
    background: np.ndarray  # int64[g]: whether any of the group has a broadband force


class Sensor(NamedTuple):
    """The sensor chain, by group; float32 unless said otherwise."""

    mount: np.ndarray  # [g, (half + 1) * 16]
    anti_alias: np.ndarray
    gain: np.ndarray  # [g, 16]
    offset: np.ndarray
    white: np.ndarray
    pink: np.ndarray
    limit: np.ndarray
    full_scale: np.ndarray
    step: np.ndarray
    inverse_step: np.ndarray
    constant: np.ndarray  # [2]: of the high-pass, of the overload
    decay: np.ndarray  # [p]
    drive: np.ndarray
    mask: np.ndarray  # int64[p]


class State(NamedTuple):
    """What changes from sample to sample, float32; cursor int64[g] : the next event of each group."""

    z: np.ndarray  # [g, m, 2 * 16]
    s: np.ndarray  # [g, 3, 2 * 16]
    mount: np.ndarray  # [g, 2 * half * 16]
    anti_alias: np.ndarray
    amplifier: np.ndarray  # [g, 2 * 16]
    flicker: np.ndarray  # [g, p * 16]
    overload: np.ndarray  # [g, 16]
    cursor: np.ndarray


class Events(NamedTuple):
    """Impulses by group and sample: start int64[g+1]; sample, lane, kind (0 soft, 1 sharp) int64, late, impulse."""

    start: np.ndarray
    sample: np.ndarray
    lane: np.ndarray
    kind: np.ndarray
    late: np.ndarray
    impulse: np.ndarray
    tag: np.ndarray


@kernel
def _rung(a, b):
    """Return e^{a+jb} of float64 vectors for a modulus up to 4, to 1e-8: the eighth's series, squared three times."""
    eighth = splat(0.125)
    x, y = eighth * a, eighth * b
    re, im = splat(1.0 / 40320.0), splat(0.0)
    for c in (1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0):
        re, im = fnma(im, y, fma(re, x, splat(c))), fma(re, y, im * x)
    for _ in range(3):
        double = re * im
        re, im = fnma(im, im, re * re), double + double
    return re, im


@kernel
def _ring_up(count, events, grow, turn, gain_r, gain_i, size, modes, rung_r, rung_i):
    """Fill rung float32[modes, events] with size·gain·e^{grow+j·turn} of flat arrays, event by event, mode by mode."""
    for q in range(count, count + LANES):  # what earlier tiles left in lanes not in use
        grow[q] = turn[q] = 0.0
    for q in range(0, count, LANES):
        re, im = _rung(load(grow, q), load(turn, q))
        gr, gi, force = load(gain_r, q), load(gain_i, q), load(size, q)
        store(grow, q, force * fnma(gi, im, gr * re))
        store(turn, q, force * fma(gi, re, gr * im))
    q = 0
    for e in range(events):
        for j in range(modes):
            rung_r[j, e], rung_i[j, e] = grow[q], turn[q]
            q += 1


@kernel
def _clear(tile, count):
    for i in range(count * LANES):
        tile[i] = 0.0


@kernel
def _silent(s):
    loud = 0.0
    for i in range(s.shape[0]):
        loud += abs(s[i])
    return loud == 0.0


@kernel
def render(group0, group1, n0, count, rate, tick_s, chained, orders, motion, structure, sensor, state, events, out):
    """Fill out float32[count, channels] for the groups group0 … group1-1; one thread may do any share of them.

    chained 1: through the sensor chain; 0: acceleration plus white noise.
    """
    modes = structure.turning.shape[1]
    channels = out.shape[1]
    flat = out.reshape(out.size)
    half_mount = sensor.mount.shape[1] // LANES - 1
    half_filter = sensor.anti_alias.shape[1] // LANES - 1
    sample_s = 1.0 / rate
    step = np.float32(sample_s)
    x = np.empty(TILE * LANES, np.float32)
    background = np.empty(TILE * LANES, np.float32)
    electronics = np.empty(TILE * LANES, np.float32)
    line = np.empty((TILE + 2 * max(half_mount, half_filter)) * LANES, np.float32)
    gain = np.empty(2 * max(orders, 1) * LANES, np.float32)
    slope = np.empty(2 * max(orders, 1) * LANES, np.float32)
    room = 256
    row, lane = np.empty(room, np.int64), np.empty(room, np.int64)
    rung_r, rung_i = np.empty((modes, room), np.float32), np.empty((modes, room), np.float32)
    work = np.zeros((5, room * modes + LANES))
    struck_row, struck_lane = np.empty((2, room), np.int64), np.empty((2, room), np.int64)
    struck_0, struck_1 = np.empty((2, room), np.float32), np.empty((2, room), np.float32)
    struck = np.zeros((2, 2), np.int64)
    c1, c2 = np.empty(LANES), np.empty(LANES)
    other = np.empty(TILE * LANES, np.float32)
    stride = np.zeros(LANES, np.int64)
    coarse = np.empty((CLASSES, (TILE // 2 + TAPS + 1) * LANES), np.float32)
    low, high = np.zeros(CLASSES, np.int64), np.zeros(CLASSES, np.int64)
    for g in range(group0, group1):
        pushed = structure.background[g]
        tick = 0
        while motion.first[tick + 1] <= n0:
            tick += 1
        known = -1
        steady = 1
        n = n0
        while n < n0 + count:
            while motion.first[tick + 1] <= n:
                tick += 1
            end = min(n0 + count, motion.first[tick + 1], (n // TILE + 1) * TILE)
            many = end - n

            # random numbers
            if pushed:
                fill_noise(structure.key0[g], structure.key1[g], n, many, background, electronics)
            else:
                fill_electronics(structure.key0[g], structure.key1[g], n, many, electronics)

            # the shaft's own forces
            if orders > 0:
                if tick != known:
                    known = tick
                    w0, w1 = motion.speed[g, tick], motion.speed[g, tick + 1]
                    span = motion.first[tick + 1] - motion.first[tick]
                    order_strides(w0, w1, orders, rate, span, min(channels - g * LANES, LANES), stride)
                    high[:] = low  # nothing known of this tick
                    steady = 1
                    for c in range(LANES):
                        c1[c] = w0[c] * INV_TWO_PI
                        c2[c] = 0.5 * (w1[c] - w0[c]) / tick_s * INV_TWO_PI
                        if w1[c] != w0[c]:
                            steady = 0
                    order_gains(
                        w0, structure.speed_ratio[g], structure.square[g], structure.damping[g],
                        structure.inverse_mass[g], modes, structure.line[g], structure.force[g], gain, orders,
                    )  # fmt: skip
                    if steady == 0:
                        order_gains(
                            w1, structure.speed_ratio[g], structure.square[g], structure.damping[g],
                            structure.inverse_mass[g], modes, structure.line[g], structure.force[g], slope, orders,
                        )  # fmt: skip
                        for i in range(2 * orders * LANES):
                            slope[i] = slope[i] - gain[i]
                _orders_of_tile(
                    stride, low, high, coarse, motion.frac[g, tick], c1, c2, motion.lead[tick], sample_s, tick_s,
                    motion.first[tick], n, many, gain, slope, steady, orders, x, other,
                )  # fmt: skip
            else:
                _clear(x, many)

            # impacts of this tile: what each does to every mode at the first sample after it
            begun = state.cursor[g]
            stop = begun
            while stop < events.start[g + 1] and events.sample[stop] < end:
                stop += 1
            state.cursor[g] = stop
            fresh = stop - begun
            if fresh > room:
                room = 2 * fresh
                row, lane = np.empty(room, np.int64), np.empty(room, np.int64)
                rung_r, rung_i = np.empty((modes, room), np.float32), np.empty((modes, room), np.float32)
                work = np.zeros((5, room * modes + LANES))
                struck_row, struck_lane = np.empty((2, room), np.int64), np.empty((2, room), np.int64)
                struck_0, struck_1 = np.empty((2, room), np.float32), np.empty((2, room), np.float32)
            struck[0, 1] = struck[1, 1] = 0
            for e in range(fresh):
                at = begun + e
                row[e] = max(events.sample[at] - n, 0)
                c = events.lane[at]
                lane[e] = c
                kind = events.kind[at]
                late, size = events.late[at], events.impulse[at]
                who = g * LANES + c
                for j in range(modes):
                    q = e * modes + j
                    work[0, q], work[1, q] = structure.pole[who, j, 0] * late, structure.pole[who, j, 1] * late
                    work[2, q], work[3, q] = structure.hit_gain[who, kind, j, 0], structure.hit_gain[who, kind, j, 1]
                    work[4, q] = size
                q = struck[kind, 1]
                struck_row[kind, q], struck_lane[kind, q] = row[e], c
                faded = size * np.exp(-late / structure.contact_s[kind])
                struck_0[kind, q], struck_1[kind, q] = faded, faded * late
                struck[kind, 1] = q + 1
            _ring_up(
                fresh * modes, fresh, work[0], work[1], work[2], work[3], work[4], modes, rung_r, rung_i
            )  # fmt: skip

            j = 0
            while j < modes:
                two = j + 1 < modes
                if pushed == 0 and fresh == 0 and _silent(state.z[g, j]) and (not two or _silent(state.z[g, j + 1])):
                    pass  # adds nothing
                elif two:
                    lane_two_modes(
                        structure.turning[g, j : j + 2], structure.place[g, j : j + 2], pushed, state.z[g, j : j + 2],
                        motion.level[g, tick], background, n, many, fresh, row, lane, rung_r[j : j + 2],
                        rung_i[j : j + 2], x,
                    )  # fmt: skip
                else:
                    lane_mode(
                        structure.turning[g, j], structure.place[g, j], pushed, state.z[g, j], motion.level[g, tick],
                        background, n, many, fresh, row, lane, rung_r[j], rung_i[j], x,
                    )  # fmt: skip
                j += 2

            for kind in range(3):
                entry = pushed if kind == 2 else 0
                k = min(kind, 1)
                if kind == 2:
                    struck[k, 0] = struck[k, 1]  # the flow's contact has no single events
                if entry or struck[k, 1] > struck[k, 0] or not _silent(state.s[g, kind]):
                    lane_contact(
                        structure.contact_decay[kind], step, structure.contact_gain[g, kind], structure.contact_place,
                        entry, state.s[g, kind], motion.level[g, tick], background, n, many,
                        struck[k], struck_row[k], struck_lane[k], struck_0[k], struck_1[k], x,
                    )  # fmt: skip
                struck[k, 0] = 0

            if chained:
                _through(line, state.mount[g], sensor.mount[g], half_mount, many, x)
                lane_amplifier(
                    sensor.constant[0], sensor.gain[g], sensor.offset[g], sensor.white[g], sensor.pink[g],
                    electronics, sensor.decay, sensor.drive, sensor.mask, state.flicker[g], structure.key0[g],
                    structure.key1[g], state.amplifier[g], n, many, line, x,
                )  # fmt: skip
                _through(line, state.anti_alias[g], sensor.anti_alias[g], half_filter, many, x)
                lane_digitise(
                    sensor.limit[g], sensor.constant[1], sensor.full_scale[g], sensor.step[g],
                    sensor.inverse_step[g], state.overload[g], many, x,
                )  # fmt: skip
            else:
                sigma = load(sensor.white[g], 0)
                for i in range(many):
                    store(x, LANES * i, fma(sigma, load(electronics, LANES * i), load(x, LANES * i)))

            base = (n - n0) * channels + g * LANES
            if channels - g * LANES >= LANES:
                for i in range(many):
                    store(flat, base + i * channels, load(x, LANES * i))
            else:
                for i in range(many):
                    for c in range(channels - g * LANES):
                        flat[base + i * channels + c] = x[LANES * i + c]
            n = end


@kernel
def _orders_of_tile(
    stride, low, high, coarse, frac, c1, c2, lead, sample_s, tick_s, first, n, count, gain, slope, steady, orders, x, y
):  # fmt: skip
    """Write the orders to tile x, each lane by its stride; coarse rows low … high-1 of this tick are known, by class.

    Times count from the tick in whole samples: no cut shows in them. y is a spare tile.
    """
    done = False
    for shift in range(CLASSES + 1):
        step = 1 << shift
        wanted = False
        for c in range(LANES):
            wanted = wanted or stride[c] == step
        if not wanted:
            continue
        tile = y if done else x
        if shift == 0:
            lane_orders(frac, c1, c2, lead, sample_s, tick_s, n - first, 1, count, gain, slope, steady, orders, tile)
        else:
            k = shift - 1
            rows = coarse[k]
            begin, end = (n >> shift) - BEFORE, ((n + count - 1) >> shift) + AFTER + 1
            if high[k] > low[k]:
                keep = high[k] - begin
                shown = (begin - low[k]) * LANES
                for i in range(keep * LANES):
                    rows[i] = rows[shown + i]
            else:
                high[k] = begin
                keep = 0
            low[k] = begin
            if end > high[k]:
                lane_orders(
                    frac, c1, c2, lead, sample_s, tick_s, (high[k] << shift) - first, step, end - high[k],
                    gain, slope, steady, orders, rows[keep * LANES :],
                )  # fmt: skip
                high[k] = end
            lane_between(rows, begin, shift, BETWEEN, n, count, tile)
        if done:
            blend(stride, step, y, count, x)
        done = True


@kernel
def _through(line, history, taps, half, count, x):
    """Filter a tile in place by symmetric taps, keeping the rows the next one needs."""
    size = history.shape[0]
    line[:size] = history
    line[size : size + count * LANES] = x[: count * LANES]
    lane_fir(taps, half, line, count, x)
    history[:] = line[count * LANES : count * LANES + size]


__all__ = ["LANES", "PLACES", "TILE", "Events", "Motion", "Sensor", "State", "Structure", "render"]
