"""Searching a spectrum for harmonic families."""

import numpy as np

from twin.dsp.kernel import kernel


@kernel
def local_background(power, block, scratch, medians, out):
    """Fill out with a local background: medians of half-overlapping blocks, joined by straight lines.

    scratch holds one block, medians one value per block; a spectrum shorter than a block has one median.
    """
    n = power.shape[0]
    hop = max(block // 2, 1)
    count = max(1, (n - block) // hop + 1)
    for b in range(count):
        start = b * hop
        stop = min(start + block, n)
        size = stop - start
        for i in range(size):
            scratch[i] = power[start + i]
        piece = scratch[:size]
        piece.sort()
        medians[b] = 0.5 * (piece[(size - 1) // 2] + piece[size // 2])
    for i in range(n):
        position = (i - 0.5 * (block - 1)) / hop
        if position <= 0.0 or count == 1:
            out[i] = medians[0]
        elif position >= count - 1:
            out[i] = medians[count - 1]
        else:
            left = int(position)
            share = position - left
            out[i] = medians[left] * (1.0 - share) + medians[left + 1] * share


@kernel
def prominence_db(power, background, ceiling_db, out):
    """Decibels over the background, cut to 0 … ceiling_db so that no single line decides alone."""
    for i in range(power.shape[0]):
        if background[i] <= 0.0 or power[i] <= background[i]:
            out[i] = 0.0
        else:
            out[i] = min(10.0 * np.log10(power[i] / background[i]), ceiling_db)


@kernel
def silence_lines(db, centres, half_widths):
    """Set the bins around each centre [bins] to zero in every row: these lines have another explanation."""
    n = db.shape[1]
    for k in range(centres.shape[0]):
        first = max(int(np.floor(centres[k] - half_widths[k])), 0)
        last = min(int(np.ceil(centres[k] + half_widths[k])), n - 1)
        for row in range(db.shape[0]):
            for i in range(first, last + 1):
                db[row, i] = 0.0


@kernel
def patch_lines(db, centres, half_widths, taken, out):
    """Copy db to out, with the bins around each centre [bins] replaced by the next free bins above them.

    db, out : float64[bands, bins]; taken : float64[bins], scratch, 1 afterwards where a bin was replaced.
    What is left looks as it would without the lines: silence in their place would make chance look smaller
    than it is.
    """
    rows, n = db.shape
    taken[:] = 0.0
    for k in range(centres.shape[0]):
        first = max(int(np.floor(centres[k] - half_widths[k])), 0)
        last = min(int(np.ceil(centres[k] + half_widths[k])), n - 1)
        for i in range(first, last + 1):
            taken[i] = 1.0
    source = -1
    for i in range(n):
        if taken[i] == 0.0:
            for row in range(rows):
                out[row, i] = db[row, i]
            source = i
            continue
        # one step further for every bin of a gap, around to the beginning at the end
        steps = 0
        source = (source + 1) % n
        while taken[source] != 0.0 and steps < n:
            source = (source + 1) % n
            steps += 1
        for row in range(rows):
            out[row, i] = db[row, source] if steps < n else 0.0


@kernel
def comb_scores(db, bins_per_order, bases, tolerance, free_slip, edge_penalty_db, weights, score, slip):
    """Best weighted sum of prominences over the harmonics of each base order, with one common slip.

    db : float64[bands, bins]; bases : float64[m] shaft orders; weights : float64[harmonics];
    score, slip : float64[bands, m]. Slips beyond free_slip pay up to edge_penalty_db at the tolerance.
    """
    bins = db.shape[1]
    for m in range(bases.shape[0]):
        centre = bases[m] * bins_per_order
        # half a bin per step at the third harmonic is finer than any line
        steps = int(np.ceil(tolerance * centre * 6.0)) + 1
        for row in range(db.shape[0]):
            best = -1.0
            best_slip = 0.0
            for k in range(-steps, steps + 1):
                s = tolerance * k / steps
                total = 0.0
                for h in range(weights.shape[0]):
                    at = (h + 1) * centre * (1.0 + s)
                    half = max(1.0, 0.002 * at)
                    first = int(np.round(at - half))
                    last = min(int(np.round(at + half)), bins - 1)
                    peak = 0.0
                    for i in range(max(first, 0), last + 1):
                        peak = max(peak, db[row, i])
                    total += weights[h] * peak
                excess = abs(s) - free_slip
                if excess > 0.0:
                    total -= edge_penalty_db * excess / (tolerance - free_slip)
                if total > best:
                    best = total
                    best_slip = s
            score[row, m] = best
            slip[row, m] = best_slip


@kernel
def line_depths(power, db, gain, bins_per_order, bases, spacings, slip, harmonics, out):
    """Amplitude of the first harmonics together, root of the sum of squares, per band and base order.

    power : float64[bands, bins]; gain : float64[bands] turns root power into depth; slip, out : [bands, m].
    spacings : float64[m] shaft orders; where not 0, the pair of sidebands of each of the first two harmonics
    counts, too, with what it has above the background: db : float64[bands, bins], decibels over it, 0 where
    silenced.
    """
    bins = power.shape[1]
    for row in range(power.shape[0]):
        for m in range(bases.shape[0]):
            total = 0.0
            for h in range(1, harmonics + 1):
                at = h * bases[m] * (1.0 + slip[row, m]) * bins_per_order
                half = max(1.0, 0.002 * at)
                peak = 0.0
                first = max(int(np.round(at - half)), 0)
                last = min(int(np.round(at + half)), bins - 1)
                for i in range(first, last + 1):
                    peak = max(peak, power[row, i])
                total += peak
            if spacings[m] > 0.0:
                for h in range(1, min(harmonics, 2) + 1):
                    for side in range(-1, 2, 2):
                        at = (h * bases[m] * (1.0 + slip[row, m]) + side * spacings[m]) * bins_per_order
                        half = max(1.0, 0.002 * at)
                        peak = 0.0
                        first = max(int(np.round(at - half)), 0)
                        last = min(int(np.round(at + half)), bins - 1)
                        for i in range(first, last + 1):
                            peak = max(peak, power[row, i] * (1.0 - 10.0 ** (-0.1 * db[row, i])))
                        total += peak
            out[row, m] = np.sqrt(total) * gain[row]


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    line = np.linspace(0.0, 1.0, 64)
    two = np.linspace(0.0, 1.0, 2)
    grid = np.ones((2, 64))
    weights = np.ones(4)
    weights.flags.writeable = False
    return [
        ("local_background", lambda: local_background(line, 16, np.empty(16), np.empty(16), np.empty(64))),
        ("prominence_db", lambda: prominence_db(line, line, 25.0, np.empty(64))),
        ("silence_lines", lambda: silence_lines(grid, two, two)),
        ("patch_lines", lambda: patch_lines(grid, two, two, np.empty(64), np.empty((2, 64)))),
        (
            "line_depths",
            lambda: line_depths(grid, grid, two, 4.0, two, two, np.zeros((2, 2)), 4, np.empty((2, 2))),
        ),
        (
            "comb_scores",
            lambda: comb_scores(grid, 4.0, two, 0.02, 0.01, 20.0, weights, np.empty((2, 2)), np.empty((2, 2))),
        ),
    ]
