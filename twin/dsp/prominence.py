"""How far lines of squared envelope spectra stand out of their neighbourhood, those of known cause silenced."""

import numpy as np
from numpy.typing import NDArray

from twin.dsp.envelope import EnvelopeSpectra
from twin.dsp.kernels.comb import local_background, prominence_db, silence_lines

Array = NDArray[np.float64]

CEILING_DB = 25.0
"""No single line counts for more: one tone is not a family."""
HARMONIC_WEIGHTS: Array = np.array([1.0, 0.6, 0.6, 0.6])
"""What the first harmonics of a family count for."""
HARMONIC_WEIGHTS.flags.writeable = False
MAINS_HZ = (50.0, 60.0)


def prominences(spectra: EnvelopeSpectra) -> Array:
    """Decibels of every bin over its local background, float64[bands, bins]."""
    rows, bins = spectra.power.shape
    block = min(max(int(1.2 * spectra.bins_per_order), 21), bins)
    scratch = np.empty(block)
    medians = np.empty(2 * bins // block + 4)
    background = np.empty(bins)
    db = np.empty((rows, bins))
    for row in range(rows):
        local_background(spectra.power[row], block, scratch, medians, background)
        prominence_db(spectra.power[row], background, CEILING_DB, db[row])
    return db


def silence_known(db: Array, per_order: float, speed_hz: float) -> None:
    """Set shaft harmonics and mains multiples to zero in db : float64[bands, bins], in place."""
    bins = db.shape[1]
    shaft = np.arange(0, int(bins / per_order) + 1) * per_order
    silence_lines(db, shaft, np.maximum(1.5, 0.003 * shaft))
    for mains in MAINS_HZ:
        step = mains / speed_hz * per_order
        lines = np.arange(1, int(bins / step) + 1) * step
        silence_lines(db, lines, np.full(lines.size, 1.0))
