"""Impacts of many bearings on many channels: trains of passages, and the order in which each channel hears them."""

import math
from typing import NamedTuple

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.impacts import passages
from emulator.physics.kernels.philox import TWO_PI, philox_uniform
from emulator.physics.kernels.simd import LANES

FIXED, TURNING, ROLLING = 0, 1, 2  # the spall stands, turns with the shaft, goes round with the cage


class Trains(NamedTuple):
    """One spalled surface each, float64 unless said otherwise; to_go and index change.

    order, lag_order : passages per turn without slip, and what a relative lag of the cage of 1 would add · cage : turns
    of the cage per turn · slip : lag at the reference load · delay_s : from entry to exit at 1 turn/s and 1 mm
    """

    shaft: np.ndarray  # int64
    zone: np.ndarray  # int64
    order: np.ndarray
    lag_order: np.ndarray
    cage: np.ndarray
    slip: np.ndarray
    sigma: np.ndarray
    reference_n: np.ndarray
    impulse: np.ndarray  # N·s at 1 mm
    entry: np.ndarray
    load_zone: np.ndarray
    angle: np.ndarray
    scatter: np.ndarray
    delay_s: np.ndarray
    key: np.ndarray  # int64[s, 4]: of slip, of scatter
    width_mm: np.ndarray
    to_go: np.ndarray  # [s, 2]
    index: np.ndarray  # int64[s]


@kernel
def angles(speed, tick_s, frac0, frac):
    """Fill frac float64[shafts, k+1] [turns]: each shaft's angle at tick edges, whole turns off."""
    for h in range(speed.shape[0]):
        at = frac0[h]
        for i in range(speed.shape[1]):
            frac[h, i] = at
            if i + 1 < speed.shape[1]:
                at += 0.5 * (speed[h, i] + speed[h, i + 1]) * tick_s / TWO_PI
                at -= math.floor(at)


@kernel
def strike(speed, revs0, frac0, load_n, tick_s, trains, source, tick, offset, impulse, kind, number):
    """Fill the impulses of a block (entry, then exit of each passage); return how many.

    speed float64[shafts, k+1], load_n float64[shafts, k] · revs0 int64, frac0 float64 [shafts]
    """
    count = 0
    ticks = speed.shape[1] - 1
    order = np.empty(ticks)
    turned = np.empty(ticks)
    whole = np.empty(ticks, np.int64)
    room = tick.shape[0]
    p_tick, p_offset, p_number = np.empty(room, np.int64), np.empty(room), np.empty(room, np.int64)
    for s in range(trains.shaft.shape[0]):
        h = trains.shaft[s]
        w = speed[h]
        at = frac0[h]
        revs = revs0[h]
        for i in range(ticks):
            lag = trains.slip[s] * min(math.sqrt(trains.reference_n[s] / max(load_n[h, i], 1.0)), 4.0)
            order[i] = trains.order[s] + trains.lag_order[s] * lag
            turned[i], whole[i] = at, revs
            at += 0.5 * (w[i] + w[i + 1]) * tick_s / TWO_PI
            more = math.floor(at)
            at -= more
            revs += np.int64(more)
        many = passages(
            w, tick_s, order, trains.sigma[s], 1, trains.key[s, 0], trains.key[s, 1], trains.to_go[s],
            trains.index[s : s + 1], p_tick, p_offset, p_number,
        )  # fmt: skip
        width = trains.width_mm[s]
        if width <= 0.0:
            continue
        strength = trains.impulse[s] * width**1.2
        for p in range(many):
            if count + 2 > room:
                break
            i, t = p_tick[p], p_offset[p]
            slope = (w[i + 1] - w[i]) / tick_s
            angle = trains.angle[s]
            if trains.zone[s] != FIXED:
                angle = TWO_PI * turned[i] + (w[i] + 0.5 * slope * t) * t
                if trains.zone[s] == ROLLING:
                    share = trains.cage[s] * (1.0 - trains.slip[s])
                    angle = share * angle + TWO_PI * ((share * whole[i]) % 1.0)
            q = max(1.0 - (1.0 - math.cos(angle)) / (2.0 * trains.load_zone[s]), 0.0)
            draw = 2.0 * philox_uniform(trains.key[s, 2], trains.key[s, 3], p_number[p]) - 1.0
            size = strength * load_n[h, i] / trains.reference_n[s]
            size *= q * math.sqrt(q) * (1.0 + trains.scatter[s] * draw)
            hz = max(abs(w[i] + slope * t) / TWO_PI, 1e-3)
            for part in range(2):
                source[count], tick[count], number[count], kind[count] = s, i, p_number[p], part
                offset[count] = t + part * trains.delay_s[s] * width / hz
                impulse[count] = size if part == 1 else -trains.entry[s] * size
                count += 1
    return count


@kernel
def deliver(
    count, source, tick, offset, impulse, kind, number, first, lead, rate, link_start, link_channel, link_gain,
    link_delay, old, pending, groups, start, sample, lane, out_kind, late, size, tag,
):  # fmt: skip
    """Sort a block's impulses by group and sample, behind what is still `old` (events) from `pending` int64[g] on.

    link_start int64[s+1], link_channel int64, link_gain, link_delay [s] : who hears a source. Equal moments are put in
    an order that only channel, path and passage decide, so that sums have the same bits however blocks were cut.
    Return how many; start int64[g+1] is filled, the rest up to that number.
    """
    fill = np.zeros(groups, np.int64)
    for g in range(groups):
        fill[g] = old.start[g + 1] - pending[g]
    for e in range(count):
        for k in range(link_start[source[e]], link_start[source[e] + 1]):
            fill[link_channel[k] // LANES] += 1
    start[0] = 0
    for g in range(groups):
        start[g + 1] = start[g] + fill[g]
        fill[g] = start[g]
    total = start[groups]
    if total > sample.shape[0]:
        return total
    for g in range(groups):
        for e in range(pending[g], old.start[g + 1]):
            at = fill[g]
            fill[g] += 1
            sample[at], lane[at], out_kind[at] = old.sample[e], old.lane[e], old.kind[e]
            late[at], size[at], tag[at] = old.late[e], old.impulse[e], old.tag[e]
    for e in range(count):
        for k in range(link_start[source[e]], link_start[source[e] + 1]):
            c = link_channel[k]
            at = fill[c // LANES]
            fill[c // LANES] += 1
            wait = offset[e] + link_delay[k] - lead[tick[e]]
            ahead = math.ceil(wait * rate)
            sample[at] = first[tick[e]] + np.int64(ahead)
            lane[at] = c % LANES
            out_kind[at] = kind[e]
            late[at] = max(ahead / rate - wait, 0.0)
            size[at] = link_gain[k] * impulse[e]
            tag[at] = (c % LANES) << 24 | (k & 0x3FF) << 14 | (number[e] & 0x1FFF) << 1 | kind[e]
    for g in range(groups):
        a, b = start[g], start[g + 1]
        if b - a > 1:
            order = np.argsort(((sample[a:b] - first[0]) << 28) | tag[a:b])
            sample[a:b], lane[a:b], out_kind[a:b] = sample[a:b][order], lane[a:b][order], out_kind[a:b][order]
            late[a:b], size[a:b], tag[a:b] = late[a:b][order], size[a:b][order], tag[a:b][order]
    return total
