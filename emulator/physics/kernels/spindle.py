"""Cutting along the spindle's angle: teeth, chips that remember the tooth before, and the tool's two modes.

The surface a tooth leaves is kept on a grid of angles, so that the delay of one tooth pitch is a number of places,
whatever the speed does. Steps end at grid places, at samples and at ticks, and are never longer than `longest_s`.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI, cos_turns

P_MASS, P_DAMPING, P_STIFF_X, P_STIFF_Y, P_CUT, P_POWER, P_RADIAL, P_ENTRY, P_EXIT, P_HEAVY, P_LINEAR = range(11)
P_SIZE = 11


@kernel
def cut(turns, place, x, y, depth, feed, p, offset, surface, hold, slots, force):
    """Set force[0..1] [N] on the tool, force[2] the sum of tangential forces [N], at an angle.

    turns : spindle turn fraction · place : whole grid places since the turn began · depth, feed [m]
    surface float64[teeth·slots] [m] : what was left at each angle · hold float64[teeth] : of it, what stood at the
    place just passed
    """
    force[0] = force[1] = force[2] = 0.0
    if depth <= 0.0:
        return
    teeth = offset.shape[0]
    if p[P_LINEAR] > 0.0:
        # one edge always in the cut, one direction, force in proportion: the case whose limit is known
        beyond = turns * teeth * slots - place
        before = hold[0] + (surface[(place + 1) % slots] - hold[0]) * beyond
        chip = max(feed + x - before, 0.0)
        force[2] = p[P_LINEAR] * depth * chip
        force[0] = -force[2]
        return
    total = teeth * slots
    beyond = turns * total - place
    for i in range(teeth):
        at = turns + i / teeth
        at -= math.floor(at)
        if at < p[P_ENTRY] or at > p[P_EXIT]:
            continue
        sine = cos_turns(at - 0.25)
        cosine = cos_turns(at)
        before = hold[i] + (surface[(place + i * slots + 1) % total] - hold[i]) * beyond
        chip = feed * sine + x * sine + y * cosine + offset[i] - before
        if chip > 0.0:
            tangential = p[P_CUT] * depth * 1e3 * math.pow(chip * 1e3, p[P_POWER])
            radial = p[P_RADIAL] * tangential
            force[0] += -tangential * cosine - radial * sine
            force[1] += tangential * sine - radial * cosine
            force[2] += tangential


@kernel
def leave(turns, place, x, y, depth, feed, p, offset, surface, hold, slots):
    """Pass a grid place: keep what stood there, write what the teeth leave."""
    teeth = offset.shape[0]
    if p[P_LINEAR] > 0.0:
        s = place % slots
        hold[0] = surface[s]
        surface[s] = x if depth > 0.0 and feed + x > surface[s] else surface[s] - feed
        if depth <= 0.0:
            surface[s] = 0.0
        return
    total = teeth * slots
    for i in range(teeth):
        s = (place + i * slots) % total
        hold[i] = surface[s]
        at = s / total
        if depth <= 0.0 or at < p[P_ENTRY] or at > p[P_EXIT]:
            surface[s] = 0.0
            continue
        sine = cos_turns(at - 0.25)
        reach = x * sine + y * cos_turns(at) + offset[i]
        surface[s] = max(reach, surface[s] - feed * sine)


@kernel
def shake(turns, omega, x, y, v, w, p, force, out):
    """Set out[0..1] to the tool's acceleration [m/s²]: cutting force, unbalance, damping, stiffness."""
    heavy = p[P_HEAVY] * omega * omega
    out[0] = (force[0] + heavy * cos_turns(turns) - p[P_DAMPING] * v - p[P_STIFF_X] * x) / p[P_MASS]
    out[1] = (force[1] + heavy * cos_turns(turns - 0.25) - p[P_DAMPING] * w - p[P_STIFF_Y] * y) / p[P_MASS]


@kernel
def run_cut(
    first,
    lead,
    tick_s,
    rate,
    speed,
    frac,
    depth,
    feed,
    start,
    stop,
    longest_s,
    slots,
    p,
    offset,
    surface,
    hold,
    state,
    out,
):
    """Integrate the tool over ticks; fill out float64[3, n]: accelerations x and y [m/s²], tangential force [N].

    speed float64[k+1] [rad/s] ≥ 0, frac float64[k] : turn fraction at each tick's start
    depth, feed, start, stop float64[k] : axial depth and feed per tooth [m], begin and end of the cut in the tick [s]
    state float64[4] : x, y [m] and their rates
    """
    teeth = offset.shape[0]
    total = teeth * slots
    force = np.zeros(3)
    a1 = np.zeros(2)
    a2 = np.zeros(2)
    a3 = np.zeros(2)
    a4 = np.zeros(2)
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        t = 0.0
        turned = frac[tick]
        place = np.int64(math.floor(turned * total))
        n = first[tick]
        while t < tick_s or n < first[tick + 1]:
            due = lead[tick] + (n - first[tick]) / rate if n < first[tick + 1] else 2.0 * tick_s
            c = max((place + 1) / total - frac[tick], 0.0) * TWO_PI
            w0 = speed[tick]
            inner = w0 * w0 + 2.0 * slope * c
            reach = w0 + math.sqrt(inner) if inner >= 0.0 else 0.0
            node = 2.0 * c / reach if reach > 1e-6 else 2.0 * tick_s
            end = min(due, node, tick_s)
            for edge in range(2):
                moment = start[tick] if edge == 0 else stop[tick]
                if t < moment < end:
                    end = moment
            end = max(min(end, t + longest_s), t)
            h = end - t
            if h > 0.0:
                deep = depth[tick] if start[tick] <= t + 0.5 * h <= stop[tick] else 0.0
                f = feed[tick]
                x = state[0]
                y = state[1]
                v = state[2]
                w = state[3]
                tm = t + 0.5 * h
                turn0 = frac[tick] + (w0 + 0.5 * slope * t) * t / TWO_PI
                turn1 = frac[tick] + (w0 + 0.5 * slope * tm) * tm / TWO_PI
                turn2 = frac[tick] + (w0 + 0.5 * slope * end) * end / TWO_PI
                cut(turn0, place, x, y, deep, f, p, offset, surface, hold, slots, force)
                shake(turn0, w0 + slope * t, x, y, v, w, p, force, a1)
                x2 = x + 0.5 * h * v
                y2 = y + 0.5 * h * w
                v2 = v + 0.5 * h * a1[0]
                w2 = w + 0.5 * h * a1[1]
                cut(turn1, place, x2, y2, deep, f, p, offset, surface, hold, slots, force)
                shake(turn1, w0 + slope * tm, x2, y2, v2, w2, p, force, a2)
                x3 = x + 0.5 * h * v2
                y3 = y + 0.5 * h * w2
                v3 = v + 0.5 * h * a2[0]
                w3 = w + 0.5 * h * a2[1]
                cut(turn1, place, x3, y3, deep, f, p, offset, surface, hold, slots, force)
                shake(turn1, w0 + slope * tm, x3, y3, v3, w3, p, force, a3)
                x4 = x + h * v3
                y4 = y + h * w3
                v4 = v + h * a3[0]
                w4 = w + h * a3[1]
                cut(turn2, place, x4, y4, deep, f, p, offset, surface, hold, slots, force)
                shake(turn2, w0 + slope * end, x4, y4, v4, w4, p, force, a4)
                state[0] = x + h * (v + 2.0 * v2 + 2.0 * v3 + v4) / 6.0
                state[1] = y + h * (w + 2.0 * w2 + 2.0 * w3 + w4) / 6.0
                state[2] = v + h * (a1[0] + 2.0 * a2[0] + 2.0 * a3[0] + a4[0]) / 6.0
                state[3] = w + h * (a1[1] + 2.0 * a2[1] + 2.0 * a3[1] + a4[1]) / 6.0
                turned = turn2
                t = end
            deep = depth[tick] if start[tick] <= t <= stop[tick] else 0.0
            if end >= node:
                place += 1
                leave(turned, place, state[0], state[1], deep, feed[tick], p, offset, surface, hold, slots)
            if n < first[tick + 1] and end >= due:
                cut(turned, place, state[0], state[1], deep, feed[tick], p, offset, surface, hold, slots, force)
                shake(turned, w0 + slope * t, state[0], state[1], state[2], state[3], p, force, a1)
                out[0, n - first[0]] = a1[0]
                out[1, n - first[0]] = a1[1]
                out[2, n - first[0]] = force[2]
                n += 1


@kernel
def swept(first, lead, tick_s, rate, speed, frac, depth, start, stop, ramp, out):
    """Fill `out` with the torque [N m] averaged over each sample's interval before it, from a table over one turn.

    ramp float64[m+1] [N m] : running sum of the torque per metre of depth over the turn, over m; its last is the mean
    """
    m = ramp.shape[0] - 1
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        for n in range(first[tick], first[tick + 1]):
            t = lead[tick] + (n - first[tick]) / rate
            omega = speed[tick] + slope * t
            end = frac[tick] + (speed[tick] + 0.5 * slope * t) * t / TWO_PI
            span = max(abs(omega) / TWO_PI / rate, 1e-9)
            total = 0.0
            for side in range(2):
                at = end - span if side == 0 else end
                whole = math.floor(at)
                where = (at - whole) * m
                i = min(np.int64(where), m - 1)
                value = whole * ramp[m] + ramp[i] + (ramp[i + 1] - ramp[i]) * (where - i)
                total += value if side == 1 else -value
            deep = depth[tick] if start[tick] <= t <= stop[tick] else 0.0
            out[n - first[0]] = deep * total / span
