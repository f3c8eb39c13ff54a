"""How well each slip explains the rotor slot lines of a current."""

import numpy as np

from twin.dsp.kernel import kernel


@kernel
def slot_scores(prominence, bins_per_f1, slips, bars_per_pair, signs, counted, ceiling, score, which):
    """For each slip, the best sum over slot lines of any number of bars, and which number gave it.

    prominence is in decibels per bin; a line at order N(1-s)/p + nu counts from `counted` and up to `ceiling`,
    if it lies above 3 f_1 (rotation lines and low harmonics lie below). score[slips] and which[slips] are
    filled.
    """
    limit = 0.95 * prominence.shape[0]
    for k in range(slips.shape[0]):
        score[k] = -1.0
        which[k] = 0
        for row in range(bars_per_pair.shape[0]):
            base = (1.0 - slips[k]) * bars_per_pair[row]
            total = 0.0
            for m in range(signs.shape[0]):
                order = base + signs[m]
                at = order * bins_per_f1 + 0.5
                if order > 3.0 and at < limit:
                    db = prominence[int(at)]
                    if db > counted:
                        total += min(db, ceiling) - counted
            if total > score[k]:
                score[k] = total
                which[k] = row


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    one = np.ones(2)
    return [
        (
            "slot_scores",
            lambda: slot_scores(np.ones(8), 1.0, one, one, one, 9.0, 30.0, np.empty(2), np.zeros(2, dtype=np.int64)),
        )
    ]
